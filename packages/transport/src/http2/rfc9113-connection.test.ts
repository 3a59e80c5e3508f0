import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { frame } from "@callwire/testkit/wire";
import { ServerError, Status, type CallContext } from "nice-grpc-common";
import {
  dataFrames,
  echoMessage,
  echoPaths,
  expectGoAway,
  goodCall,
  outcome,
  requestFields,
  startRawServer,
  type RawServer,
} from "../testing/raw-calls.js";
import { RawPeer, settings, uint32, type RawFrame } from "../testing/raw-peer.js";
import {
  CLIENT_PREFACE,
  FLAG_ACK,
  FLAG_END_STREAM,
  FRAME_GOAWAY,
  FRAME_PING,
  FRAME_SETTINGS,
  SETTING_ENABLE_PUSH,
  SETTING_HEADER_TABLE_SIZE,
  SETTING_INITIAL_WINDOW_SIZE,
  SETTING_MAX_CONCURRENT_STREAMS,
  SETTING_MAX_FRAME_SIZE,
  SETTING_MAX_HEADER_LIST_SIZE,
} from "./constants.js";
import { ErrorCode } from "./errors.js";

const { PROTOCOL_ERROR, FRAME_SIZE_ERROR, FLOW_CONTROL_ERROR, SETTINGS_TIMEOUT, ENHANCE_YOUR_CALM } =
  ErrorCode;
const eight = Buffer.from("12345678", "latin1");

let served: RawServer;
beforeAll(async () => {
  served = await startRawServer({ http2: { handshakeTimeoutMs: 600 } });
});
afterAll(async () => served[Symbol.asyncDispose]());

/** As SETTINGS_MAX_HEADER_LIST_SIZE counts (RFC 9113, section 6.5.2). */
function listSize(fields: Record<string, string>): number {
  return Object.entries(fields).reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0);
}

/** Sends this on a connection of its own, which must end with one of these codes. */
async function refused(codes: number[], ...parts: Buffer[]): Promise<void> {
  using peer = await RawPeer.open(served.port);
  peer.send(...parts);
  await expectGoAway(peer, ...codes);
}

/** Sends this on a connection of its own, which must serve a call after it. */
async function accepted(...parts: Buffer[]): Promise<RawPeer> {
  const peer = await RawPeer.open(served.port);
  peer.send(...parts);
  await goodCall(peer);
  peer.close();
  return peer;
}

