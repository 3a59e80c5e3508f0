import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { frame, lengthPrefixed } from "@callwire/testkit/wire";
import {
  dataFrames,
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
import { many, strictAbuse as abuse } from "../testing/floods.js";
import { literals, RawPeer, settings, uint32, type RawFrame } from "../testing/raw-peer.js";
import {
  FLAG_ACK,
  FLAG_END_HEADERS,
  FLAG_END_STREAM,
  FRAME_CONTINUATION,
  FRAME_DATA,
  FRAME_GOAWAY,
  FRAME_HEADERS,
  FRAME_PING,
  FRAME_PRIORITY,
  FRAME_RST_STREAM,
  FRAME_SETTINGS,
  FRAME_WINDOW_UPDATE,
} from "./constants.js";
import { defaultAbuseLimits } from "./abuse-guard.js";
import { ErrorCode } from "./errors.js";
import { MAX_CONTINUATIONS, MAX_HEADER_BLOCK_BYTES } from "./header-block.js";
import { MAX_DATA_FRAME_BYTES, MAX_QUEUED_BYTES } from "./sender.js";
import { MAX_SETTINGS_ENTRIES } from "./settings.js";

const { NO_ERROR, ENHANCE_YOUR_CALM, CANCEL } = ErrorCode;

let served: RawServer;
beforeEach(async () => {
  served = await startRawServer();
});
afterEach(async () => served[Symbol.asyncDispose]());

/** Sends this again and again until the connection is closed; another one is served meanwhile. */
async function flood(
  { server, port }: RawServer,
  make: (peer: RawPeer, round: number) => Buffer,
  reads = true,
): Promise<RawPeer> {
  using witness = await RawPeer.open(port);
  const peer = await RawPeer.open(port);
  if (!reads) peer.socket.pause();
  const closed = new Promise<void>((resolve) => {
    peer.socket.once("close", () => resolve());
  });
  for (let round = 0; !peer.closed; round++) {
    const room = peer.socket.write(make(peer, round));
    if (!room) await Promise.race([once(peer.socket, "drain").catch(() => {}), closed]);
    if (round % 64 === 0) await goodCall(witness);
  }
  await goodCall(witness);
  expect(server.stats.connectionsOpen).toBe(1);
  return peer;
}

/** The HEADERS of a call, on any stream. */
const headersOf = (path: string): Buffer =>
  frame(FRAME_HEADERS, FLAG_END_HEADERS, 0, literals(Object.entries(requestFields(path))));
/** The only message of a call. */
const request = frame(FRAME_DATA, FLAG_END_STREAM, 0, echoMessage("x"));

const floods: [string, (peer: RawPeer, round: number) => Buffer][] = [
  [
    "rapid reset (CVE-2023-44487)",
    (peer) => peer.onStreams(200, headersOf(echoPaths.unary), frame(FRAME_RST_STREAM, 0, 0, uint32(CANCEL))),
  ],
  [
    "resets that the peer provokes (CVE-2025-8671)",
    (peer) => peer.onStreams(100, headersOf(echoPaths.unary), frame(FRAME_WINDOW_UPDATE, 0, 0, uint32(0))),
  ],
  ["PING", () => many(frame(FRAME_PING, 0, 0, Buffer.alloc(8)))],
  ["answers to no PING", () => many(frame(FRAME_PING, FLAG_ACK, 0, Buffer.alloc(8)))],
  ["SETTINGS", () => many(settings())],
  ["acknowledgements of no SETTINGS", () => many(frame(FRAME_SETTINGS, FLAG_ACK, 0))],
  ["PRIORITY", () => many(frame(FRAME_PRIORITY, 0, 1, Buffer.of(0, 0, 0, 0, 1)))],
  ["unknown frames", () => many(frame(0xfa, 0, 0))],
  ["GOAWAY", () => many(frame(FRAME_GOAWAY, 0, 0, uint32(0, 0)))],
  [
    "WINDOW_UPDATE",
    (_, round) => many(frame(FRAME_WINDOW_UPDATE, 0, 0, uint32(1)), round === 0 ? 500 : 5000),
  ],
  [
    "empty DATA",
    (peer, round) => {
      const open = round === 0 ? peer.headers(1, requestFields(echoPaths.bidiStream)) : Buffer.alloc(0);
      return Buffer.concat([open, many(frame(FRAME_DATA, 0, 1))]);
    },
  ],
  ["empty HEADERS", (peer) => peer.onStreams(100, frame(FRAME_HEADERS, FLAG_END_HEADERS, 0))],
  [
    "CONTINUATION without end (CVE-2024-27316)",
    (_, round) =>
      Buffer.concat([
        round === 0 ? frame(FRAME_HEADERS, 0, 1) : Buffer.alloc(0),
        many(frame(FRAME_CONTINUATION, 0, 1), 10),
      ]),
  ],
];

describe("floods end the connection with ENHANCE_YOUR_CALM", () => {
  test.each(floods)("%s", async (_, make) => {
    await using strict = await startRawServer({ http2: { abuse } });
    using peer = await flood(strict, make);
    // A peer that still sends may see the reset before the GOAWAY.
    expect([ENHANCE_YOUR_CALM, "closed"]).toContain(await peer.goAway());
  });
  test.each([floods[0]!, floods[2]!, floods[4]!])("%s, from a peer that never reads", async (_, make) => {
    await using strict = await startRawServer({ http2: { abuse } });
    using peer = await flood(strict, make, false);
    expect(peer.closed).toBe(true);
  });
  test("answers that are never read", async () => {
    // Nothing else stops this peer.
    await using lax = await startRawServer({
      limits: { minPingIntervalMs: 0 },
      http2: { abuse: { ...defaultAbuseLimits, pings: { burst: Infinity, perSecond: 0 } } },
    });
    const pings = many(frame(FRAME_PING, 0, 0, Buffer.alloc(8)), 10_000);
    using peer = await flood(lax, () => pings, false);
    expect(peer.closed).toBe(true);
  });
  test("streams over the limit", async () => {
    await using small = await startRawServer({ limits: { maxConcurrentStreams: 1 }, http2: { abuse } });
    using peer = await RawPeer.open(small.port);
    peer.send(peer.onStreams(1100, headersOf(echoPaths.unary)));
    await expectGoAway(peer, ENHANCE_YOUR_CALM);
  });
});

describe("what is too large", () => {
  test("a header block in too many pieces", async () => {
    using peer = await RawPeer.open(served.port);
    peer.send(
      frame(FRAME_HEADERS, 0, 1),
      many(frame(FRAME_CONTINUATION, 0, 1, Buffer.of(0x82)), MAX_CONTINUATIONS + 1),
    );
    await expectGoAway(peer, ENHANCE_YOUR_CALM);
  });
  test("a header block of too many bytes", async () => {
    using peer = await RawPeer.open(served.port);
    const part = Buffer.alloc(16_384, 0x82);
    peer.send(frame(FRAME_HEADERS, 0, 1, part));
    peer.send(many(frame(FRAME_CONTINUATION, 0, 1, part), MAX_HEADER_BLOCK_BYTES / part.length));
    await expectGoAway(peer, ENHANCE_YOUR_CALM);
  });
  test("SETTINGS with too many entries", async () => {
    using peer = await RawPeer.open(served.port);
    peer.send(settings(...Array.from({ length: MAX_SETTINGS_ENTRIES + 1 }, () => [0xff, 0] as const)));
    await expectGoAway(peer, ENHANCE_YOUR_CALM);
  });
  test.each([
    ["a header list over 16 KiB", { "x-long": "x".repeat(16 * 1024) }],
    ["hundreds of headers", Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`x-${i}`, ""]))],
  ])("%s: the call alone", async (_, fields) => {
    using peer = await RawPeer.open(served.port);
    peer.nextId = 3;
    const block = peer.block({ ...requestFields(), ...fields });
    peer.send(frame(FRAME_HEADERS, 0, 1, block.subarray(0, 16_000)));
    peer.send(frame(FRAME_CONTINUATION, FLAG_END_HEADERS, 1, block.subarray(16_000)));
    expect((await outcome(peer, 1)).fields["grpc-status"]).toBe("8");
    expect(await peer.reset(1)).toBe(NO_ERROR);
    await goodCall(peer);
  });
  test("an HPACK bomb", async () => {
    using peer = await RawPeer.open(served.port);
    // An entry of 4,000 bytes, then 12,000 times a reference to it.
    const entry = Buffer.concat([Buffer.of(0x40, 1, 0x78, 0x7f, 0xa1, 0x1e), Buffer.alloc(4000, 0x61)]);
    peer.send(frame(FRAME_HEADERS, FLAG_END_HEADERS, 1, Buffer.concat([entry, Buffer.alloc(12_000, 0xbe)])));
    expect((await outcome(peer, 1)).fields["grpc-status"]).toBe("8");
    using other = await RawPeer.open(served.port);
    await goodCall(other);
  });
});

