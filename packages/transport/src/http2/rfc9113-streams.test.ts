import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { frame } from "@callwire/testkit/wire";
import {
  echoMessage,
  echoPaths,
  expectGoAway,
  expectReset,
  goodCall,
  openCall,
  outcome,
  requestFields,
  sendCall,
  startRawServer,
  type RawServer,
} from "../testing/raw-calls.js";
import { RawPeer, uint32 } from "../testing/raw-peer.js";
import {
  FLAG_END_HEADERS,
  FLAG_END_STREAM,
  FLAG_PRIORITY,
  FRAME_CONTINUATION,
  FRAME_DATA,
  FRAME_HEADERS,
  FRAME_PRIORITY,
  FRAME_PUSH_PROMISE,
  FRAME_RST_STREAM,
  FRAME_WINDOW_UPDATE,
} from "./constants.js";
import { ErrorCode } from "./errors.js";

const { PROTOCOL_ERROR, STREAM_CLOSED, FRAME_SIZE_ERROR, REFUSED_STREAM, CANCEL } = ErrorCode;
const LIMIT = 20;

let served: RawServer;
beforeAll(async () => {
  // The client stream is never answered: it stays half-closed.
  const never = new Promise<never>(() => {});
  served = await startRawServer(
    { limits: { maxConcurrentStreams: LIMIT } },
    { echoClientStream: async () => never },
  );
});
afterAll(async () => served[Symbol.asyncDispose]());

const frames: Record<string, (peer: RawPeer, id: number) => Buffer> = {
  DATA: (_, id) => frame(FRAME_DATA, 0, id, echoMessage("late")),
  HEADERS: (peer, id) => peer.headers(id, requestFields(), FLAG_END_STREAM),
  trailers: (peer, id) => peer.headers(id, { "x-late": "trailer" }, FLAG_END_STREAM),
  PRIORITY: (_, id) => frame(FRAME_PRIORITY, 0, id, Buffer.of(0, 0, 0, 0, 15)),
  RST_STREAM: (_, id) => frame(FRAME_RST_STREAM, 0, id, uint32(CANCEL)),
  WINDOW_UPDATE: (_, id) => frame(FRAME_WINDOW_UPDATE, 0, id, uint32(100)),
  PUSH_PROMISE: (_, id) => frame(FRAME_PUSH_PROMISE, FLAG_END_HEADERS, id, uint32(2)),
  CONTINUATION: (_, id) => frame(FRAME_CONTINUATION, FLAG_END_HEADERS, id),
};

/** What brings a stream into a state; returns its id. */
const states: Record<string, (peer: RawPeer) => number | Promise<number>> = {
  idle: (peer) => peer.nextId,
  "half-closed (remote)": (peer) => {
    const id = openCall(peer, echoPaths.clientStream);
    peer.send(frame(FRAME_DATA, FLAG_END_STREAM, id, echoMessage("x")));
    return id;
  },
  "closed by END_STREAM": async (peer) => {
    const id = sendCall(peer);
    await outcome(peer, id);
    return id;
  },
  "closed by RST_STREAM": (peer) => {
    const id = openCall(peer);
    peer.send(frame(FRAME_RST_STREAM, 0, id, uint32(CANCEL)));
    return id;
  },
};

type Expected = { goAway: number[] } | { reset: number[] } | "ignored";
const connection = (...codes: number[]): Expected => ({ goAway: codes });
const stream = (...codes: number[]): Expected => ({ reset: codes });

const expectations: Record<string, Record<string, Expected>> = {
  idle: {
    DATA: connection(PROTOCOL_ERROR),
    PRIORITY: "ignored",
    RST_STREAM: connection(PROTOCOL_ERROR),
    WINDOW_UPDATE: connection(PROTOCOL_ERROR),
    PUSH_PROMISE: connection(PROTOCOL_ERROR),
    CONTINUATION: connection(PROTOCOL_ERROR),
  },
  "half-closed (remote)": {
    DATA: stream(STREAM_CLOSED),
    HEADERS: stream(STREAM_CLOSED),
    trailers: stream(STREAM_CLOSED),
    PRIORITY: "ignored",
    RST_STREAM: "ignored",
    WINDOW_UPDATE: "ignored",
    PUSH_PROMISE: connection(PROTOCOL_ERROR),
    CONTINUATION: connection(PROTOCOL_ERROR),
  },
  "closed by END_STREAM": {
    DATA: stream(STREAM_CLOSED),
    HEADERS: connection(STREAM_CLOSED),
    trailers: "ignored",
    PRIORITY: "ignored",
    RST_STREAM: "ignored",
    WINDOW_UPDATE: "ignored",
    PUSH_PROMISE: connection(PROTOCOL_ERROR),
    CONTINUATION: connection(PROTOCOL_ERROR),
  },
  "closed by RST_STREAM": {
    DATA: stream(STREAM_CLOSED),
    HEADERS: connection(STREAM_CLOSED),
    trailers: "ignored",
    PRIORITY: "ignored",
    RST_STREAM: "ignored",
    WINDOW_UPDATE: "ignored",
    PUSH_PROMISE: connection(PROTOCOL_ERROR),
    CONTINUATION: connection(PROTOCOL_ERROR),
  },
};