describe("3.4 the preface", () => {
  test("the server's first frame is SETTINGS", async () => {
    using peer = await RawPeer.open(served.port);
    expect(peer.received[0]).toMatchObject({ type: FRAME_SETTINGS, flags: 0, id: 0 });
  });

  test.each([
    ["another protocol", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"],
    ["a wrong last byte", "PRI * HTTP/2.0\r\n\r\nSM\r\n\rX"],
    ["TLS on a clear-text port", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
  ])("%s ends the connection", async (_, text) => {
    using peer = await RawPeer.connect(served.port);
    peer.send(Buffer.from(text, "latin1"));
    expect(["closed", PROTOCOL_ERROR]).toContain(await peer.goAway());
  });

  test("it may come byte by byte", async () => {
    using peer = await RawPeer.connect(served.port);
    // Not in the middle of our own SETTINGS.
    peer.acknowledges = false;
    for (const byte of Buffer.concat([CLIENT_PREFACE, settings()])) {
      await new Promise((resolve) => peer.socket.write(Buffer.of(byte), resolve));
    }
    peer.send(frame(FRAME_SETTINGS, FLAG_ACK, 0));
    await goodCall(peer);
  });

  test("the first frame must be SETTINGS, and no acknowledgement", async () => {
    for (const first of [frame(FRAME_PING, 0, 0, eight), frame(FRAME_SETTINGS, FLAG_ACK, 0)]) {
      using peer = await RawPeer.connect(served.port);
      peer.send(CLIENT_PREFACE, first);
      await expectGoAway(peer, PROTOCOL_ERROR);
    }
  });

  test("it must come in time", async () => {
    using peer = await RawPeer.connect(served.port);
    peer.send(CLIENT_PREFACE.subarray(0, 10));
    expect(await peer.goAway()).toBe("closed");
  });
});

describe("4 frames", () => {
  test("4.1, 5.5: unknown types are ignored", () =>
    accepted(frame(0xa, 0xff, 0, eight), frame(0xfb, 0, 1, eight), frame(0x0b, 0, 0)));
  test("4.1: undefined flags are ignored", () => accepted(frame(FRAME_PING, 0xfe, 0, eight)));
  test("4.1: the reserved bit is ignored", () => accepted(frame(FRAME_PING, 0, 0x8000_0000, eight)));
  test("4.2: a frame over SETTINGS_MAX_FRAME_SIZE, of any type, before its payload comes", async () => {
    for (const type of [0, 1, 4, 0xfa]) {
      const head = frame(type, 0, 1).subarray(0, 9);
      head.writeUIntBE(16_385, 0, 3);
      await refused([FRAME_SIZE_ERROR], head);
    }
  });
  test("4.2: an unknown frame of the largest size", () => accepted(frame(0xfa, 0, 0, Buffer.alloc(16_384))));
});

describe("6.5 SETTINGS", () => {
  test("is acknowledged, in order", async () => {
    using peer = await RawPeer.open(served.port);
    peer.send(settings([SETTING_INITIAL_WINDOW_SIZE, 1]), settings());
    await peer.settled();
    expect(
      peer.received.filter(({ type, flags }) => type === FRAME_SETTINGS && flags === FLAG_ACK),
    ).toHaveLength(3);
  });
  test("on a stream", () => refused([PROTOCOL_ERROR], frame(FRAME_SETTINGS, 0, 1)));
  test("an acknowledgement with a payload", () =>
    refused([FRAME_SIZE_ERROR], frame(FRAME_SETTINGS, FLAG_ACK, 0, Buffer.alloc(6))));
  test("a length that is no multiple of 6", () =>
    refused([FRAME_SIZE_ERROR], frame(FRAME_SETTINGS, 0, 0, Buffer.alloc(5))));
  test.each([
    ["SETTINGS_ENABLE_PUSH of 2", SETTING_ENABLE_PUSH, 2, PROTOCOL_ERROR],
    ["SETTINGS_INITIAL_WINDOW_SIZE of 2^31", SETTING_INITIAL_WINDOW_SIZE, 0x8000_0000, FLOW_CONTROL_ERROR],
    ["SETTINGS_MAX_FRAME_SIZE of 2^14 - 1", SETTING_MAX_FRAME_SIZE, 16_383, PROTOCOL_ERROR],
    ["SETTINGS_MAX_FRAME_SIZE of 2^24", SETTING_MAX_FRAME_SIZE, 16_777_216, PROTOCOL_ERROR],
  ])("6.5.2: %s", (_, id, value, code) => refused([code], settings([id, value])));
  test("6.5.2: the bounds of what is allowed, and settings that nobody knows", () =>
    accepted(
      settings(
        [SETTING_ENABLE_PUSH, 0],
        [SETTING_ENABLE_PUSH, 1],
        [SETTING_INITIAL_WINDOW_SIZE, 0x7fff_ffff],
        [SETTING_MAX_FRAME_SIZE, 16_384],
        [SETTING_MAX_FRAME_SIZE, 16_777_215],
        [SETTING_MAX_CONCURRENT_STREAMS, 0],
        [SETTING_MAX_HEADER_LIST_SIZE, 0xffff_ffff],
        [SETTING_HEADER_TABLE_SIZE, 0xffff_ffff],
        [0x0a0a, 0xffff_ffff],
        [0xff, 1],
      ),
    ));
  test.each<[what: string, header: string, trailer: string, error: string]>([
    ["a header", "x".repeat(200), "", ""],
    ["trailers", "", "x".repeat(200), ""],
    ["an error's trailers", "", "x".repeat(200), "no"],
    ["an error's message", "", "", "e".repeat(300)],
    ["a header before an error", "x".repeat(200), "", "no"],
  ])("6.5.2: SETTINGS_MAX_HEADER_LIST_SIZE: %s that would be larger", async (_, header, trailer, error) => {
    const answer = (context: CallContext): void => {
      if (header !== "") context.header.set("x-long", header);
      if (trailer !== "") context.trailer.set("x-long", trailer);
      if (error !== "") throw new ServerError(Status.NOT_FOUND, error);
    };
    await using own = await startRawServer(
      {},
      {
        async echoUnary({ text }, context) {
          if (text === "long") answer(context);
          return { text };
        },
        async *echoServerStream({ text }, context) {
          answer(context);
          yield { text, index: 0 };
        },
      },
    );
    for (const path of [echoPaths.unary, echoPaths.serverStream]) {
      using peer = await RawPeer.open(own.port);
      const call = async (): Promise<RawFrame> => {
        const id = peer.nextId;
        peer.nextId += 2;
        peer.send(peer.headers(id, requestFields(path)));
        peer.send(dataFrames(id, echoMessage("long"), FLAG_END_STREAM));
        return await outcome(peer, id);
      };
      // What the client takes is sent, to the last byte.
      const before = await call();
      const first = peer.of(before.id)[0]!;
      const max = Math.max(...[before, first].map(({ fields }) => listSize(fields)));
      expect(max).toBeGreaterThan(200);
      peer.send(settings([SETTING_MAX_HEADER_LIST_SIZE, max]));
      expect((await call()).fields).toEqual(before.fields);
      peer.send(settings([SETTING_MAX_HEADER_LIST_SIZE, max - 1]));
      const after = await call();
      expect(after.fields).toMatchObject({
        "grpc-status": String(Status.RESOURCE_EXHAUSTED),
        "grpc-message": `metadata of ${max} bytes, where the client allows ${max - 1}`,
      });
      for (const { fields } of peer.of(after.id)) expect(fields).not.toHaveProperty("x-long");
      await goodCall(peer);
    }
  });
  test("RFC 7541, 4.2: of several table sizes the smallest empties the table", async () => {
    using peer = await RawPeer.open(served.port);
    await goodCall(peer);
    peer.send(settings([SETTING_HEADER_TABLE_SIZE, 0], [SETTING_HEADER_TABLE_SIZE, 4096]));
    await goodCall(peer);
    await goodCall(peer);
  });
  test("6.5.3: ours must be acknowledged in time", async () => {
    using peer = await RawPeer.connect(served.port);
    peer.acknowledges = false;
    peer.send(CLIENT_PREFACE, settings());
    await expectGoAway(peer, SETTINGS_TIMEOUT);
  });
});

describe("6.7 PING", () => {
  test("is answered with its own payload", async () => {
    using peer = await RawPeer.open(served.port);
    peer.send(frame(FRAME_PING, 0, 0, eight));
    const pong = await peer.first(({ type }) => type === FRAME_PING);
    expect(pong).toMatchObject({ flags: FLAG_ACK, id: 0, payload: eight });
  });
  test("an answer is not answered", async () => {
    using peer = await RawPeer.open(served.port);
    peer.send(frame(FRAME_PING, FLAG_ACK, 0, eight));
    await goodCall(peer);
    expect(peer.received.filter(({ type }) => type === FRAME_PING)).toEqual([]);
  });
  test("on a stream", () => refused([PROTOCOL_ERROR], frame(FRAME_PING, 0, 1, eight)));
  test("of another length", () => refused([FRAME_SIZE_ERROR], frame(FRAME_PING, 0, 0, Buffer.alloc(7))));
});

describe("6.8 GOAWAY", () => {
  test("on a stream", () => refused([PROTOCOL_ERROR], frame(FRAME_GOAWAY, 0, 1, uint32(0, 0))));
  test("that is too short", () => refused([FRAME_SIZE_ERROR], frame(FRAME_GOAWAY, 0, 0, uint32(0))));
  test("lets what runs go on; 7: also with an unknown code", () =>
    accepted(frame(FRAME_GOAWAY, 0, 0, Buffer.concat([uint32(0, 0xff00_00ff), Buffer.from("why not")]))));
  test("is sent with the last stream that was taken", async () => {
    using peer = await RawPeer.open(served.port);
    await goodCall(peer);
    await goodCall(peer);
    peer.send(frame(FRAME_PING, 0, 3, eight));
    const { payload } = await peer.first(({ type }) => type === FRAME_GOAWAY);
    expect(payload.readUInt32BE(0)).toBe(3);
  });
});

describe("what does not come whole", () => {
  test.each([
    ["a frame's header", frame(FRAME_PING, 0, 0, eight).subarray(0, 5)],
    ["a frame's payload", frame(FRAME_PING, 0, 0, eight).subarray(0, 12)],
    ["a header block", frame(1, 0, 1, Buffer.of(0x82))],
  ])("%s", (_, part) => refused([ENHANCE_YOUR_CALM], part));
});
