import { describe, expect, test } from "@jest/globals";
import { frame } from "@callwire/testkit/wire";
import { Status } from "nice-grpc-common";
import {
  DEFAULT_WINDOW_SIZE,
  FLAG_END_STREAM,
  FLAG_PADDED,
  FRAME_DATA,
  FRAME_HEADERS,
  FRAME_WINDOW_UPDATE,
  SETTING_INITIAL_WINDOW_SIZE,
} from "../http2/constants.js";
import { defaultConnectionOptions } from "../http2/connection-options.js";
import { ErrorCode } from "../http2/errors.js";
import { echoMessage, expectGoAway, outcome } from "../testing/raw-calls.js";
import { settings, uint32, type RawPeer } from "../testing/raw-peer.js";
import {
  expectConnectionError,
  expectStreamError,
  goodEcho,
  okTrailers,
  openRawEcho,
  openRequest,
  responseHeaders,
  takeCall,
  takeCancelled,
  wholeResponse,
} from "../testing/raw-server-peer.js";
import { deferred, failureOf } from "../testing/outcomes.js";

const { PROTOCOL_ERROR, FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR } = ErrorCode;
const MAX_WINDOW = 0x7fff_ffff;
const TEXT = "x".repeat(100);
/** What a request of this text takes. */
const REQUEST = echoMessage(TEXT).length;

const initialWindow = (size: number): Buffer => settings([SETTING_INITIAL_WINDOW_SIZE, size]);

describe("6.9 WINDOW_UPDATE", () => {
  const update = (id: number, payload: Buffer): Buffer => frame(FRAME_WINDOW_UPDATE, 0, id, payload);

  test.each([
    ["of 0 on the connection", update(0, uint32(0)), PROTOCOL_ERROR],
    ["of 0 on the connection, and the reserved bit", update(0, uint32(0x8000_0000)), PROTOCOL_ERROR],
    ["over the connection's largest window", update(0, uint32(MAX_WINDOW)), FLOW_CONTROL_ERROR],
    ["of 3 bytes", update(0, Buffer.alloc(3)), FRAME_SIZE_ERROR],
    ["of 5 bytes on a stream", update(1, Buffer.alloc(5)), FRAME_SIZE_ERROR],
    ["on a stream that is idle", update(3, uint32(1)), PROTOCOL_ERROR],
  ])("%s", (_, bytes, code) => expectConnectionError(code, bytes));
  test.each([
    ["of 0 on a stream", 0, PROTOCOL_ERROR],
    ["of 0 on a stream, and the reserved bit", 0x8000_0000, PROTOCOL_ERROR],
    ["over a stream's largest window", MAX_WINDOW, FLOW_CONTROL_ERROR],
  ])("%s", (_, increment, code) => expectStreamError(code, (__, id) => update(id, uint32(increment))));
});