describe.each(Object.entries(expectations))("5.1 a stream that is %s", (state, byType) => {
  test.each(Object.entries(byType))("%s", async (type, expected) => {
    using peer = await RawPeer.open(served.port);
    const id = await states[state]!(peer);
    peer.send(frames[type]!(peer, id));
    if (expected === "ignored") await goodCall(peer);
    else if ("goAway" in expected) await expectGoAway(peer, ...expected.goAway);
    else await expectReset(peer, id, ...expected.reset);
  });
});

describe("5.1 a stream that we have reset", () => {
  test("what the peer had sent before it knew is ignored", async () => {
    using peer = await RawPeer.open(served.port);
    const id = openCall(peer, "/no.Such/Method");
    await expectReset(peer, id, ErrorCode.NO_ERROR);
    const before = peer.received.length;
    peer.send(frames.DATA!(peer, id), frames.HEADERS!(peer, id), frames.WINDOW_UPDATE!(peer, id));
    await peer.settled();
    expect(peer.received.slice(before).map(({ id: of }) => of)).toEqual([0]);
    await goodCall(peer);
  });
});

describe("5.1.1 stream identifiers", () => {
  test("an even one", async () => {
    using peer = await RawPeer.open(served.port);
    peer.send(peer.headers(2, requestFields()));
    await expectGoAway(peer, PROTOCOL_ERROR);
  });
  test("one that was left out", async () => {
    using peer = await RawPeer.open(served.port);
    peer.send(peer.headers(5, requestFields()), peer.headers(3, requestFields()));
    await expectGoAway(peer, PROTOCOL_ERROR);
  });
  test("some may be left out", async () => {
    using peer = await RawPeer.open(served.port);
    peer.nextId = 101;
    await goodCall(peer);
    peer.nextId = 0x7fff_ffff;
    await goodCall(peer);
  });
});

describe("5.1.2 stream concurrency", () => {
  test("one over the limit is refused; the others go on, and leave their room", async () => {
    using peer = await RawPeer.open(served.port);
    const ids = Array.from({ length: LIMIT }, () => openCall(peer));
    const over = openCall(peer);
    expect(await peer.reset(over)).toBe(REFUSED_STREAM);
    for (const id of ids) peer.send(frame(FRAME_DATA, FLAG_END_STREAM, id, echoMessage("x")));
    for (const id of ids) expect((await outcome(peer, id)).fields["grpc-status"]).toBe("0");
    await goodCall(peer);
  });
});

describe("5.3, 6.3 PRIORITY", () => {
  test("a stream that depends on itself", async () => {
    using peer = await RawPeer.open(served.port);
    const id = openCall(peer);
    peer.send(frame(FRAME_PRIORITY, 0, id, Buffer.concat([uint32(id), Buffer.of(1)])));
    await expectReset(peer, id, PROTOCOL_ERROR);
  });
  test("HEADERS of a stream that depends on itself", async () => {
    using peer = await RawPeer.open(served.port);
    const payload = Buffer.concat([uint32(1), Buffer.of(1), peer.block(requestFields())]);
    peer.send(frame(FRAME_HEADERS, FLAG_END_HEADERS | FLAG_PRIORITY, 1, payload));
    await expectGoAway(peer, PROTOCOL_ERROR);
  });
  test("an idle stream that depends on itself: it cannot be reset", async () => {
    using peer = await RawPeer.open(served.port);
    peer.send(frame(FRAME_PRIORITY, 0, 7, Buffer.concat([uint32(7), Buffer.of(1)])));
    await expectGoAway(peer, PROTOCOL_ERROR);
  });
  test("of another length", async () => {
    using peer = await RawPeer.open(served.port);
    const id = openCall(peer);
    peer.send(frame(FRAME_PRIORITY, 0, id, Buffer.alloc(4)));
    await expectReset(peer, id, FRAME_SIZE_ERROR);
  });
  test("on stream 0", async () => {
    using peer = await RawPeer.open(served.port);
    peer.send(frame(FRAME_PRIORITY, 0, 0, Buffer.alloc(5)));
    await expectGoAway(peer, PROTOCOL_ERROR);
  });
});

describe("6.4 RST_STREAM", () => {
  test.each([
    ["on stream 0", 0, uint32(0), PROTOCOL_ERROR],
    ["of another length", 1, Buffer.alloc(3), FRAME_SIZE_ERROR],
  ])("%s", async (_, id, payload, code) => {
    using peer = await RawPeer.open(served.port);
    openCall(peer);
    peer.send(frame(FRAME_RST_STREAM, 0, id, payload));
    await expectGoAway(peer, code);
  });
  test("7: with a code that nobody knows", async () => {
    using peer = await RawPeer.open(served.port);
    const id = openCall(peer);
    peer.send(frame(FRAME_RST_STREAM, 0, id, uint32(0xdead_beef)));
    await goodCall(peer);
    expect(peer.of(id)).toEqual([]);
  });
});
