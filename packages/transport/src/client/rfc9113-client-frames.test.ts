import { describe, expect, test } from "@jest/globals";
import { frame } from "@callwire/testkit/wire";
import {
  FLAG_END_HEADERS,
  FLAG_END_STREAM,
  FLAG_PADDED,
  FLAG_PRIORITY,
  FRAME_CONTINUATION,
  FRAME_DATA,
  FRAME_HEADERS,
  FRAME_PING,
  FRAME_PRIORITY,
  FRAME_PUSH_PROMISE,
  FRAME_RST_STREAM,
} from "../http2/constants.js";
import { ErrorCode } from "../http2/errors.js";
import { MAX_CONTINUATIONS } from "../http2/header-block.js";
import { echoMessage } from "../testing/raw-calls.js";
import { uint32, type RawPeer } from "../testing/raw-peer.js";
import {
  expectConnectionError,
  expectIgnored,
  expectStreamError,
  goodEcho,
  okTrailers,
  openRawEcho,
  responseHeaders,
  takeCancelled,
  takeRequest,
  wholeResponse,
  type Said,
} from "../testing/raw-server-peer.js";

const { PROTOCOL_ERROR, FRAME_SIZE_ERROR, COMPRESSION_ERROR } = ErrorCode;
const eight = Buffer.alloc(8);
const okFields = { ":status": "200", "content-type": "application/grpc" };

/** With padding of this length before and after. */
function padded(payload: Buffer, length: number): Buffer {
  return Buffer.concat([Buffer.of(length), payload, Buffer.alloc(length)]);
}

/** What the client makes of a response that is written like this; another call must go well after it. */
async function answered(write: (peer: RawPeer, id: number) => Buffer[]): Promise<string> {
  await using raw = await openRawEcho();
  const serve = async (): Promise<void> => {
    const id = await takeRequest(raw.peer);
    raw.peer.send(...write(raw.peer, id));
  };
  const [{ text }] = await Promise.all([raw.client.echoUnary({ text: "a" }), serve()]);
  await goodEcho(raw, raw.peer);
  return text;
}

describe("6.1 DATA", () => {
  test.each([0, 1, 255])("with %s bytes of padding", async (length) => {
    const text = await answered((peer, id) => [
      responseHeaders(peer, id),
      frame(FRAME_DATA, FLAG_PADDED, id, padded(echoMessage("padded"), length)),
      okTrailers(peer, id),
    ]);
    expect(text).toBe("padded");
  });
  test("of nothing but padding, around a message in pieces", async () => {
    const message = echoMessage("pieces");
    const text = await answered((peer, id) => {
      const nothing = frame(FRAME_DATA, FLAG_PADDED, id, padded(Buffer.alloc(0), 10));
      return [
        responseHeaders(peer, id),
        nothing,
        frame(FRAME_DATA, 0, id, message.subarray(0, 6)),
        nothing,
        frame(FRAME_DATA, FLAG_PADDED, id, padded(message.subarray(6), 3)),
        nothing,
        okTrailers(peer, id),
      ];
    });
    expect(text).toBe("pieces");
  });
  test("on stream 0", () => expectConnectionError(PROTOCOL_ERROR, frame(FRAME_DATA, 0, 0, eight)));
  test.each([
    ["as long as the payload", Buffer.of(4, 0, 0, 0), PROTOCOL_ERROR],
    ["longer than the payload", Buffer.of(200, 0, 0), PROTOCOL_ERROR],
    ["without its length", Buffer.alloc(0), FRAME_SIZE_ERROR],
  ])("padding %s", (_, payload, code) =>
    expectConnectionError(code, responseHeaders, (__, id) => frame(FRAME_DATA, FLAG_PADDED, id, payload)),
  );
});

