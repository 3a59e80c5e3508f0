import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { frame } from "@callwire/testkit/wire";
import {
  echoMessage,
  echoPaths,
  expectGoAway,
  goodCall,
  openCall,
  outcome,
  requestFields,
  startRawServer,
  type RawServer,
} from "../testing/raw-calls.js";
import { RawPeer, uint32 } from "../testing/raw-peer.js";
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
} from "./constants.js";
import { ErrorCode } from "./errors.js";
import { MAX_CONTINUATIONS } from "./header-block.js";

const { PROTOCOL_ERROR, FRAME_SIZE_ERROR, COMPRESSION_ERROR } = ErrorCode;
const eight = Buffer.alloc(8);

let served: RawServer;
beforeAll(async () => {
  served = await startRawServer();
});
afterAll(async () => served[Symbol.asyncDispose]());

/** With padding of this length before and after. */
function padded(payload: Buffer, length: number): Buffer {
  return Buffer.concat([Buffer.of(length), payload, Buffer.alloc(length)]);
}

async function answered(peer: RawPeer, id: number): Promise<string | undefined> {
  return (await outcome(peer, id)).fields["grpc-status"];
}

describe("6.1 DATA", () => {
  test.each([0, 1, 255])("with %s bytes of padding", async (length) => {
    using peer = await RawPeer.open(served.port);
    const id = openCall(peer, echoPaths.unary);
    peer.send(frame(FRAME_DATA, FLAG_PADDED | FLAG_END_STREAM, id, padded(echoMessage("x"), length)));
    expect(await answered(peer, id)).toBe("0");
  });
  test("of nothing but padding, before the message", async () => {
    using peer = await RawPeer.open(served.port);
    const id = openCall(peer, echoPaths.unary);
    peer.send(frame(FRAME_DATA, FLAG_PADDED, id, padded(Buffer.alloc(0), 10)));
    peer.send(frame(FRAME_DATA, FLAG_END_STREAM, id, echoMessage("x")));
    expect(await answered(peer, id)).toBe("0");
  });
  test("on stream 0", async () => {
    using peer = await RawPeer.open(served.port);
    peer.send(frame(FRAME_DATA, 0, 0, eight));
    await expectGoAway(peer, PROTOCOL_ERROR);
  });
  test.each([
    ["as long as the payload", Buffer.of(4, 0, 0, 0), PROTOCOL_ERROR],
    ["longer than the payload", Buffer.of(200, 0, 0), PROTOCOL_ERROR],
    ["without its length", Buffer.alloc(0), FRAME_SIZE_ERROR],
  ])("padding %s", async (_, payload, code) => {
    using peer = await RawPeer.open(served.port);
    const id = openCall(peer);
    peer.send(frame(FRAME_DATA, FLAG_PADDED, id, payload));
    await expectGoAway(peer, code);
  });
});

describe("6.2 HEADERS", () => {
  test("with padding and a priority", async () => {
    using peer = await RawPeer.open(served.port);
    const payload = padded(
      Buffer.concat([uint32(0x8000_0003), Buffer.of(7), peer.block(requestFields())]),
      20,
    );
    peer.send(frame(FRAME_HEADERS, FLAG_END_HEADERS | FLAG_PADDED | FLAG_PRIORITY, 1, payload));
    peer.send(frame(FRAME_DATA, FLAG_END_STREAM, 1, echoMessage("x")));
    expect(await answered(peer, 1)).toBe("0");
  });
  test.each([
    ["on stream 0", 0, 0, Buffer.of(0x82), PROTOCOL_ERROR],
    ["with more padding than payload", FLAG_PADDED, 1, Buffer.of(9, 0x82), PROTOCOL_ERROR],
    ["with padding without its length", FLAG_PADDED, 1, Buffer.alloc(0), FRAME_SIZE_ERROR],
    ["with half a priority", FLAG_PRIORITY, 1, Buffer.alloc(4), FRAME_SIZE_ERROR],
  ])("%s", async (_, flags, id, payload, code) => {
    using peer = await RawPeer.open(served.port);
    peer.send(frame(FRAME_HEADERS, FLAG_END_HEADERS | flags, id, payload));
    await expectGoAway(peer, code);
  });
});

describe("6.6, 8.4 PUSH_PROMISE", () => {
  test("a client never may", async () => {
    using peer = await RawPeer.open(served.port);
    const id = openCall(peer);
    peer.send(frame(FRAME_PUSH_PROMISE, FLAG_END_HEADERS, id, Buffer.concat([uint32(2), Buffer.of(0x82)])));
    await expectGoAway(peer, PROTOCOL_ERROR);
  });
});

