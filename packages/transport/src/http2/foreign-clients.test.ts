import { describe, expect, test } from "@jest/globals";
import { frame } from "@callwire/testkit/wire";
import {
  dataFrames,
  echoMessage,
  echoPaths,
  expectGoAway,
  goodCall,
  openCall,
  outcome,
  requestFields,
  sendCall,
  startRawServer,
} from "../testing/raw-calls.js";
import { RawPeer, uint32 } from "../testing/raw-peer.js";
import { defaultAbuseLimits, type AbuseLimits } from "./abuse-guard.js";
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
  FRAME_WINDOW_UPDATE,
} from "./constants.js";
import { ErrorCode } from "./errors.js";

/** No frame of this kind is forgiven, but for those that come beside calls. */
function without(...kinds: (keyof AbuseLimits)[]) {
  const none = { burst: 0, perSecond: 0 };
  const abuse = { ...defaultAbuseLimits, ...Object.fromEntries(kinds.map((kind) => [kind, none])) };
  return { http2: { abuse } };
}

/** Opens a stream with a header block of any length. */
function openWith(peer: RawPeer, fields: Record<string, string>): number {
  const id = peer.nextId;
  peer.nextId += 2;
  const block = peer.block(fields);
  const step = 16_384;
  for (let at = 0; at < block.length; at += step) {
    const flags = at + step >= block.length ? FLAG_END_HEADERS : 0;
    peer.send(frame(at === 0 ? FRAME_HEADERS : FRAME_CONTINUATION, flags, id, block.subarray(at, at + step)));
  }
  return id;
}

describe("behind a proxy, one caller of many", () => {
  test.each([17, 200])(
    "with %i KiB of metadata is answered for itself, as often as it comes",
    async (size) => {
      await using served = await startRawServer(without("resetsProvoked", "lateFrames"));
      using peer = await RawPeer.open(served.port);
      for (let i = 0; i < 40; i++) {
        const id = openWith(peer, {
          ...requestFields(),
          "x-long": "~".repeat(size * 1024),
          [`x-${i}`]: "table",
        });
        peer.send(dataFrames(id, echoMessage("x"), FLAG_END_STREAM));
        const { fields } = await outcome(peer, id);
        expect([fields[":status"], fields["grpc-status"]]).toEqual(["200", "8"]);
        expect(decodeURIComponent(fields["grpc-message"]!)).toMatch(
          /^metadata of \d+ bytes, where the server allows 16384$/,
        );
        await goodCall(peer);
      }
    },
  );
  test("that breaks the rules is reset for itself, a thousand times", async () => {
    await using served = await startRawServer();
    using peer = await RawPeer.open(served.port);
    for (let i = 0; i < 1000; i++) {
      const id = openWith(peer, { ...requestFields(), te: "gzip" });
      expect(await peer.reset(id)).toBe(ErrorCode.PROTOCOL_ERROR);
      peer.received.length = 0;
    }
    await goodCall(peer);
  });
  test("15,000 callers that cancel at once", async () => {
    await using served = await startRawServer();
    using peer = await RawPeer.open(served.port);
    for (let i = 0; i < 15_000; i++) {
      const id = sendCall(peer);
      peer.send(frame(FRAME_RST_STREAM, 0, id, uint32(ErrorCode.CANCEL)));
    }
    await peer.settled();
    peer.received.length = 0;
    await goodCall(peer);
  });
});

test("handlers of calls that were reset count until they are through", async () => {
  let running = 0;
  let release = (): void => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  await using served = await startRawServer(
    { ...without("refusedStreams"), limits: { maxConcurrentStreams: 10 } },
    {
      async echoUnary({ text }) {
        if (text === "quick") return { text };
        running++;
        await released;
        return { text };
      },
      async *echoServerStream() {
        running++;
        await released;
        yield { text: "", index: 0 };
      },
    },
  );
  using peer = await RawPeer.open(served.port);
  for (let i = 0; i < 30; i++) {
    const id = openCall(peer, i % 2 === 0 ? echoPaths.unary : echoPaths.serverStream);
    peer.send(dataFrames(id, echoMessage("slow"), FLAG_END_STREAM));
    peer.send(frame(FRAME_RST_STREAM, 0, id, uint32(ErrorCode.CANCEL)));
  }
  const refused = sendCall(peer, "quick");
  expect(await peer.reset(refused)).toBe(ErrorCode.REFUSED_STREAM);
  expect(running).toBe(10);
  release();
  await new Promise((resolve) => setImmediate(resolve));
  await goodCall(peer, "quick");
});

