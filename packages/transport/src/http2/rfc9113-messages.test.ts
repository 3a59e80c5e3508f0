import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { frame } from "@callwire/testkit/wire";
import {
  echoMessage,
  expectReset,
  goodCall,
  openCall,
  outcome,
  requestFields,
  startRawServer,
  type RawServer,
} from "../testing/raw-calls.js";
import { forbiddenFields, literals, RawPeer } from "../testing/raw-peer.js";
import { FLAG_END_HEADERS, FLAG_END_STREAM, FRAME_DATA, FRAME_HEADERS } from "./constants.js";
import { ErrorCode } from "./errors.js";

const { PROTOCOL_ERROR } = ErrorCode;
const good = Object.entries(requestFields());

let served: RawServer;
beforeAll(async () => {
  served = await startRawServer();
});
afterAll(async () => served[Symbol.asyncDispose]());

async function malformed(fields: readonly (readonly string[])[], ...more: Buffer[]): Promise<void> {
  using peer = await RawPeer.open(served.port);
  peer.nextId = 3;
  peer.send(frame(FRAME_HEADERS, FLAG_END_HEADERS, 1, literals(fields)), ...more);
  await expectReset(peer, 1, PROTOCOL_ERROR);
}

const without = (name: string): string[][] => good.filter(([key]) => key !== name);

describe("8.2 fields", () => {
  test.each([
    ...forbiddenFields,
    ["8.3: an unknown pseudo-header field", ":unknown", "x"],
    ["8.3: a pseudo-header field after a regular one", ":authority", "x"],
  ])("%s", (_, name, value) => malformed([...good, [name, value]]));
  test("8.2.2: te that is not trailers", () => malformed([...without("te"), ["te", "trailers, deflate"]]));
});

describe("8.3 pseudo-header fields of a request", () => {
  test.each([":method", ":scheme", ":path"])("%s is missing", (name) => malformed(without(name)));
  test.each([":method", ":scheme", ":path", ":authority"])("%s is there twice", (name) =>
    malformed([[name, Object.fromEntries(good)[name]!], ...good]),
  );
  test("an empty path", () => malformed([[":path", ""], ...without(":path")]));
  test("one of a response", () => malformed([[":status", "200"], ...good]));
  test("an unknown one", () => malformed([[":unknown", "x"], ...good]));
  test("no field at all", () => malformed([]));
  test(":authority may be missing", async () => {
    using peer = await RawPeer.open(served.port);
    peer.send(frame(FRAME_HEADERS, FLAG_END_HEADERS, 1, literals(without(":authority"))));
    peer.send(frame(FRAME_DATA, FLAG_END_STREAM, 1, echoMessage("x")));
    expect((await outcome(peer, 1)).fields["grpc-status"]).toBe("0");
  });
});

describe.each([
  ["a call", requestFields()],
  ["a request that is not gRPC", { ...requestFields(), "content-type": "text/plain" }],
])("8.1 the frames of %s", (_, fields) => {
  /** Opens a stream with these fields and sends this on it, which resets it. */
  async function broken(
    more: Record<string, string>,
    ...frames: ((peer: RawPeer) => Buffer)[]
  ): Promise<void> {
    using peer = await RawPeer.open(served.port);
    peer.nextId = 3;
    peer.send(peer.headers(1, { ...fields, ...more }));
    for (const make of frames) peer.send(make(peer));
    await expectReset(peer, 1, PROTOCOL_ERROR);
  }
  const message = echoMessage("hello");
  const data = (flags: number) => () => frame(FRAME_DATA, flags, 1, message);

  test("HEADERS without END_STREAM after DATA", () =>
    broken({}, data(0), (peer) => peer.headers(1, { "x-trailer": "1" })));
  test("a second HEADERS without END_STREAM", () => broken({}, (peer) => peer.headers(1, fields)));
  test("8.1: a pseudo-header field in the trailers", () =>
    broken({}, data(0), (peer) => peer.headers(1, { ":method": "POST" }, FLAG_END_STREAM)));
  test("8.2.2: a connection's field in the trailers", () =>
    broken({}, data(0), (peer) => peer.headers(1, { connection: "close" }, FLAG_END_STREAM)));
  test("8.2.1: upper case in the trailers", () =>
    broken({}, data(0), () =>
      frame(FRAME_HEADERS, FLAG_END_HEADERS | FLAG_END_STREAM, 1, literals([["X-Upper", "x"]])),
    ));
  test("8.1.1: a content-length that is less", () =>
    broken({ "content-length": "1" }, data(FLAG_END_STREAM)));
  test("8.1.1: a content-length that is less than the first of several", () =>
    broken({ "content-length": "1" }, data(0)));
  test("8.1.1: a content-length that is more", () =>
    broken({ "content-length": "99" }, data(FLAG_END_STREAM)));
  test("8.1.1: a content-length that is more, with trailers", () =>
    broken({ "content-length": "99" }, data(0), (peer) => peer.headers(1, { x: "1" }, FLAG_END_STREAM)));
  test("8.1.1: a content-length that is no number", () => broken({ "content-length": "-1" }));
  test("8.1.1: a content-length without DATA", async () => {
    using peer = await RawPeer.open(served.port);
    peer.nextId = 3;
    peer.send(peer.headers(1, { ...fields, "content-length": "5" }, FLAG_END_STREAM));
    await expectReset(peer, 1, PROTOCOL_ERROR);
  });
  test("the right content-length, DATA in pieces, and trailers", async () => {
    using peer = await RawPeer.open(served.port);
    peer.send(peer.headers(1, { ...fields, "content-length": String(message.length) }));
    peer.send(frame(FRAME_DATA, 0, 1, message.subarray(0, 3)), frame(FRAME_DATA, 0, 1, message.subarray(3)));
    peer.send(peer.headers(1, { "x-trailer": "1" }, FLAG_END_STREAM));
    await outcome(peer, 1);
    const header = await peer.first(({ id }) => id === 1);
    expect(header.fields[":status"]).toBe(fields["content-type"] === "text/plain" ? "415" : "200");
  });
});

describe("requests that are not gRPC", () => {
  test.each([
    ["GET", "405", 1],
    ["HEAD", "405", 0],
  ])("%s is answered %s", async (method, status, bodies) => {
    using peer = await RawPeer.open(served.port);
    peer.send(peer.headers(1, { ...requestFields("/"), ":method": method }, FLAG_END_STREAM));
    await outcome(peer, 1);
    expect(peer.of(1)[0]!.fields).toMatchObject({ ":status": status, allow: "POST" });
    expect(peer.of(1)).toHaveLength(1 + bodies);
  });
  test("one that does not end is answered in the end", async () => {
    await using hasty = await startRawServer({ limits: { requestTimeoutMs: 30 } });
    using peer = await RawPeer.open(hasty.port);
    peer.send(peer.headers(1, { ...requestFields(), "content-type": "text/plain" }));
    await outcome(peer, 1);
    expect(peer.of(1)[0]!.fields[":status"]).toBe("415");
  });
  test("GREASE: a frame, a setting and a flag that mean nothing", async () => {
    using peer = await RawPeer.open(served.port, [0x1a1a, 0x1234]);
    peer.send(frame(0x0b + 0x1f * 3, 0xff, 0, Buffer.alloc(100)));
    const id = openCall(peer);
    peer.send(frame(FRAME_DATA, 0xf2, id, echoMessage("x")));
    peer.send(frame(FRAME_DATA, 0xf3, id, Buffer.alloc(0)));
    expect((await outcome(peer, id)).fields["grpc-status"]).toBe("0");
    await goodCall(peer);
  });
});
