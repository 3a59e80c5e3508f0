import { describe, expect, test } from "@jest/globals";
import { frame } from "@callwire/testkit/wire";
import { Status } from "nice-grpc-common";
import {
  FLAG_ACK,
  FLAG_END_HEADERS,
  FLAG_END_STREAM,
  FRAME_DATA,
  FRAME_GOAWAY,
  FRAME_HEADERS,
  FRAME_PING,
  FRAME_SETTINGS,
  FRAME_WINDOW_UPDATE,
  SETTING_ENABLE_PUSH,
} from "../http2/constants.js";
import { ErrorCode } from "../http2/errors.js";
import { echoMessage, expectGoAway } from "../testing/raw-calls.js";
import { settings, uint32, type RawPeer } from "../testing/raw-peer.js";
import {
  expectConnectionError,
  expectIgnored,
  goodEcho,
  okTrailers,
  openRawEcho,
  responseHeaders,
  takeRequest,
  wholeResponse,
} from "../testing/raw-server-peer.js";
import { scheme } from "../testing/raw-tls.js";
import { failureOf } from "../testing/outcomes.js";

const { PROTOCOL_ERROR, FRAME_SIZE_ERROR } = ErrorCode;
const eight = Buffer.from("12345678", "latin1");
/** Frame types that nobody knows. */
const UNKNOWN = [0xa, 0xb, 0xfa];

describe("3.4 the preface", () => {
  test("the client's first frame is SETTINGS, which allow no push", async () => {
    await using raw = await openRawEcho();
    const first = await raw.peer.first(() => true);
    expect(first).toMatchObject({ type: FRAME_SETTINGS, flags: 0, id: 0 });
    const entries: [number, number][] = [];
    for (let at = 0; at < first.payload.length; at += 6) {
      entries.push([first.payload.readUInt16BE(at), first.payload.readUInt32BE(at + 2)]);
    }
    expect(entries).toContainEqual([SETTING_ENABLE_PUSH, 0]);
  });

  test.each([
    ["PING", frame(FRAME_PING, 0, 0, eight)],
    ["an acknowledgement of SETTINGS", frame(FRAME_SETTINGS, FLAG_ACK, 0)],
    ["WINDOW_UPDATE", frame(FRAME_WINDOW_UPDATE, 0, 0, uint32(1))],
    ["GOAWAY", frame(FRAME_GOAWAY, 0, 0, uint32(0, 0))],
    ["HEADERS", frame(FRAME_HEADERS, FLAG_END_HEADERS, 1, Buffer.of(0x88))],
    ["a frame that nobody knows", frame(0xfa, 0, 0, eight)],
  ])("a server that begins with %s", async (_, greeting) => {
    await using raw = await openRawEcho({ greeting });
    const failure = failureOf(raw.client.echoUnary({ text: "a" }));
    await expectGoAway(raw.peer, PROTOCOL_ERROR);
    const { code, details } = await failure;
    expect(code).toBe(Status.UNAVAILABLE);
    expect(details).toContain("the first frame is not SETTINGS");
  });

  test("it, and all after it, may come byte by byte", async () => {
    // Nor is anything acknowledged in the middle of a frame.
    await using raw = await openRawEcho({ greeting: Buffer.alloc(0), acknowledges: false });
    const { peer } = raw;
    const drip = async (bytes: Buffer): Promise<void> => {
      for (const byte of bytes) {
        // oxlint-disable-next-line no-await-in-loop
        await new Promise((resolve) => peer.socket.write(Buffer.of(byte), resolve));
      }
    };
    const serve = async (): Promise<void> => {
      await drip(settings());
      const id = await takeRequest(peer);
      await drip(wholeResponse(peer, id, "drops"));
    };
    const [answer] = await Promise.all([raw.client.echoUnary({ text: "a" }), serve()]);
    expect(answer).toEqual({ text: "drops" });
  });
});

describe("4.1 frames that mean nothing", () => {
  test("unknown types, on any stream", () =>
    expectIgnored((_, id) =>
      Buffer.concat(
        UNKNOWN.flatMap((type) =>
          [0, id, id + 2, 2].flatMap((on) => [frame(type, 0xff, on, eight), frame(type, 0, on)]),
        ),
      ),
    ));

  test("also inside a response", async () => {
    await using raw = await openRawEcho();
    const { peer } = raw;
    const serve = async (): Promise<void> => {
      const id = await takeRequest(peer);
      const message = echoMessage("inside");
      peer.send(
        responseHeaders(peer, id),
        frame(0xfa, 0xff, id, eight),
        frame(FRAME_DATA, 0, id, message.subarray(0, 3)),
        frame(0xfa, FLAG_END_STREAM, id, eight),
        frame(FRAME_DATA, 0, id, message.subarray(3)),
        frame(0xfa, FLAG_END_STREAM, id),
        okTrailers(peer, id),
      );
    };
    const [answer] = await Promise.all([raw.client.echoUnary({ text: "a" }), serve()]);
    expect(answer).toEqual({ text: "inside" });
    await goodEcho(raw, peer);
  });

  test("flags that are not defined", () =>
    expectIgnored(
      frame(FRAME_SETTINGS, 0xfe, 0),
      frame(FRAME_WINDOW_UPDATE, 0xff, 0, uint32(1)),
      frame(FRAME_PING, 0xfe, 0, eight),
    ));

  test("the reserved bits of ids and increments", () =>
    expectIgnored(
      frame(FRAME_PING, 0, 0x8000_0000, eight),
      frame(FRAME_WINDOW_UPDATE, 0, 0x8000_0000, uint32(0x8000_0001)),
      (_, id) => frame(FRAME_WINDOW_UPDATE, 0, 0x8000_0000 + id, uint32(0x8000_0001)),
    ));

  test("the reserved bit in the frames of a response", async () => {
    await using raw = await openRawEcho();
    const { peer } = raw;
    const serve = async (): Promise<void> => {
      const id = 0x8000_0000 + (await takeRequest(peer));
      peer.send(
        responseHeaders(peer, id),
        frame(FRAME_DATA, 0, id, echoMessage("reserved")),
        okTrailers(peer, id),
      );
    };
    const [answer] = await Promise.all([raw.client.echoUnary({ text: "a" }), serve()]);
    expect(answer).toEqual({ text: "reserved" });
  });
});

