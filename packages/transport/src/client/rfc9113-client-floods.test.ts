import { once } from "node:events";
import { setImmediate } from "node:timers/promises";
import { describe, expect, test } from "@jest/globals";
import { frame } from "@callwire/testkit/wire";
import { Status } from "nice-grpc-common";
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
  MAX_31_BITS,
} from "../http2/constants.js";
import { ErrorCode } from "../http2/errors.js";
import { MAX_INFORMATIONAL_BYTES } from "./attempt.js";
import { many, strictAbuse } from "../testing/floods.js";
import { collect, failureOf } from "../testing/outcomes.js";
import { dataFrames, echoMessage } from "../testing/raw-calls.js";
import { literals, settings, uint32, type RawPeer } from "../testing/raw-peer.js";
import {
  goodEcho,
  okTrailers,
  openRawEcho,
  openRequest,
  responseHeaders,
  takeCall,
  takeRequest,
  wholeResponse,
  type RawEcho,
} from "../testing/raw-server-peer.js";

const { NO_ERROR, CANCEL, ENHANCE_YOUR_CALM } = ErrorCode;
const strict = { channel: { http2: { abuse: strictAbuse } } };

/** HEADERS that leave the table of the connection as it is. */
const headersFrame = (id: number, fields: [string, string][], flags = 0): Buffer =>
  frame(FRAME_HEADERS, FLAG_END_HEADERS | flags, id, literals(fields));
const earlyHints = (id: number): Buffer => headersFrame(id, [[":status", "103"]]);

/** Says this again and again, until the client has closed the connection. */
async function flood({ socket }: RawPeer, bytes: Buffer): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    socket.once("close", () => resolve());
  });
  while (!socket.destroyed) {
    // The end of the connection is heard of between the writes.
    const next = socket.write(bytes) ? setImmediate() : once(socket, "drain").catch(() => {});
    // oxlint-disable-next-line no-await-in-loop
    await Promise.race([next, closed]);
  }
  await closed;
}

/** Makes a call on another connection than the first. */
async function goodEchoAfter(raw: RawEcho): Promise<void> {
  raw.channel.getConnectivityState(true);
  await goodEcho(raw, await raw.accepted(1));
}

describe("8.1 informational responses without end", () => {
  const calls: [string, (raw: RawEcho) => Promise<unknown>][] = [
    ["a unary call", ({ client }) => client.echoUnary({ text: "a" })],
    ["a stream of requests", ({ client }) => client.echoClientStream(openRequest("a"))],
    ["a stream of responses", ({ client }) => collect(client.echoServerStream({ text: "a" }))],
    ["both", ({ client }) => collect(client.echoBidiStream(openRequest("a")))],
  ];
  test.each(calls)("end the call alone: %s", async (_, begin) => {
    await using raw = await openRawEcho();
    const { peer } = raw;
    const failure = failureOf(begin(raw));
    const id = await takeCall(peer);
    peer.send(many(earlyHints(id)));
    expect(await failure).toMatchObject({
      code: Status.RESOURCE_EXHAUSTED,
      details: `informational responses of 16422 bytes, where ${MAX_INFORMATIONAL_BYTES} are allowed`,
    });
    expect(await peer.reset(id)).toBe(CANCEL);
    await goodEcho(raw, peer);
    expect(raw.peers).toHaveLength(1);
  });

  test("few, but large", async () => {
    await using raw = await openRawEcho();
    const { peer } = raw;
    const failure = failureOf(raw.client.echoUnary({ text: "a" }));
    const id = await takeRequest(peer);
    for (let i = 0; i < 2; i++)
      peer.send(peer.headers(id, { ":status": "103", link: `${i}`.repeat(10_000) }));
    expect((await failure).code).toBe(Status.RESOURCE_EXHAUSTED);
    await goodEcho(raw, peer);
  });

  test("no more of them than a smaller limit of metadata allows", async () => {
    await using raw = await openRawEcho({ channel: { http2: { maxHeaderListSize: 4096 } } });
    const { peer } = raw;
    const failure = failureOf(raw.client.echoUnary({ text: "a" }));
    peer.send(many(earlyHints(await takeRequest(peer)), 98));
    expect((await failure).details).toContain("where 4096 are allowed");
    await goodEcho(raw, peer);
  });

  test("that go on after the call end the connection", async () => {
    await using raw = await openRawEcho(strict);
    const failure = failureOf(raw.client.echoUnary({ text: "a" }));
    const id = await takeRequest(raw.peer);
    await flood(raw.peer, many(earlyHints(id)));
    expect((await failure).code).toBe(Status.RESOURCE_EXHAUSTED);
    await goodEchoAfter(raw);
  });

  test("a hundred before an answer are passed over", async () => {
    await using raw = await openRawEcho();
    const call = raw.client.echoUnary({ text: "a" });
    const id = await takeRequest(raw.peer);
    raw.peer.send(many(earlyHints(id), 100), wholeResponse(raw.peer, id));
    expect(await call).toEqual({ text: "answer" });
  });
});

