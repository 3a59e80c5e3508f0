import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { frame } from "@callwire/testkit/wire";
import { ServerError, Status } from "nice-grpc-common";
import {
  echoMessage,
  echoPaths,
  expectGoAway,
  expectReset,
  goodCall,
  openCall,
  outcome,
  sendCall,
  startRawServer,
  type RawServer,
} from "../testing/raw-calls.js";
import { RawPeer, settings, uint32 } from "../testing/raw-peer.js";
import {
  DEFAULT_WINDOW_SIZE,
  FLAG_END_STREAM,
  FLAG_PADDED,
  FRAME_DATA,
  FRAME_WINDOW_UPDATE,
  SETTING_INITIAL_WINDOW_SIZE,
  SETTING_MAX_FRAME_SIZE,
} from "./constants.js";
import { ErrorCode } from "./errors.js";

const { PROTOCOL_ERROR, FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR } = ErrorCode;
/** What an answer of this text takes: a prefix, a tag and a length before it. */
const TEXT = "x".repeat(100);
const ANSWER = 5 + 2 + TEXT.length;
const MAX_WINDOW = 0x7fff_ffff;

let served: RawServer;
beforeAll(async () => {
  served = await startRawServer({
    http2: { streamWindow: 100_000, maxStreamWindow: 100_000, connectionWindow: 0 },
  });
});
afterAll(async () => served[Symbol.asyncDispose]());

const initialWindow = (size: number): Buffer => settings([SETTING_INITIAL_WINDOW_SIZE, size]);

describe("6.9 WINDOW_UPDATE", () => {
  test.each([
    ["of 0 on the connection", 0, uint32(0), PROTOCOL_ERROR],
    ["of another length", 0, Buffer.alloc(3), FRAME_SIZE_ERROR],
    ["of another length on a stream", 1, Buffer.alloc(5), FRAME_SIZE_ERROR],
    ["over the largest window of the connection", 0, uint32(MAX_WINDOW), FLOW_CONTROL_ERROR],
  ])("%s", async (_, id, payload, code) => {
    using peer = await RawPeer.open(served.port);
    openCall(peer);
    peer.send(frame(FRAME_WINDOW_UPDATE, 0, id, payload));
    await expectGoAway(peer, code);
  });
  test.each([
    ["of 0 on a stream", 0, PROTOCOL_ERROR],
    ["over the largest window of a stream", MAX_WINDOW, FLOW_CONTROL_ERROR],
    ["the reserved bit does not count", 0x8000_0000, PROTOCOL_ERROR],
  ])("%s", async (_, increment, code) => {
    using peer = await RawPeer.open(served.port);
    const id = openCall(peer);
    peer.send(frame(FRAME_WINDOW_UPDATE, 0, id, uint32(increment)));
    await expectReset(peer, id, code);
  });
});