describe("4.2 the size of frames", () => {
  test.each([
    ["DATA", FRAME_DATA],
    ["HEADERS", FRAME_HEADERS],
    ["SETTINGS", FRAME_SETTINGS],
    ["an unknown frame", 0xfa],
  ])("%s over our SETTINGS_MAX_FRAME_SIZE, before its payload comes", (_, type) => {
    const head = frame(type, 0, 1).subarray(0, 9);
    head.writeUIntBE(16_385, 0, 3);
    return expectConnectionError(FRAME_SIZE_ERROR, head);
  });

  test("of the largest size that we take", async () => {
    await expectIgnored(frame(0xfa, 0, 0, Buffer.alloc(16_384)));
    await using raw = await openRawEcho();
    const { peer } = raw;
    // Before the text stand the prefix, a tag and a length of two bytes.
    const text = "x".repeat(16_384 - 8);
    const serve = async (): Promise<void> => {
      const id = await takeRequest(peer);
      const data = frame(FRAME_DATA, 0, id, echoMessage(text));
      expect(data).toHaveLength(9 + 16_384);
      peer.send(responseHeaders(peer, id), data, okTrailers(peer, id));
    };
    const [answer] = await Promise.all([raw.client.echoUnary({ text: "a" }), serve()]);
    expect(answer).toEqual({ text });
  });
});

describe("6.7 PING", () => {
  /** The answers to PINGs that the client has sent so far. */
  const pongs = (peer: RawPeer): string[] =>
    peer.received
      .filter(({ type, flags }) => type === FRAME_PING && flags === FLAG_ACK)
      .map(({ payload }) => payload.toString("latin1"));

  test("is answered with its own payload, in order", async () => {
    await using raw = await openRawEcho();
    const { peer } = raw;
    peer.send(frame(FRAME_PING, 0, 0, eight), frame(FRAME_PING, 0, 0, Buffer.from("second!!")));
    await peer.first(({ payload }) => payload.toString() === "second!!");
    expect(pongs(peer)).toEqual(["12345678", "second!!"]);
  });

  test("an answer that nobody waits for is not answered", async () => {
    await using raw = await openRawEcho();
    raw.peer.send(frame(FRAME_PING, FLAG_ACK, 0, eight));
    await goodEcho(raw, raw.peer);
    await raw.peer.settled();
    // But for the answer to that last question.
    expect(pongs(raw.peer)).toHaveLength(1);
    expect(pongs(raw.peer)).not.toContain(eight.toString());
  });

  test.each([
    ["on a stream", frame(FRAME_PING, 0, 1, eight), PROTOCOL_ERROR],
    ["an answer on a stream", frame(FRAME_PING, FLAG_ACK, 1, eight), PROTOCOL_ERROR],
    ["of 7 bytes", frame(FRAME_PING, 0, 0, Buffer.alloc(7)), FRAME_SIZE_ERROR],
    ["of 9 bytes", frame(FRAME_PING, 0, 0, Buffer.alloc(9)), FRAME_SIZE_ERROR],
    ["an answer without its payload", frame(FRAME_PING, FLAG_ACK, 0), FRAME_SIZE_ERROR],
  ])("%s", (_, ping, code) => expectConnectionError(code, ping));
});

test("5.4.1: GOAWAY for an error names no stream of the server's: it opens none", async () => {
  await using raw = await openRawEcho();
  await goodEcho(raw, raw.peer);
  raw.peer.send(frame(FRAME_PING, 0, 1, eight));
  const { payload } = await raw.peer.first(({ type }) => type === FRAME_GOAWAY);
  expect([payload.readUInt32BE(0), payload.readUInt32BE(4)]).toEqual([0, PROTOCOL_ERROR]);
});

test("8.3.1: a request's pseudo-header fields come first", async () => {
  await using raw = await openRawEcho();
  const call = raw.client.echoUnary({ text: "a" });
  const serve = async (): Promise<void> => {
    const id = await takeRequest(raw.peer);
    const { fields } = await raw.peer.first((each) => each.id === id);
    expect(Object.keys(fields).slice(0, 4).toSorted()).toEqual([":authority", ":method", ":path", ":scheme"]);
    expect(fields).toMatchObject({ ":method": "POST", ":scheme": scheme, te: "trailers" });
    raw.peer.send(wholeResponse(raw.peer, id));
  };
  await Promise.all([call, serve()]);
});
