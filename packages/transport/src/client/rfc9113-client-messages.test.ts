import { describe, expect, test } from "@jest/globals";
import { frame } from "@callwire/testkit/wire";
import type { Metadata } from "nice-grpc-common";
import {
  FLAG_END_HEADERS,
  FLAG_END_STREAM,
  FRAME_DATA,
  FRAME_HEADERS,
  FRAME_RST_STREAM,
} from "../http2/constants.js";
import { ErrorCode } from "../http2/errors.js";
import { echoMessage } from "../testing/raw-calls.js";
import { forbiddenFields, literals, uint32 } from "../testing/raw-peer.js";
import {
  expectIgnored,
  expectStreamError,
  goodEcho,
  okTrailers,
  openRawEcho,
  openRequest,
  responseHeaders,
  takeCall,
  takeRequest,
  wholeResponse,
  type Said,
} from "../testing/raw-server-peer.js";

const { NO_ERROR, PROTOCOL_ERROR } = ErrorCode;
type Field = readonly [name: string, value: string];
const good: Field[] = [
  [":status", "200"],
  ["content-type", "application/grpc"],
];
const message = echoMessage("hello");

/** HEADERS with these fields, as they are. */
const headers =
  (fields: readonly Field[], flags = 0): Said =>
  (_, id) =>
    frame(FRAME_HEADERS, FLAG_END_HEADERS | flags, id, literals(fields));
/** The message, as DATA. */
const data =
  (flags = 0): Said =>
  (_, id) =>
    frame(FRAME_DATA, flags, id, message);

describe("8.2 fields that are not allowed", () => {
  test.each(forbiddenFields)("in the headers: %s", (_, name, value) =>
    expectStreamError(PROTOCOL_ERROR, headers([...good, [name, value]])),
  );
  test.each(forbiddenFields)("in trailers that come alone: %s", (_, name, value) =>
    expectStreamError(
      PROTOCOL_ERROR,
      headers([...good, ["grpc-status", "0"], [name, value]], FLAG_END_STREAM),
    ),
  );
  test.each(forbiddenFields)("in the trailers: %s", (_, name, value) =>
    expectStreamError(
      PROTOCOL_ERROR,
      responseHeaders,
      data(),
      headers(
        [
          ["grpc-status", "0"],
          [name, value],
        ],
        FLAG_END_STREAM,
      ),
    ),
  );
  test.each(forbiddenFields)("in an informational response: %s", (_, name, value) =>
    expectStreamError(
      PROTOCOL_ERROR,
      headers([
        [":status", "103"],
        [name, value],
      ]),
    ),
  );
});

describe("8.3.2 pseudo-header fields of a response", () => {
  const requestFields: Field[] = [
    [":method", "POST"],
    [":scheme", "http"],
    [":authority", "localhost"],
    [":path", "/"],
    [":protocol", "websocket"],
    [":unknown", "x"],
  ];
  test.each<[string, Field[]]>([
    [":status is missing", good.slice(1)],
    ["no field at all", []],
    [":status is there twice", [good[0]!, ...good]],
    [":status after a regular field", good.toReversed()],
    ["a second :status after a regular field", [...good, good[0]!]],
    ...["", "20", "2000", "2oo", "+20", "099", " 200"].map((status): [string, Field[]] => [
      `:status is ${JSON.stringify(status)}`,
      [[":status", status], ...good.slice(1)],
    ]),
    ...requestFields.map((field): [string, Field[]] => [`${field[0]} before :status`, [field, ...good]]),
    ...requestFields.map((field): [string, Field[]] => [`${field[0]} at the end`, [...good, field]]),
  ])("%s", (_, fields) => expectStreamError(PROTOCOL_ERROR, headers(fields)));
  test.each<Field>([good[0]!, ...requestFields])("8.1: %s in the trailers", (name, value) =>
    expectStreamError(
      PROTOCOL_ERROR,
      responseHeaders,
      data(),
      headers(
        [
          [name, value],
          ["grpc-status", "0"],
        ],
        FLAG_END_STREAM,
      ),
    ),
  );
});