describe("6.9.1 the windows of the peer", () => {
  test("nothing is sent into a window of 0; trailers wait for it too", async () => {
    using peer = await RawPeer.open(served.port, [SETTING_INITIAL_WINDOW_SIZE, 0]);
    const id = sendCall(peer, TEXT);
    await peer.first((each) => each.id === id);
    await peer.settled();
    expect(peer.of(id)).toHaveLength(1);
    peer.send(peer.grant(ANSWER - 1, id));
    await peer.settled();
    expect(peer.dataOf(id)).toBe(ANSWER - 1);
    peer.send(peer.grant(1, id));
    expect((await outcome(peer, id)).fields["grpc-status"]).toBe("0");
    expect(peer.dataOf(id)).toBe(ANSWER);
  });
  test("byte by byte", async () => {
    using peer = await RawPeer.open(served.port, [SETTING_INITIAL_WINDOW_SIZE, 1]);
    const id = sendCall(peer, TEXT);
    for (let sent = 1; sent < ANSWER; sent++) {
      await peer.first((each) => each.id === id && peer.dataOf(id) === sent);
      peer.send(peer.grant(1, id));
    }
    await outcome(peer, id);
    const data = peer.of(id).filter(({ type }) => type === FRAME_DATA);
    expect(data.map(({ payload }) => payload.length)).toEqual(Array.from({ length: ANSWER }, () => 1));
  });
  test("the connection's window holds all streams, and they share what it gives", async () => {
    using peer = await RawPeer.open(served.port, [SETTING_INITIAL_WINDOW_SIZE, MAX_WINDOW]);
    const long = "y".repeat(60_000);
    const first = sendCall(peer, long);
    await outcome(peer, first);
    const spent = peer.dataOf(first);
    const ids = [sendCall(peer, long), sendCall(peer, long)];
    await peer.first(() => spent + peer.dataOf(ids[0]!) + peer.dataOf(ids[1]!) === DEFAULT_WINDOW_SIZE);
    await peer.settled();
    expect(spent + peer.dataOf(ids[0]!) + peer.dataOf(ids[1]!)).toBe(DEFAULT_WINDOW_SIZE);
    peer.send(peer.grant(500_000));
    for (const id of ids) expect((await outcome(peer, id)).fields["grpc-status"]).toBe("0");
  });
  test("no frame is longer than the peer takes, and with room none longer than it needs", async () => {
    using peer = await RawPeer.open(served.port, [SETTING_INITIAL_WINDOW_SIZE, MAX_WINDOW]);
    peer.send(peer.grant(1_000_000));
    const lengths = async (): Promise<number> => {
      const id = sendCall(peer, "y".repeat(50_000));
      await outcome(peer, id);
      return Math.max(...peer.of(id).map(({ payload }) => payload.length));
    };
    expect(await lengths()).toBe(16_384);
    peer.send(settings([SETTING_MAX_FRAME_SIZE, 20_000]));
    expect(await lengths()).toBe(20_000);
  });
});

describe("6.9.2 the initial window", () => {
  test("a change moves the windows of streams that are open", async () => {
    using peer = await RawPeer.open(served.port, [SETTING_INITIAL_WINDOW_SIZE, 0]);
    const id = sendCall(peer, TEXT);
    peer.send(initialWindow(3));
    await peer.settled();
    expect(peer.dataOf(id)).toBe(3);
  });
  test("also below 0: it counts from there", async () => {
    using peer = await RawPeer.open(served.port, [SETTING_INITIAL_WINDOW_SIZE, 10]);
    const id = sendCall(peer, TEXT);
    await peer.first((each) => each.id === id && each.type === FRAME_DATA);
    peer.send(initialWindow(2), peer.grant(8, id));
    await peer.settled();
    expect(peer.dataOf(id)).toBe(10);
    peer.send(peer.grant(1, id));
    await peer.settled();
    expect(peer.dataOf(id)).toBe(11);
    peer.send(initialWindow(1000));
    await outcome(peer, id);
  });
  test("the last of several values counts", async () => {
    using peer = await RawPeer.open(served.port);
    peer.send(settings([SETTING_INITIAL_WINDOW_SIZE, 100], [SETTING_INITIAL_WINDOW_SIZE, 1]));
    const id = sendCall(peer, TEXT);
    await peer.first((each) => each.id === id && each.type === FRAME_DATA);
    await peer.settled();
    expect(peer.dataOf(id)).toBe(1);
  });
  test("a change that makes a window too large", async () => {
    using peer = await RawPeer.open(served.port);
    const id = openCall(peer);
    peer.send(peer.grant(MAX_WINDOW - DEFAULT_WINDOW_SIZE, id), initialWindow(DEFAULT_WINDOW_SIZE + 1));
    await expectGoAway(peer, FLOW_CONTROL_ERROR);
  });
  test("the connection's window is not touched", async () => {
    using peer = await RawPeer.open(served.port);
    peer.send(initialWindow(MAX_WINDOW));
    const id = sendCall(peer, "z".repeat(70_000));
    await peer.first(() => peer.dataOf(id) === DEFAULT_WINDOW_SIZE);
    await peer.settled();
    expect(peer.dataOf(id)).toBe(DEFAULT_WINDOW_SIZE);
  });
});