describe("6.9.1 the server's windows hold the client's DATA", () => {
  /** Answers a request that is complete, and looks at the answer. */
  async function finish(peer: RawPeer, id: number, call: Promise<{ text: string }>): Promise<void> {
    await outcome(peer, id);
    peer.send(wholeResponse(peer, id));
    expect(await call).toEqual({ text: "answer" });
  }

  test("a stream's window of 0 holds all of a message, and a byte less than it needs its last byte", async () => {
    await using raw = await openRawEcho({ greeting: initialWindow(0) });
    const { peer } = raw;
    const call = raw.client.echoUnary({ text: TEXT });
    const id = await takeCall(peer);
    await peer.settled();
    expect(peer.of(id).map(({ type }) => type)).toEqual([FRAME_HEADERS]);
    peer.send(peer.grant(REQUEST - 1, id));
    await peer.settled();
    expect(peer.dataOf(id)).toBe(REQUEST - 1);
    expect(peer.of(id).some(({ flags }) => (flags & FLAG_END_STREAM) !== 0)).toBe(false);
    peer.send(peer.grant(1, id));
    await finish(peer, id, call);
    expect(peer.dataOf(id)).toBe(REQUEST);
  });

  test("a window of 1 byte: byte by byte", async () => {
    await using raw = await openRawEcho({ greeting: initialWindow(1) });
    const { peer } = raw;
    const call = raw.client.echoUnary({ text: TEXT });
    const id = await takeCall(peer);
    for (let sent = 1; sent < REQUEST; sent++) {
      await peer.first(() => peer.dataOf(id) === sent);
      peer.send(peer.grant(1, id));
    }
    await finish(peer, id, call);
    const data = peer.of(id).filter(({ type }) => type === FRAME_DATA);
    expect(data.map(({ payload }) => payload.length)).toEqual(Array.from({ length: REQUEST }, () => 1));
  });

  test("an end without a message needs no window", async () => {
    await using raw = await openRawEcho({ greeting: initialWindow(0) });
    const { peer } = raw;
    const call = raw.client.echoClientStream((async function* () {})());
    const id = await takeCall(peer);
    await outcome(peer, id);
    peer.send(wholeResponse(peer, id));
    expect(await call).toMatchObject({ text: "answer" });
  });

  test("a stream whose window is shut holds no other one", async () => {
    await using raw = await openRawEcho({ greeting: initialWindow(0) });
    const { peer } = raw;
    const first = raw.client.echoUnary({ text: TEXT });
    const firstId = await takeCall(peer);
    const second = raw.client.echoUnary({ text: TEXT });
    const secondId = await takeCall(peer);
    peer.send(peer.grant(REQUEST, secondId));
    await finish(peer, secondId, second);
    expect(peer.dataOf(firstId)).toBe(0);
    peer.send(peer.grant(REQUEST, firstId));
    await finish(peer, firstId, first);
  });

  test("the connection's window of 0, then 1, holds all streams, however open theirs are", async () => {
    await using raw = await openRawEcho({ greeting: initialWindow(MAX_WINDOW) });
    const { peer } = raw;
    const texts = ["a", "b", "c"].map((letter) => letter.repeat(30_000));
    const calls = texts.map((text) => raw.client.echoUnary({ text }));
    const ids = [await takeCall(peer), await takeCall(peer), await takeCall(peer)];
    const sent = (): number => ids.reduce((sum, id) => sum + peer.dataOf(id), 0);
    await peer.first(() => sent() === DEFAULT_WINDOW_SIZE);
    await peer.settled();
    expect(sent()).toBe(DEFAULT_WINDOW_SIZE);
    for (const byte of [1, 2, 3]) {
      peer.send(peer.grant(1));
      await peer.settled();
      expect(sent()).toBe(DEFAULT_WINDOW_SIZE + byte);
    }
    // A stream's own window does not help.
    const late = raw.client.echoUnary({ text: TEXT });
    const lateId = await takeCall(peer);
    await peer.settled();
    expect(peer.dataOf(lateId)).toBe(0);
    peer.send(peer.grant(1_000_000));
    for (const [i, id] of ids.entries()) await finish(peer, id, calls[i]!);
    await finish(peer, lateId, late);
    expect(sent()).toBe(texts.reduce((sum, text) => sum + echoMessage(text).length, 0));
  });

  test("what a call had not sent when it was cancelled leaves the connection's window to the others", async () => {
    await using raw = await openRawEcho({ greeting: initialWindow(MAX_WINDOW) });
    const { peer } = raw;
    const cancel = new AbortController();
    const failure = failureOf(raw.client.echoUnary({ text: "y".repeat(100_000) }, { signal: cancel.signal }));
    const id = await takeCall(peer);
    await peer.first(() => peer.dataOf(id) === DEFAULT_WINDOW_SIZE);
    cancel.abort();
    await failure;
    await peer.reset(id);
    peer.send(peer.grant(1000));
    await goodEcho(raw, peer);
    await peer.settled();
    expect(peer.dataOf(id)).toBe(DEFAULT_WINDOW_SIZE);
  });
});

describe("6.9.2 the initial window", () => {
  test("a change moves the windows of streams that are open, also below 0: it counts from there", async () => {
    await using raw = await openRawEcho({ greeting: initialWindow(10) });
    const { peer } = raw;
    const call = raw.client.echoUnary({ text: TEXT });
    const id = await takeCall(peer);
    const sentAfter = async (...parts: Buffer[]): Promise<number> => {
      peer.send(...parts);
      await peer.settled();
      return peer.dataOf(id);
    };
    expect(await sentAfter()).toBe(10);
    expect(await sentAfter(initialWindow(13))).toBe(13);
    expect(await sentAfter(initialWindow(3))).toBe(13);
    expect(await sentAfter(peer.grant(10, id))).toBe(13);
    expect(await sentAfter(peer.grant(1, id))).toBe(14);
    expect(await sentAfter(initialWindow(2), initialWindow(4))).toBe(15);
    expect(await sentAfter(initialWindow(1000))).toBe(REQUEST);
    peer.send(wholeResponse(peer, id));
    expect(await call).toEqual({ text: "answer" });
  });

  test("below 0, an end without a message is sent all the same", async () => {
    await using raw = await openRawEcho({ greeting: initialWindow(REQUEST) });
    const { peer } = raw;
    const ended = deferred();
    const call = raw.client.echoClientStream(
      (async function* () {
        yield { text: TEXT };
        await ended.promise;
      })(),
    );
    const id = await takeCall(peer);
    await peer.first(() => peer.dataOf(id) === REQUEST);
    peer.send(initialWindow(0));
    await peer.settled();
    ended.resolve();
    await outcome(peer, id);
    peer.send(wholeResponse(peer, id));
    expect(await call).toMatchObject({ text: "answer" });
  });

  test("a change that makes a window too large", async () => {
    await using raw = await openRawEcho();
    const { peer } = raw;
    const failure = failureOf(raw.client.echoClientStream(openRequest()));
    const id = await takeCall(peer);
    peer.send(peer.grant(MAX_WINDOW - DEFAULT_WINDOW_SIZE, id), initialWindow(DEFAULT_WINDOW_SIZE + 1));
    await expectGoAway(peer, FLOW_CONTROL_ERROR);
    expect((await failure).code).toBe(Status.UNAVAILABLE);
  });
});

