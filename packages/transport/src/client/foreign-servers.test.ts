import { describe, expect, test } from "@jest/globals";
import { Metadata, Status } from "nice-grpc-common";
import { frame } from "@callwire/testkit/wire";
import { defaultAbuseLimits, type AbuseLimits } from "../http2/abuse-guard.js";
import {
  FLAG_END_STREAM,
  FRAME_DATA,
  FRAME_PING,
  FRAME_PRIORITY,
  FRAME_RST_STREAM,
} from "../http2/constants.js";
import { ErrorCode } from "../http2/errors.js";
import { failureOf } from "../testing/outcomes.js";
import { dataFrames, echoMessage, expectGoAway, outcome } from "../testing/raw-calls.js";
import { uint32, type RawPeer } from "../testing/raw-peer.js";
import {
  goodEcho,
  okTrailers,
  openRawEcho,
  openRequest,
  responseHeaders,
  takeCall,
  takeCancelled,
  takeRequest,
  wholeResponse,
} from "../testing/raw-server-peer.js";

/** No frame of this kind is forgiven, but for those that come beside calls. */
function without(...kinds: (keyof AbuseLimits)[]) {
  const none = { burst: 0, perSecond: 0 };
  const abuse = { ...defaultAbuseLimits, ...Object.fromEntries(kinds.map((kind) => [kind, none])) };
  return { channel: { http2: { abuse } } };
}

/** What a C++ server sends when its handler returns after the deadline. */
function endTwice(peer: RawPeer, id: number): void {
  for (let i = 0; i < 2; i++) {
    peer.send(peer.headers(id, { "grpc-status": "4", [`x-late-${i}`]: "table" }, FLAG_END_STREAM));
    peer.send(frame(FRAME_RST_STREAM, 0, id, uint32(ErrorCode.NO_ERROR)));
  }
}

describe("late frames of calls that are over are passed over", () => {
  test("a server that ends a call twice, again and again, beside another call", async () => {
    await using raw = await openRawEcho(without("lateFrames", "resetsReceived"));
    const { client, peer } = raw;
    const other = client.echoUnary({ text: "other" });
    const otherId = await takeRequest(peer);
    for (let i = 0; i < 100; i++) {
      endTwice(peer, await takeCancelled(raw, peer));
      const failure = failureOf(client.echoUnary({ text: "a" }));
      endTwice(peer, await takeRequest(peer));
      expect((await failure).code).toBe(Status.INTERNAL);
    }
    peer.send(wholeResponse(peer, otherId, "undisturbed"));
    expect(await other).toEqual({ text: "undisturbed" });
    // The table is the same on both sides.
    await goodEcho(raw, peer);
    expect(raw.peers).toHaveLength(1);
  });
  test("also while the response is not read to its end, and the request goes on", async () => {
    await using raw = await openRawEcho();
    const { client, peer } = raw;
    const answers = client.echoBidiStream(openRequest("a"))[Symbol.asyncIterator]();
    const first = answers.next();
    const id = await takeCall(peer);
    peer.send(
      responseHeaders(peer, id),
      dataFrames(id, echoMessage("one")),
      dataFrames(id, echoMessage("two")),
    );
    expect(await first).toMatchObject({ value: { text: "one" } });
    peer.send(okTrailers(peer, id));
    endTwice(peer, id);
    await peer.settled();
    expect(await answers.next()).toMatchObject({ value: { text: "two" } });
    expect(await answers.next()).toMatchObject({ done: true });
    await goodEcho(raw, peer);
  });
  test("they are counted: a flood of them ends the connection", async () => {
    await using raw = await openRawEcho(without("lateFrames"));
    const id = raw.peer.nextId;
    await goodEcho(raw, raw.peer);
    for (let i = 0; i < 10; i++) raw.peer.send(dataFrames(id, echoMessage("late")));
    await expectGoAway(raw.peer, ErrorCode.ENHANCE_YOUR_CALM);
  });
});