describe("4.3, 6.10 CONTINUATION", () => {
  test("a block in many pieces, also empty ones", async () => {
    using peer = await RawPeer.open(served.port);
    const block = peer.block(requestFields());
    const parts = Array.from({ length: MAX_CONTINUATIONS - 1 }, (_, i) => block.subarray(i, i + 1));
    peer.send(frame(FRAME_HEADERS, 0, 1));
    for (const part of parts) peer.send(frame(FRAME_CONTINUATION, 0, 1, part));
    peer.send(frame(FRAME_CONTINUATION, FLAG_END_HEADERS, 1, block.subarray(parts.length)));
    peer.send(frame(FRAME_DATA, FLAG_END_STREAM, 1, echoMessage("x")));
    expect(await answered(peer, 1)).toBe("0");
  });
  test("END_STREAM of HEADERS counts at the end of the block", async () => {
    using peer = await RawPeer.open(served.port);
    const block = peer.block({ ...requestFields(), ":method": "GET" });
    peer.send(frame(FRAME_HEADERS, FLAG_END_STREAM, 1, block.subarray(0, 3)));
    peer.send(frame(FRAME_CONTINUATION, FLAG_END_HEADERS, 1, block.subarray(3)));
    expect((await peer.first(({ id }) => id === 1)).fields[":status"]).toBe("405");
  });
  test.each([
    ["another type", frame(FRAME_PING, 0, 0, eight)],
    ["PRIORITY of the same stream", frame(FRAME_PRIORITY, 0, 1, Buffer.of(0, 0, 0, 0, 1))],
    ["an unknown type", frame(0xfa, 0, 1, eight)],
    ["HEADERS of another stream", frame(FRAME_HEADERS, FLAG_END_HEADERS, 3, Buffer.of(0x82))],
    ["a second HEADERS", frame(FRAME_HEADERS, FLAG_END_HEADERS, 1, Buffer.of(0x82))],
    ["CONTINUATION of another stream", frame(FRAME_CONTINUATION, FLAG_END_HEADERS, 3)],
    ["CONTINUATION of stream 0", frame(FRAME_CONTINUATION, FLAG_END_HEADERS, 0)],
  ])("%s inside a block", async (_, inside) => {
    using peer = await RawPeer.open(served.port);
    peer.send(frame(FRAME_HEADERS, 0, 1, Buffer.of(0x83)), inside);
    await expectGoAway(peer, PROTOCOL_ERROR);
  });
  test.each([
    ["no block at all", (peer: RawPeer) => openCall(peer)],
    [
      "a block that has ended",
      (peer: RawPeer) => {
        const block = peer.block(requestFields());
        peer.send(frame(FRAME_HEADERS, 0, 1, block.subarray(0, 2)));
        peer.send(frame(FRAME_CONTINUATION, FLAG_END_HEADERS, 1, block.subarray(2)));
      },
    ],
  ])("after %s", async (_, prepare) => {
    using peer = await RawPeer.open(served.port);
    prepare(peer);
    peer.send(frame(FRAME_CONTINUATION, FLAG_END_HEADERS, 1, Buffer.of(0x83)));
    await expectGoAway(peer, PROTOCOL_ERROR);
  });
});

describe("4.3 RFC 7541: a block that cannot be decoded", () => {
  const literal = (length: number): Buffer =>
    Buffer.concat([Buffer.of(0x00, length), Buffer.alloc(length, 0x61)]);
  test.each<[string, Buffer]>([
    ["2.3.3: an index past the tables", Buffer.of(0xff, 0x80, 0x01)],
    ["6.1: index 0", Buffer.of(0x80)],
    ["2.3.3: a name's index past the tables", Buffer.of(0x7f, 0x80, 0x01, 0x00)],
    ["4.2: a size update after a field", Buffer.of(0x82, 0x20)],
    ["6.3: a size update over the setting", Buffer.of(0x3f, 0xff, 0xff, 0x03)],
    ["5.1: an integer without its end", Buffer.of(0xff, 0xff)],
    ["5.1: an integer without bound", Buffer.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f)],
    [
      "5.2: Huffman padding over 7 bits",
      Buffer.concat([literal(1), Buffer.of(0x84, 0x49, 0x50, 0x9f, 0xff)]),
    ],
    ["5.2: Huffman padding of zeros", Buffer.concat([literal(1), Buffer.of(0x83, 0x49, 0x50, 0x90)])],
    ["5.2: Huffman's EOS", Buffer.concat([literal(1), Buffer.of(0x84, 0xff, 0xff, 0xff, 0xff)])],
    ["5.2: a string longer than the block", Buffer.of(0x00, 0x05, 0x61)],
  ])("%s", async (_, block) => {
    using peer = await RawPeer.open(served.port);
    peer.send(frame(FRAME_HEADERS, FLAG_END_HEADERS | FLAG_END_STREAM, 1, block));
    await expectGoAway(peer, COMPRESSION_ERROR);
  });
  test("also in the trailers, and for a stream that is reset", async () => {
    for (const path of [echoPaths.bidiStream, "/no.Such/Method"]) {
      using peer = await RawPeer.open(served.port);
      const id = openCall(peer, path);
      await peer.settled();
      peer.send(frame(FRAME_HEADERS, FLAG_END_HEADERS | FLAG_END_STREAM, id, Buffer.of(0x80)));
      await expectGoAway(peer, COMPRESSION_ERROR);
    }
  });
  test("a block of a reset stream changes the table", async () => {
    using peer = await RawPeer.open(served.port);
    const id = openCall(peer, "/no.Such/Method");
    await peer.reset(id);
    peer.send(peer.headers(id, { "x-table": "entry" }, FLAG_END_STREAM));
    await goodCall(peer);
  });
});