describe("what comes slowly, or not at all", () => {
  test("messages that never finish end with DEADLINE_EXCEEDED, and leave their room", async () => {
    await using hasty = await startRawServer({ limits: { requestTimeoutMs: 30, maxConcurrentStreams: 1 } });
    using peer = await RawPeer.open(hasty.port);
    const id = openCall(peer, echoPaths.unary);
    peer.send(frame(FRAME_DATA, 0, id, Buffer.of(0, 0, 0, 0, 9, 1)));
    expect((await outcome(peer, id)).fields["grpc-status"]).toBe("4");
    await goodCall(peer);
  });
  test("nor may a message of a stream, once it has begun; between messages a stream may rest", async () => {
    await using hasty = await startRawServer({ limits: { requestTimeoutMs: 30 } });
    using peer = await RawPeer.open(hasty.port);
    const [resting, late] = [openCall(peer, echoPaths.clientStream), openCall(peer, echoPaths.clientStream)];
    const whole = echoMessage("x");
    peer.send(frame(FRAME_DATA, 0, resting, whole), frame(FRAME_DATA, 0, late, whole));
    peer.send(frame(FRAME_DATA, 0, late, whole.subarray(0, 6)));
    expect((await outcome(peer, late)).fields["grpc-status"]).toBe("4");
    peer.send(frame(FRAME_DATA, FLAG_END_STREAM, resting, whole));
    expect((await outcome(peer, resting)).fields["grpc-status"]).toBe("0");
  });
  test("long messages that do not finish take a bounded memory together", async () => {
    const window = 65_535;
    await using small = await startRawServer({
      http2: { streamWindow: window, maxUnreadBytes: 300_000 },
      limits: { minPingIntervalMs: 0 },
    });
    using peer = await RawPeer.open(small.port);
    const message = echoMessage("x".repeat(200_000));
    const [first, second] = [openCall(peer, echoPaths.clientStream), openCall(peer, echoPaths.clientStream)];
    for (const id of [first, second]) peer.send(dataFrames(id, message.subarray(0, window)));
    await peer.settled();
    const isRoomOf = (id: number) => (each: RawFrame) => each.id === id && each.type === FRAME_WINDOW_UPDATE;
    expect(peer.of(first).some(isRoomOf(first))).toBe(true);
    expect(peer.of(second).some(isRoomOf(second))).toBe(false);
    // Up to half a window is not given back at once.
    const step = Math.floor(window / 2);
    for (let at = window; at < message.length; at += step) {
      peer.send(dataFrames(first, message.subarray(at, at + step)));
      await peer.settled();
    }
    // The first one is through: now there is room for the second.
    expect(peer.of(second).some(isRoomOf(second))).toBe(true);
    for (let at = window; at < message.length; at += step) {
      peer.send(dataFrames(second, message.subarray(at, at + step)));
      await peer.settled();
    }
    // The answer is as long.
    peer.send(peer.grant(message.length), peer.grant(message.length, second));
    peer.send(frame(FRAME_DATA, FLAG_END_STREAM, second, Buffer.alloc(0)));
    expect((await outcome(peer, second)).fields["grpc-status"]).toBe("0");
  });
  test("a long message that had to wait for another has its time from then on", async () => {
    const window = 65_535;
    await using hasty = await startRawServer({
      http2: { streamWindow: window, maxUnreadBytes: 300_000 },
      limits: { requestTimeoutMs: 500 },
    });
    using peer = await RawPeer.open(hasty.port);
    const message = echoMessage("x".repeat(200_000));
    const [first, second, third] = Array.from({ length: 3 }, () => openCall(peer, echoPaths.clientStream));
    for (const id of [first!, second!, third!]) peer.send(dataFrames(id, message.subarray(0, window)));
    // They began at the same time, but each could go on only when the one before was over.
    expect((await outcome(peer, first!)).fields["grpc-status"]).toBe("4");
    expect(peer.of(third!)).toEqual([]);
    expect((await outcome(peer, second!)).fields["grpc-status"]).toBe("4");
    await goodCall(peer);
    expect(peer.of(third!).map(({ type }) => type)).toEqual([FRAME_WINDOW_UPDATE]);
  });
  test("a peer that never reads is held to a bound, and costs nothing when it goes", async () => {
    const chunk = "x".repeat(30_000);
    let sent = 0;
    let ended: () => void = () => {};
    const end = new Promise<void>((resolve) => {
      ended = resolve;
    });
    await using busy = await startRawServer(
      {},
      {
        async *echoServerStream() {
          try {
            for (;;) {
              sent += chunk.length;
              yield { text: chunk, index: 0 };
            }
          } finally {
            ended();
          }
        },
      },
    );
    const peer = await RawPeer.open(busy.port);
    // The windows are open: the socket alone holds the server.
    peer.send(settings([4, 0x7fff_ffff]), peer.grant(0x7fff_0000));
    const id = openCall(peer, echoPaths.serverStream);
    peer.send(frame(FRAME_DATA, FLAG_END_STREAM, id, echoMessage("x")));
    await peer.first((each) => each.id === id);
    peer.socket.pause();
    using other = await RawPeer.open(busy.port);
    let before = -1;
    while (before !== sent) {
      before = sent;
      for (let i = 0; i < 10; i++) await goodCall(other);
    }
    // The kernel's buffers take a few megabytes.
    expect(sent).toBeLessThan(32 * 1024 * 1024 + MAX_QUEUED_BYTES + MAX_DATA_FRAME_BYTES);
    peer.close();
    await end;
    expect(busy.server.stats.connectionsOpen).toBe(1);
  });
  test.each([
    ["in the middle of a frame", frame(FRAME_DATA, 0, 1, echoMessage("hello")).subarray(0, 12)],
    ["in the middle of a message", frame(FRAME_DATA, 0, 1, echoMessage("hello").subarray(0, 7))],
    ["in the middle of a header block", frame(FRAME_HEADERS, 0, 3, Buffer.of(0x82))],
  ])("a connection that is dropped %s ends its calls", async (_, part) => {
    const aborted = new Promise<void>((resolve) => {
      void startRawServer(
        {},
        {
          async *echoBidiStream(_requests, { signal }) {
            yield { text: "here" };
            await once(signal, "abort");
            resolve();
          },
        },
      ).then(async (watched) => {
        const peer = await RawPeer.open(watched.port);
        const id = openCall(peer);
        await peer.first((each) => each.id === id);
        peer.send(part);
        peer.socket.end();
        await once(peer.socket, "close");
        expect(watched.server.stats.connectionsOpen).toBe(0);
        await watched[Symbol.asyncDispose]();
      });
    });
    await aborted;
  });
});