describe("8.1 the frames of a response", () => {
  const informational = (status: string, flags = 0): Said => headers([[":status", status]], flags);

  test.each<[string, Said[]]>([
    ["DATA first", [data()]],
    ["DATA alone", [data(FLAG_END_STREAM)]],
    ["DATA after an informational response", [informational("100"), data()]],
    ["an informational response that ends the stream", [informational("103", FLAG_END_STREAM)]],
    ["an informational response after the headers", [responseHeaders, informational("103")]],
    ["headers again", [responseHeaders, responseHeaders]],
    ["HEADERS without END_STREAM after DATA", [responseHeaders, data(), headers([["x", "y"]])]],
  ])("%s", (_, said) => expectStreamError(PROTOCOL_ERROR, ...said));

  test("informational responses, one or several, are passed over", () =>
    expectIgnored(
      informational("100"),
      informational("103"),
      headers([
        [":status", "103"],
        ["link", "</x>"],
      ]),
      informational("199"),
    ));

  test("the metadata are those of the final response", async () => {
    await using raw = await openRawEcho();
    const { peer } = raw;
    const seen: Metadata[] = [];
    const call = raw.client.echoUnary({ text: "a" }, { onHeader: (metadata) => seen.push(metadata) });
    const serve = async (): Promise<void> => {
      const id = await takeRequest(peer);
      peer.send(peer.headers(id, { ":status": "103", "x-which": "early" }));
      peer.send(responseHeaders(peer, id, { "x-which": "final" }));
      peer.send(frame(FRAME_DATA, 0, id, message), okTrailers(peer, id));
    };
    await Promise.all([call, serve()]);
    expect(seen.map((metadata) => metadata.get("x-which"))).toEqual(["final"]);
  });
});

describe("8.1.1 content-length", () => {
  const promising =
    (length: string): Said =>
    (peer, id) =>
      responseHeaders(peer, id, { "content-length": length });
  const inPieces: Said = (_, id) =>
    Buffer.concat([
      frame(FRAME_DATA, 0, id, message.subarray(0, 3)),
      frame(FRAME_DATA, 0, id, message.subarray(3)),
    ]);

  test.each<[string, Said[]]>([
    ["less than the DATA", [promising("1"), data()]],
    ["less than the DATA, which ends the stream", [promising("1"), data(FLAG_END_STREAM)]],
    ["less than the second piece", [promising("3"), inPieces]],
    ["more than the DATA, which ends the stream", [promising("99"), data(FLAG_END_STREAM)]],
    ["more than the DATA before the trailers", [promising("99"), data(), okTrailers]],
    ["more than nothing before the trailers", [promising("1"), okTrailers]],
    [
      "more than nothing in trailers that come alone",
      [headers([...good, ["content-length", "1"], ["grpc-status", "0"]], FLAG_END_STREAM)],
    ],
    ["that is no number", [promising("-1")]],
  ])("%s", (_, said) => expectStreamError(PROTOCOL_ERROR, ...said));

  test("of the DATA, in pieces", async () => {
    await using raw = await openRawEcho();
    const { peer } = raw;
    const serve = async (): Promise<void> => {
      const id = await takeRequest(peer);
      for (const said of [promising(String(message.length)), inPieces, okTrailers]) {
        peer.send(typeof said === "function" ? said(peer, id) : said);
      }
    };
    const [answer] = await Promise.all([raw.client.echoUnary({ text: "a" }), serve()]);
    expect(answer).toEqual({ text: "hello" });
  });
});

test("8.1: RST_STREAM with NO_ERROR after a whole response, of which the request's rest is not wanted", async () => {
  await using raw = await openRawEcho();
  const { peer } = raw;
  const call = raw.client.echoClientStream(openRequest());
  const serve = async (): Promise<void> => {
    const id = await takeCall(peer);
    peer.send(wholeResponse(peer, id, "early"), frame(FRAME_RST_STREAM, 0, id, uint32(NO_ERROR)));
  };
  const [answer] = await Promise.all([call, serve()]);
  expect(answer).toMatchObject({ text: "early" });
  await goodEcho(raw, peer);
});