describe("10.5 a server's flood ends the connection with ENHANCE_YOUR_CALM, and the next call has another one", () => {
  /** What comes once, and what comes again and again, beside a call that waits for its answer. */
  const floods: [string, (peer: RawPeer, id: number) => [once: Buffer, again: Buffer]][] = [
    ["PING", () => [Buffer.alloc(0), frame(FRAME_PING, 0, 0, Buffer.alloc(8))]],
    ["answers to no PING", () => [Buffer.alloc(0), frame(FRAME_PING, FLAG_ACK, 0, Buffer.alloc(8))]],
    ["SETTINGS", () => [Buffer.alloc(0), settings()]],
    ["acknowledgements of no SETTINGS", () => [Buffer.alloc(0), frame(FRAME_SETTINGS, FLAG_ACK, 0)]],
    ["unknown frames", (_, id) => [Buffer.alloc(0), frame(0xfa, 0, id)]],
    ["PRIORITY", (_, id) => [Buffer.alloc(0), frame(FRAME_PRIORITY, 0, id, Buffer.of(0, 0, 0, 0, 15))]],
    ["GOAWAY", (_, id) => [Buffer.alloc(0), frame(FRAME_GOAWAY, 0, 0, uint32(id, NO_ERROR))]],
    ["WINDOW_UPDATE", () => [Buffer.alloc(0), frame(FRAME_WINDOW_UPDATE, 0, 0, uint32(1))]],
    [
      "WINDOW_UPDATE of the stream",
      (_, id) => [Buffer.alloc(0), frame(FRAME_WINDOW_UPDATE, 0, id, uint32(1))],
    ],
    ["empty DATA", (peer, id) => [responseHeaders(peer, id), frame(FRAME_DATA, 0, id)]],
    [
      "DATA of padding alone",
      (peer, id) => [responseHeaders(peer, id), frame(FRAME_DATA, 0x8, id, Buffer.of(3, 0, 0, 0))],
    ],
    ["CONTINUATION without end", (_, id) => [frame(FRAME_HEADERS, 0, id), frame(FRAME_CONTINUATION, 0, id)]],
  ];
  test.each(floods)("%s", async (_, make) => {
    await using raw = await openRawEcho(strict);
    const { peer } = raw;
    const failure = failureOf(raw.client.echoUnary({ text: "a" }));
    const [first, again] = make(peer, await takeRequest(peer));
    peer.send(first);
    await flood(peer, many(again));
    // A peer that still sends may see the reset before the GOAWAY.
    expect([ENHANCE_YOUR_CALM, "closed"]).toContain(await peer.goAway());
    const { code, details } = await failure;
    expect(code).toBe(Status.UNAVAILABLE);
    expect(details).toMatch(/the connection to .* was lost: \S/);
    await goodEchoAfter(raw);
  });

  /** The end of a call, and what comes after it, again and again. */
  const lateFrames: [string, (id: number) => Buffer][] = [
    ["trailers", (id) => headersFrame(id, [["grpc-status", "0"]], FLAG_END_STREAM)],
    ["RST_STREAM", (id) => frame(FRAME_RST_STREAM, 0, id, uint32(CANCEL))],
    ["DATA", (id) => frame(FRAME_DATA, 0, id, Buffer.alloc(1))],
    ["WINDOW_UPDATE", (id) => frame(FRAME_WINDOW_UPDATE, 0, id, uint32(1))],
  ];
  test.each(lateFrames)("%s of a call that is over", async (_, late) => {
    await using raw = await openRawEcho(strict);
    const id = raw.peer.nextId;
    await goodEcho(raw, raw.peer);
    await flood(raw.peer, many(late(id)));
    await goodEchoAfter(raw);
  });
});

test("5.1: header blocks of a call that is over count by their size", async () => {
  const abuse = { ...strictAbuse, lateFrames: { burst: 99, perSecond: 0 } };
  await using raw = await openRawEcho({ channel: { http2: { abuse } } });
  const id = raw.peer.nextId;
  await goodEcho(raw, raw.peer);
  const late = headersFrame(id, [
    [":status", "103"],
    ["link", "x".repeat(100)],
  ]);
  // Six do not count beside a call and the next; each of the others, of 178 bytes, counts for 3.
  raw.peer.send(...Array.from({ length: 6 + 33 }, () => late));
  await raw.peer.settled();
  expect(raw.peer.closed).toBe(false);
  raw.peer.send(late);
  expect([ENHANCE_YOUR_CALM, "closed"]).toContain(await raw.peer.goAway());
  await goodEchoAfter(raw);
});

describe("8.1 trailers twice, in one write", () => {
  test.each([
    ["the request being whole", false],
    ["the request being open", true],
  ])("%s: the first ones count, and the connection goes on", async (_, isOpen) => {
    await using raw = await openRawEcho();
    const { client, peer } = raw;
    const call = isOpen ? client.echoClientStream(openRequest("a")) : client.echoUnary({ text: "a" });
    const id = isOpen ? await takeCall(peer) : await takeRequest(peer);
    const more = headersFrame(id, [["grpc-status", "13"]], FLAG_END_STREAM);
    peer.send(responseHeaders(peer, id), dataFrames(id, echoMessage("answer")), okTrailers(peer, id), more);
    await call;
    await goodEcho(raw, peer);
    expect(raw.peers).toHaveLength(1);
  });
});

test("6.8: a call that a GOAWAY has left out stays so, though the id of a later one is higher", async () => {
  await using raw = await openRawEcho();
  const { client, peer } = raw;
  const first = client.echoUnary({ text: "first" });
  const firstId = await takeRequest(peer);
  const second = client.echoUnary({ text: "second" });
  const secondId = await takeRequest(peer);
  peer.send(frame(FRAME_GOAWAY, 0, 0, uint32(firstId, NO_ERROR)));
  const other = await raw.accepted(1);
  const again = await takeRequest(other);
  peer.send(frame(FRAME_GOAWAY, 0, 0, uint32(MAX_31_BITS, NO_ERROR)));
  peer.send(wholeResponse(peer, secondId, "left out"), wholeResponse(peer, firstId, "one"));
  expect(await first).toEqual({ text: "one" });
  other.send(wholeResponse(other, again, "two"));
  expect(await second).toEqual({ text: "two" });
});