describe("legitimate use trips nothing", () => {
  test("3,000 cancelled calls at once", async () => {
    using peer = await RawPeer.open(served.port);
    const reset = frame(FRAME_RST_STREAM, 0, 0, uint32(CANCEL));
    peer.send(peer.onStreams(3000, headersOf(echoPaths.unary), request, reset));
    await goodCall(peer);
  });
  test("1,000 PINGs, each after an answer, however few others are allowed", async () => {
    const pings = { burst: 10, perSecond: 0 };
    await using strict = await startRawServer({ http2: { abuse: { ...defaultAbuseLimits, pings } } });
    using peer = await RawPeer.open(strict.port);
    for (let i = 0; i < 1000; i++) {
      await goodCall(peer);
      await peer.settled();
    }
  });
  test("10,000 streams at once on one connection", async () => {
    using peer = await RawPeer.open(served.port);
    peer.send(peer.grant(1_000_000));
    peer.send(peer.onStreams(10_000, headersOf(echoPaths.bidiStream)));
    await peer.settled();
    peer.nextId = 1;
    peer.send(peer.onStreams(10_000, request));
    await outcome(peer, peer.nextId - 2);
    await peer.settled();
    const ended = peer.received.filter(
      ({ type, flags }) => type === FRAME_HEADERS && (flags & FLAG_END_STREAM) !== 0,
    );
    expect(ended).toHaveLength(10_000);
    expect(ended.every(({ fields }) => fields["grpc-status"] === "0")).toBe(true);
  });
  test("5,000 watches on one connection: each gets its event, and leaves nothing behind", async () => {
    let publish: () => void = () => {};
    const event = new Promise<void>((resolve) => {
      publish = resolve;
    });
    await using watched = await startRawServer(
      {},
      {
        async *echoServerStream() {
          await event;
          yield { text: "event", index: 0 };
        },
      },
    );
    using peer = await RawPeer.open(watched.port);
    peer.send(peer.grant(1 << 24));
    const ids = Array.from({ length: 5000 }, (_, i) => 2 * i + 1);
    peer.send(peer.onStreams(ids.length, headersOf(echoPaths.serverStream), request));
    await peer.settled();
    using other = await RawPeer.open(watched.port);
    await goodCall(other);
    publish();
    await outcome(peer, ids.at(-1)!);
    const events = peer.received.filter(({ type }) => type === FRAME_DATA);
    expect(events.map(({ id }) => id).toSorted((a, b) => a - b)).toEqual(ids);
    expect(watched.server.stats.callsSucceeded).toBe(5001);
  });
  test("300,000 empty messages on one stream hold up nobody", async () => {
    // Its window does not grow: the sender counts it.
    await using fixed = await startRawServer(
      { http2: { maxStreamWindow: 256 * 1024 } },
      {
        async echoClientStream(requests) {
          let count = 0;
          for await (const _ of requests) count++;
          return { text: "", count };
        },
      },
    );
    using peer = await RawPeer.open(fixed.port);
    using other = await RawPeer.open(fixed.port);
    other.send(other.grant(1 << 30));
    const id = openCall(peer, echoPaths.clientStream);
    const batch = many(lengthPrefixed(Buffer.alloc(0)), 3000);
    let sent = 0;
    const state = { answered: false };
    const updates = (): RawFrame[] => peer.of(id).filter(({ type }) => type === FRAME_WINDOW_UPDATE);
    const sending = (async () => {
      for (let window = 256 * 1024, seen = 0; sent < 300_000; sent += 3000) {
        for (; window < batch.length; seen++) {
          await peer.first(() => updates().length > seen);
          window += updates()[seen]!.payload.readUInt32BE(0);
        }
        window -= batch.length;
        peer.send(frame(FRAME_DATA, 0, id, batch));
      }
      peer.send(frame(FRAME_DATA, FLAG_END_STREAM, id));
      await outcome(peer, id);
    })().finally(() => {
      state.answered = true;
    });
    let others = 0;
    while (!state.answered) {
      await goodCall(other);
      other.received.length = 0;
      others++;
    }
    await sending;
    expect(peer.of(id).at(-1)!.fields["grpc-status"]).toBe("0");
    expect(others).toBeGreaterThan(10);
  });
});