describe("5.2 the client's windows", () => {
  const { streamWindow, connectionWindow } = defaultConnectionOptions;
  /** A message that fills a frame, as DATA. */
  const full = (id: number): Buffer => frame(FRAME_DATA, 0, id, echoMessage("x".repeat(16_384 - 8)));

  test("a server that sends over a stream's window, which nobody reads", async () => {
    await using raw = await openRawEcho();
    const { peer } = raw;
    const answers = raw.client.echoServerStream({ text: "a", count: 1 })[Symbol.asyncIterator]();
    const first = answers.next();
    const id = await takeCall(peer);
    peer.send(responseHeaders(peer, id), full(id));
    await first;
    // The first one is used up, and too little to be given back.
    for (let sent = 2 * 16_384; sent <= streamWindow; sent += 16_384) peer.send(full(id));
    await goodEcho(raw, peer);
    await peer.settled();
    // The window is full to its last byte: neither opened again, nor passed.
    expect(peer.of(id).map(({ type }) => type)).toEqual([FRAME_HEADERS, FRAME_DATA]);
    peer.send(frame(FRAME_DATA, 0, id, Buffer.alloc(1)));
    expect(await peer.reset(id)).toBe(FLOW_CONTROL_ERROR);
    const rest = failureOf(
      (async () => {
        while ((await answers.next()).done !== true);
      })(),
    );
    expect((await rest).code).toBe(Status.INTERNAL);
    await goodEcho(raw, peer);
  });

  test("what is read is given back to the stream, and padding at once", async () => {
    await using raw = await openRawEcho();
    const { peer } = raw;
    const answers = raw.client.echoServerStream({ text: "a", count: 1 })[Symbol.asyncIterator]();
    const first = answers.next();
    const id = await takeCall(peer);
    peer.send(responseHeaders(peer, id));
    const padding = frame(FRAME_DATA, FLAG_PADDED, id, Buffer.concat([Buffer.of(255), Buffer.alloc(255)]));
    // Half a window is worth a WINDOW_UPDATE.
    for (let sent = 0; sent < streamWindow / 2; sent += 256) peer.send(padding);
    const update = await peer.first((each) => each.id === id && each.type === FRAME_WINDOW_UPDATE);
    expect(update.payload.readUInt32BE(0)).toBe(streamWindow / 2);
    peer.send(full(id));
    expect((await first).done).toBe(false);
    for (let sent = 16_384; sent < streamWindow / 2; sent += 16_384) {
      peer.send(full(id));
      await answers.next();
    }
    await peer.first((each) => each !== update && each.id === id && each.type === FRAME_WINDOW_UPDATE);
    peer.send(okTrailers(peer, id));
    expect((await answers.next()).done).toBe(true);
  });

  test("what comes for a call that is cancelled is given back to the connection", async () => {
    await using raw = await openRawEcho();
    const { peer } = raw;
    const id = await takeCancelled(raw, peer);
    await peer.settled();
    const before = peer.received.length;
    for (let sent = 0; sent < connectionWindow / 2; sent += 16_384) peer.send(full(id));
    await peer.settled();
    const updates = peer.received.slice(before).filter(({ type }) => type === FRAME_WINDOW_UPDATE);
    expect(updates.map((each) => [each.id, each.payload.readUInt32BE(0)])).toEqual([
      [0, connectionWindow / 2],
    ]);
    await goodEcho(raw, peer);
  });
});