describe("frames that come beside each request are no abuse", () => {
  test.each<[string, keyof AbuseLimits, (id: number) => Buffer]>([
    ["an empty DATA frame", "emptyData", (id) => frame(FRAME_DATA, 0, id)],
    ["PRIORITY", "ignoredFrames", (id) => frame(FRAME_PRIORITY, 0, id, Buffer.of(0, 0, 0, 0, 15))],
    ["PRIORITY_UPDATE (RFC 9218)", "ignoredFrames", (id) => frame(0x10, 0, 0, uint32(id))],
  ])("%s", async (_, kind, make) => {
    await using served = await startRawServer(without(kind));
    using peer = await RawPeer.open(served.port);
    for (let i = 0; i < 100; i++) {
      const id = openCall(peer, echoPaths.unary);
      peer.send(make(id), dataFrames(id, echoMessage("x"), FLAG_END_STREAM));
      expect((await outcome(peer, id)).fields["grpc-status"]).toBe("0");
    }
    // Alone they are.
    const id = openCall(peer);
    for (let i = 0; i < 1000; i++) peer.send(make(id));
    await expectGoAway(peer, ErrorCode.ENHANCE_YOUR_CALM);
  });
});

test("answers to PINGs that were not sent are counted, whatever they say", async () => {
  for (const payload of ["cw-bdp\0\0", "cw-drain", "cw-alive"]) {
    await using served = await startRawServer(without("ignoredFrames"));
    using peer = await RawPeer.open(served.port);
    await goodCall(peer);
    for (let i = 0; i < 20; i++) peer.send(frame(FRAME_PING, FLAG_ACK, 0, Buffer.from(payload, "latin1")));
    await expectGoAway(peer, ErrorCode.ENHANCE_YOUR_CALM);
  }
});

describe("late frames", () => {
  test("trailers of a stream that is over leave the table right, and are counted", async () => {
    await using served = await startRawServer({
      http2: { abuse: { ...defaultAbuseLimits, lateFrames: { burst: 50, perSecond: 0 } } },
    });
    using peer = await RawPeer.open(served.port);
    const id = sendCall(peer);
    await outcome(peer, id);
    for (let i = 0; i < 50; i++) peer.send(peer.headers(id, { [`x-late-${i}`]: "table" }, FLAG_END_STREAM));
    await goodCall(peer);
    peer.send(peer.headers(id, { "x-late": "table" }, FLAG_END_STREAM));
    await expectGoAway(peer, ErrorCode.ENHANCE_YOUR_CALM);
  });
  test.each<[string, number, Buffer]>([
    ["RST_STREAM", FRAME_RST_STREAM, uint32(ErrorCode.REFUSED_STREAM)],
    ["WINDOW_UPDATE", FRAME_WINDOW_UPDATE, uint32(1)],
    ["DATA", FRAME_DATA, Buffer.of(0)],
  ])(
    "6.8: %s of a stream that was numbered and never sent is passed over after our GOAWAY",
    async (_, type, payload) => {
      await using served = await startRawServer();
      using peer = await RawPeer.open(served.port);
      const running = openCall(peer);
      await peer.settled();
      const drained = served.server.drain(10_000);
      const ping = await peer.first((each) => each.type === FRAME_PING && (each.flags & FLAG_ACK) === 0);
      peer.send(frame(type, 0, 101, payload));
      peer.send(frame(FRAME_PING, FLAG_ACK, 0, ping.payload));
      await peer.first((each) => each.type === FRAME_GOAWAY && each.payload.readUInt32BE(0) === running);
      for (let id = 103; id < 203; id += 2) peer.send(frame(type, 0, id, payload));
      peer.send(frame(FRAME_DATA, FLAG_END_STREAM, running, echoMessage("last words")));
      expect((await outcome(peer, running)).fields["grpc-status"]).toBe("0");
      expect(await drained).toEqual({ forced: false, cutOff: [] });
      await expectGoAway(peer, ErrorCode.NO_ERROR);
    },
  );
});

describe("a request that is not gRPC, on a stream that stays open", () => {
  test.each(["application/grpc-web+proto", "application/proto", "application/connect+json", "text/html"])(
    "%s is answered at once",
    async (type) => {
      // Not by the sweep.
      await using served = await startRawServer({ limits: { requestTimeoutMs: Infinity } });
      using peer = await RawPeer.open(served.port);
      const id = openWith(peer, { ...requestFields(), "content-type": type });
      await outcome(peer, id);
      expect(peer.of(id)[0]!.fields[":status"]).toBe("415");
      expect(await peer.reset(id)).toBe(ErrorCode.NO_ERROR);
      peer.send(frame(FRAME_DATA, FLAG_END_STREAM, id, echoMessage("late")));
      await goodCall(peer);
    },
  );
  test("one that says nothing of its type, or GET, likewise", async () => {
    await using served = await startRawServer();
    using peer = await RawPeer.open(served.port);
    const { "content-type": _, ...fields } = requestFields();
    const silent = openWith(peer, fields);
    const get = openWith(peer, { ...requestFields(), ":method": "GET" });
    await Promise.all([outcome(peer, silent), outcome(peer, get)]);
    expect([silent, get].map((id) => peer.of(id)[0]!.fields[":status"])).toEqual(["415", "405"]);
    expect(await Promise.all([peer.reset(silent), peer.reset(get)])).toEqual([0, 0]);
  });
});