describe("6.2 HEADERS", () => {
  test("with padding and a priority", async () => {
    const flags = FLAG_END_HEADERS | FLAG_PADDED | FLAG_PRIORITY;
    const priority = Buffer.concat([uint32(0x8000_0000), Buffer.of(7)]);
    const headers = (peer: RawPeer, id: number, fields: Record<string, string>, more = 0): Buffer =>
      frame(FRAME_HEADERS, flags | more, id, padded(Buffer.concat([priority, peer.block(fields)]), 20));
    const text = await answered((peer, id) => [
      headers(peer, id, okFields),
      frame(FRAME_DATA, 0, id, echoMessage("first")),
      headers(peer, id, { "grpc-status": "0" }, FLAG_END_STREAM),
    ]);
    expect(text).toBe("first");
  });
  const headersWith =
    (flags: number, payload: Buffer): Said =>
    (_, id) =>
      frame(FRAME_HEADERS, FLAG_END_HEADERS | flags, id, payload);
  test.each<[string, Said, number]>([
    ["on stream 0", frame(FRAME_HEADERS, FLAG_END_HEADERS, 0, Buffer.of(0x88)), PROTOCOL_ERROR],
    ["with more padding than payload", headersWith(FLAG_PADDED, Buffer.of(9, 0x88)), PROTOCOL_ERROR],
    ["with padding without its length", headersWith(FLAG_PADDED, Buffer.alloc(0)), FRAME_SIZE_ERROR],
    ["with half a priority", headersWith(FLAG_PRIORITY, Buffer.alloc(4)), FRAME_SIZE_ERROR],
    [
      "with padding where the priority should be",
      headersWith(FLAG_PRIORITY | FLAG_PADDED, padded(Buffer.alloc(4), 4)),
      FRAME_SIZE_ERROR,
    ],
  ])("%s", (_, said, code) => expectConnectionError(code, said));
  test("5.3: of a stream that depends on itself", () =>
    expectConnectionError(PROTOCOL_ERROR, (peer, id) =>
      frame(
        FRAME_HEADERS,
        FLAG_END_HEADERS | FLAG_PRIORITY,
        id,
        Buffer.concat([uint32(id), Buffer.of(1), peer.block(okFields)]),
      ),
    ));
});

describe("6.3 PRIORITY", () => {
  const priority = Buffer.of(0, 0, 0, 0, 15);
  test("on a stream that is open, idle, or the server's own, means nothing", () =>
    expectIgnored((_, id) =>
      Buffer.concat([id, id + 2, 2].map((each) => frame(FRAME_PRIORITY, 0, each, priority))),
    ));
  test("on stream 0", () => expectConnectionError(PROTOCOL_ERROR, frame(FRAME_PRIORITY, 0, 0, priority)));
  test.each([4, 6])("of %s bytes is an error of the stream", (length) =>
    expectStreamError(FRAME_SIZE_ERROR, (_, id) => frame(FRAME_PRIORITY, 0, id, Buffer.alloc(length))),
  );
  test("of 4 bytes on an idle stream, which cannot be reset, is an error of the connection", () =>
    expectConnectionError(FRAME_SIZE_ERROR, (_, id) => frame(FRAME_PRIORITY, 0, id + 2, Buffer.alloc(4))));
  test("of a stream that depends on itself", () =>
    expectStreamError(PROTOCOL_ERROR, (_, id) =>
      frame(FRAME_PRIORITY, 0, id, Buffer.concat([uint32(id), Buffer.of(1)])),
    ));
});

describe("6.4 RST_STREAM", () => {
  const reset = (id: number, length = 4): Buffer => frame(FRAME_RST_STREAM, 0, id, Buffer.alloc(length));
  test.each<[string, Said, number]>([
    ["of 3 bytes", (_, id) => reset(id, 3), FRAME_SIZE_ERROR],
    ["of 5 bytes", (_, id) => reset(id, 5), FRAME_SIZE_ERROR],
    ["on stream 0", reset(0), PROTOCOL_ERROR],
    ["on a stream that is idle", (_, id) => reset(id + 2), PROTOCOL_ERROR],
    ["on a stream of the server's, which are all idle", reset(2), PROTOCOL_ERROR],
  ])("%s", (_, said, code) => expectConnectionError(code, said));
});

describe("6.6, 8.4 PUSH_PROMISE, which we do not allow", () => {
  const promise = (id: number, flags = FLAG_END_HEADERS): Buffer =>
    frame(FRAME_PUSH_PROMISE, flags, id, Buffer.concat([uint32(2), Buffer.of(0x82)]));
  test.each<[string, Said]>([
    ["on a stream that is open", (_, id) => promise(id)],
    ["on a stream that is idle", (_, id) => promise(id + 2)],
    ["on stream 0", promise(0)],
    ["with more of its block to come", (_, id) => promise(id, 0)],
    ["without a promised stream", (_, id) => frame(FRAME_PUSH_PROMISE, FLAG_END_HEADERS, id)],
  ])("%s", (_, said) => expectConnectionError(PROTOCOL_ERROR, said));
});