describe("5.2 our windows", () => {
  const chunk = Buffer.alloc(16_000);
  test("a peer that sends over the connection's", async () => {
    using peer = await RawPeer.open(served.port);
    // Streams that do not read: their own windows are larger.
    const id = openCall(peer, echoPaths.clientStream);
    const claim = Buffer.concat([Buffer.of(0), uint32(1_000_000)]);
    peer.send(frame(FRAME_DATA, 0, id, claim));
    for (let i = 0; i < 10; i++) peer.send(frame(FRAME_DATA, 0, id, chunk));
    await peer.settled();
    // Honest senders get credit: 160,000 bytes are more than the window.
    expect(peer.received.some(({ type, id: of }) => type === FRAME_WINDOW_UPDATE && of === 0)).toBe(true);
  });
  test("a peer that sends over a stream's, to a handler that does not read", async () => {
    await using slow = await startRawServer(
      { http2: { streamWindow: 1000, maxStreamWindow: 1000 } },
      { echoClientStream: async () => new Promise(() => {}) },
    );
    using peer = await RawPeer.open(slow.port);
    await peer.settled();
    const id = openCall(peer, echoPaths.clientStream);
    const message = echoMessage("x".repeat(193));
    expect(message).toHaveLength(200 + 1);
    for (let i = 0; i < 5; i++) peer.send(frame(FRAME_DATA, 0, id, message));
    await expectReset(peer, id, FLOW_CONTROL_ERROR);
  });
  test("a stream that is opened before our SETTINGS are known has RFC 9113's window", async () => {
    await using small = await startRawServer({ http2: { streamWindow: 10, maxStreamWindow: 10 } });
    using peer = await RawPeer.connect(small.port);
    peer.acknowledges = false;
    peer.send(Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), settings());
    await goodCall(peer, "x".repeat(1000));
  });
  test("a slow handler stops its own sender alone; what it reads is given back", async () => {
    let read: () => void = () => {};
    const go = new Promise<void>((resolve) => {
      read = resolve;
    });
    await using slow = await startRawServer(
      { http2: { streamWindow: 70_000, maxStreamWindow: 70_000 } },
      {
        echoClientStream: async (requests) => {
          await go;
          let count = 0;
          for await (const _ of requests) count++;
          return { text: "", count };
        },
      },
    );
    using peer = await RawPeer.open(slow.port);
    const id = openCall(peer, echoPaths.clientStream);
    const message = echoMessage("x".repeat(9_000));
    for (let i = 0; i < 7; i++) peer.send(frame(FRAME_DATA, 0, id, message));
    await goodCall(peer);
    expect(peer.of(id)).toEqual([]);
    read();
    const update = await peer.first((each) => each.id === id && each.type === FRAME_WINDOW_UPDATE);
    expect(update.payload.readUInt32BE(0) % message.length).toBe(0);
    peer.send(frame(FRAME_DATA, FLAG_END_STREAM, id));
    expect((await outcome(peer, id)).fields["grpc-status"]).toBe("0");
  });
  test("what comes for a stream that is over is given back to the connection", async () => {
    const window = 200_000;
    await using deaf = await startRawServer(
      { http2: { connectionWindow: window, maxUnreadBytes: 50_000 } },
      { echoClientStream: () => Promise.reject(new ServerError(Status.ABORTED, "not today")) },
    );
    using peer = await RawPeer.open(deaf.port);
    const id = openCall(peer, echoPaths.clientStream);
    expect((await outcome(peer, id)).fields["grpc-status"]).toBe(String(Status.ABORTED));
    for (let sent = 0; sent < 3 * window; sent += 6 * chunk.length) {
      for (let i = 0; i < 6; i++) peer.send(frame(FRAME_DATA, 0, id, chunk));
      // oxlint-disable-next-line no-await-in-loop
      await goodCall(peer);
    }
  });
  test("padding is given back", async () => {
    using peer = await RawPeer.open(served.port);
    const id = openCall(peer);
    const padding = Buffer.concat([Buffer.of(255), Buffer.alloc(255)]);
    for (let i = 0; i < 1000; i++) peer.send(frame(FRAME_DATA, FLAG_PADDED, id, padding));
    await peer.settled();
    await goodCall(peer);
  });
});