describe("what servers send with each answer is no abuse", () => {
  const noise: [string, keyof AbuseLimits, (peer: RawPeer, id: number) => Buffer][] = [
    ["an empty DATA frame, as Apache", "emptyData", (_, id) => frame(FRAME_DATA, 0, id)],
    [
      "RST_STREAM behind the trailers, as a server that refuses an open request",
      "resetsReceived",
      (_, id) => frame(FRAME_RST_STREAM, 0, id, uint32(ErrorCode.NO_ERROR)),
    ],
    [
      "PRIORITY, and a frame that nobody knows",
      "ignoredFrames",
      (_, id) => Buffer.concat([frame(FRAME_PRIORITY, 0, id, Buffer.of(0, 0, 0, 0, 15)), frame(0xbe, 0, id)]),
    ],
  ];
  test.each(noise)("%s", async (_, kind, make) => {
    await using raw = await openRawEcho(without(kind, "lateFrames"));
    const { client, peer } = raw;
    for (let i = 0; i < 200; i++) {
      const call = client.echoUnary({ text: "a" });
      const id = await takeRequest(peer);
      peer.send(responseHeaders(peer, id), dataFrames(id, echoMessage("answer")));
      if (kind !== "resetsReceived") peer.send(make(peer, id));
      peer.send(okTrailers(peer, id));
      if (kind === "resetsReceived") peer.send(make(peer, id));
      expect(await call).toEqual({ text: "answer" });
    }
    expect(raw.peers).toHaveLength(1);
  });
  test.each(noise.filter(([, kind]) => kind !== "resetsReceived"))(
    "without answers it is: %s",
    async (_, kind, make) => {
      await using raw = await openRawEcho(without(kind));
      const failure = failureOf(raw.client.echoUnary({ text: "a" }));
      const id = await takeRequest(raw.peer);
      raw.peer.send(responseHeaders(raw.peer, id));
      for (let i = 0; i < 20; i++) raw.peer.send(make(raw.peer, id));
      await expectGoAway(raw.peer, ErrorCode.ENHANCE_YOUR_CALM);
      expect((await failure).code).toBe(Status.UNAVAILABLE);
    },
  );
});

describe("a server's answers never end the connection by their number", () => {
  const answers: [string, Status, (peer: RawPeer, id: number) => Buffer][] = [
    [
      "refusals of requests that are open",
      Status.PERMISSION_DENIED,
      (peer, id) =>
        Buffer.concat([
          peer.headers(
            id,
            { ":status": "200", "content-type": "application/grpc", "grpc-status": "7" },
            FLAG_END_STREAM,
          ),
          frame(FRAME_RST_STREAM, 0, id, uint32(ErrorCode.NO_ERROR)),
        ]),
    ],
    [
      "resets",
      Status.RESOURCE_EXHAUSTED,
      (_, id) => frame(FRAME_RST_STREAM, 0, id, uint32(ErrorCode.ENHANCE_YOUR_CALM)),
    ],
    [
      "malformed answers, that we must reset",
      Status.INTERNAL,
      (peer, id) => peer.headers(id, { ":status": "2000" }),
    ],
  ];
  test.each(answers)("%s", async (_, code, make) => {
    await using raw = await openRawEcho(without("resetsReceived", "resetsProvoked", "lateFrames"));
    const { client, peer } = raw;
    const first = peer.nextId;
    const failures = Array.from({ length: 300 }, () => failureOf(client.echoClientStream(openRequest("a"))));
    for (let i = 0; i < failures.length; i++) peer.send(make(peer, await takeCall(peer)));
    expect(new Set((await Promise.all(failures)).map((error) => error.code))).toEqual(new Set([code]));
    expect(peer.nextId).toBe(first + 2 * failures.length);
    await goodEcho(raw, peer);
    expect(raw.peers).toHaveLength(1);
  });
});

test("6,000 calls with 1.5 KiB of metadata at once, over a link that is slow", async () => {
  await using raw = await openRawEcho();
  const { client, peer } = raw;
  await goodEcho(raw, peer);
  peer.socket.pause();
  const calls = Array.from({ length: 6000 }, async (_, i) =>
    client.echoUnary({ text: "a" }, { metadata: Metadata({ "x-long": `${i}`.padEnd(1536, "x") }) }),
  );
  // Megabytes wait in the client, and it reads what the server says meanwhile: calls that are cancelled say so.
  peer.send(...Array.from({ length: 10 }, () => frame(FRAME_PING, 0, 0, Buffer.alloc(8))));
  const cancelled = frame(FRAME_RST_STREAM, 0, peer.nextId, uint32(ErrorCode.CANCEL));
  peer.send(cancelled);
  const failure = failureOf(calls.shift()!);
  expect((await failure).code).toBe(Status.CANCELLED);
  peer.nextId += 2;
  peer.socket.resume();
  peer.send(peer.grant(1 << 20));
  const last = peer.nextId + 2 * (calls.length - 1);
  await outcome(peer, last);
  for (let id = peer.nextId; id <= last; id += 2) peer.send(wholeResponse(peer, id));
  expect(new Set((await Promise.all(calls)).map(({ text }) => text))).toEqual(new Set(["answer"]));
  expect(raw.peers).toHaveLength(1);
});