describe("4.3, 6.10 CONTINUATION", () => {
  test("a block in many pieces, also empty ones; END_STREAM counts at its end", async () => {
    const inPieces = (id: number, block: Buffer, flags = 0): Buffer[] => [
      frame(FRAME_HEADERS, flags, id),
      ...Array.from({ length: MAX_CONTINUATIONS - 1 }, (_, i) =>
        frame(FRAME_CONTINUATION, 0, id, block.subarray(i, i + 1)),
      ),
      frame(FRAME_CONTINUATION, FLAG_END_HEADERS, id, block.subarray(MAX_CONTINUATIONS - 1)),
    ];
    const text = await answered((peer, id) => [
      ...inPieces(id, peer.block(okFields)),
      frame(FRAME_DATA, 0, id, echoMessage("pieces")),
      ...inPieces(id, peer.block({ "grpc-status": "0" }), FLAG_END_STREAM),
    ]);
    expect(text).toBe("pieces");
  });
  test.each<[string, (id: number) => Buffer]>([
    ["another type", () => frame(FRAME_PING, 0, 0, eight)],
    ["DATA of the same stream", (id) => frame(FRAME_DATA, 0, id, eight)],
    ["RST_STREAM of the same stream", (id) => frame(FRAME_RST_STREAM, 0, id, uint32(0))],
    ["an unknown type", (id) => frame(0xfa, 0, id, eight)],
    ["a second HEADERS", (id) => frame(FRAME_HEADERS, FLAG_END_HEADERS, id, Buffer.of(0x88))],
    ["CONTINUATION of another stream", (id) => frame(FRAME_CONTINUATION, FLAG_END_HEADERS, id + 2)],
    ["CONTINUATION of stream 0", () => frame(FRAME_CONTINUATION, FLAG_END_HEADERS, 0)],
  ])("%s inside a block", (_, inside) =>
    expectConnectionError(PROTOCOL_ERROR, (__, id) =>
      Buffer.concat([frame(FRAME_HEADERS, 0, id, Buffer.of(0x88)), inside(id)]),
    ),
  );
  test.each<[string, Said[]]>([
    ["no block at all", []],
    ["a block that has ended", [responseHeaders]],
  ])("after %s", (_, before) =>
    expectConnectionError(PROTOCOL_ERROR, ...before, (__, id) =>
      frame(FRAME_CONTINUATION, FLAG_END_HEADERS, id, Buffer.of(0x88)),
    ),
  );
});

describe("4.3 RFC 7541: a block that cannot be decoded", () => {
  const blocks: [string, Buffer][] = [
    ["index 0", Buffer.of(0x80)],
    ["an index past the tables", Buffer.of(0xff, 0x80, 0x01)],
    ["a size update after a field", Buffer.of(0x88, 0x20)],
    ["a size update over our setting", Buffer.of(0x3f, 0xff, 0xff, 0x03)],
    ["a string longer than the block", Buffer.of(0x00, 0x05, 0x61)],
  ];
  const flags = FLAG_END_HEADERS | FLAG_END_STREAM;
  test.each(blocks)("in the headers: %s", (_, block) =>
    expectConnectionError(COMPRESSION_ERROR, (__, id) => frame(FRAME_HEADERS, flags, id, block)),
  );
  test.each(blocks)("in the trailers: %s", (_, block) =>
    expectConnectionError(COMPRESSION_ERROR, responseHeaders, (__, id) =>
      frame(FRAME_HEADERS, flags, id, block),
    ),
  );
  test("for a call that is over: also what nobody wants is decoded, and changes the table", async () => {
    await using raw = await openRawEcho();
    const { peer } = raw;
    const id = await takeCancelled(raw, peer);
    // The encoder's next blocks refer to what these have put in the table.
    peer.send(wholeResponse(peer, id));
    await goodEcho(raw, peer);
    peer.send(frame(FRAME_HEADERS, flags, id, Buffer.of(0x80)));
    expect(await peer.goAway()).toBe(COMPRESSION_ERROR);
  });
});
