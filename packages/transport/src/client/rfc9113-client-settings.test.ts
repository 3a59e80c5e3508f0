import { describe, expect, test } from "@jest/globals";
import { frame } from "@callwire/testkit/wire";
import { Metadata, Status } from "nice-grpc-common";
import { defaultConnectionOptions } from "../http2/connection-options.js";
import {
  FLAG_ACK,
  FLAG_END_HEADERS,
  FRAME_CONTINUATION,
  FRAME_DATA,
  FRAME_HEADERS,
  FRAME_PING,
  FRAME_SETTINGS,
  SETTING_ENABLE_PUSH,
  SETTING_HEADER_TABLE_SIZE,
  SETTING_INITIAL_WINDOW_SIZE,
  SETTING_MAX_CONCURRENT_STREAMS,
  SETTING_MAX_FRAME_SIZE,
  SETTING_MAX_HEADER_LIST_SIZE,
} from "../http2/constants.js";
import { ErrorCode } from "../http2/errors.js";
import { expectGoAway } from "../testing/raw-calls.js";
import { RawPeer, settings } from "../testing/raw-peer.js";
import {
  expectConnectionError,
  expectIgnored,
  goodEcho,
  openRawEcho,
  takeRequest,
  wholeResponse,
} from "../testing/raw-server-peer.js";
import { channelCredentials, createSocketServer } from "../testing/raw-tls.js";
import { channelStats } from "./channel.js";
import { connect } from "./connect.js";
import { deferred, failureOf } from "../testing/outcomes.js";

const { PROTOCOL_ERROR, FRAME_SIZE_ERROR, FLOW_CONTROL_ERROR, SETTINGS_TIMEOUT, ENHANCE_YOUR_CALM } =
  ErrorCode;
const acknowledgements = ({ received }: RawPeer) =>
  received.filter(({ type, flags }) => type === FRAME_SETTINGS && flags === FLAG_ACK);

describe("6.5 SETTINGS", () => {
  test("are acknowledged, each by itself", async () => {
    await using raw = await openRawEcho();
    raw.peer.send(settings([SETTING_INITIAL_WINDOW_SIZE, 1]), settings());
    await raw.peer.settled();
    expect(acknowledgements(raw.peer)).toHaveLength(3);
  });
  test("an acknowledgement of what was never sent is ignored, and not acknowledged", async () => {
    await using raw = await openRawEcho();
    await raw.peer.settled();
    raw.peer.send(frame(FRAME_SETTINGS, FLAG_ACK, 0), frame(FRAME_SETTINGS, FLAG_ACK, 0));
    await goodEcho(raw, raw.peer);
    await raw.peer.settled();
    expect(acknowledgements(raw.peer)).toHaveLength(1);
  });
  test.each([
    ["on a stream", frame(FRAME_SETTINGS, 0, 1), PROTOCOL_ERROR],
    ["an acknowledgement on a stream", frame(FRAME_SETTINGS, FLAG_ACK, 1), PROTOCOL_ERROR],
    ["an acknowledgement with a payload", settings([0, 0]).fill(FLAG_ACK, 4, 5), FRAME_SIZE_ERROR],
    ["of 5 bytes", frame(FRAME_SETTINGS, 0, 0, Buffer.alloc(5)), FRAME_SIZE_ERROR],
    ["of 7 bytes", frame(FRAME_SETTINGS, 0, 0, Buffer.alloc(7)), FRAME_SIZE_ERROR],
  ])("%s", (_, bytes, code) => expectConnectionError(code, bytes));
});

describe("6.5.2 the values of settings", () => {
  const wrong: [string, number, number, number][] = [
    ["SETTINGS_ENABLE_PUSH of 1, which no server may send", SETTING_ENABLE_PUSH, 1, PROTOCOL_ERROR],
    ["SETTINGS_ENABLE_PUSH of 2", SETTING_ENABLE_PUSH, 2, PROTOCOL_ERROR],
    ["SETTINGS_INITIAL_WINDOW_SIZE of 2^31", SETTING_INITIAL_WINDOW_SIZE, 0x8000_0000, FLOW_CONTROL_ERROR],
    ["SETTINGS_MAX_FRAME_SIZE of 2^14 - 1", SETTING_MAX_FRAME_SIZE, 16_383, PROTOCOL_ERROR],
    ["SETTINGS_MAX_FRAME_SIZE of 2^24", SETTING_MAX_FRAME_SIZE, 16_777_216, PROTOCOL_ERROR],
  ];
  test.each(wrong)("%s", (_, id, value, code) => expectConnectionError(code, settings([id, value])));
  test.each(wrong)("%s, in the preface: no connection comes of it", async (_, id, value, code) => {
    await using raw = await openRawEcho({ greeting: settings([id, value]) });
    const failure = failureOf(raw.client.echoUnary({ text: "a" }));
    await expectGoAway(raw.peer, code);
    expect((await failure).code).toBe(Status.UNAVAILABLE);
  });
  test("the bounds of what is allowed, and settings that nobody knows", () =>
    expectIgnored(
      settings(
        [SETTING_ENABLE_PUSH, 0],
        [SETTING_INITIAL_WINDOW_SIZE, 0x7fff_ffff],
        [SETTING_MAX_FRAME_SIZE, 16_384],
        [SETTING_MAX_FRAME_SIZE, 16_777_215],
        [SETTING_MAX_CONCURRENT_STREAMS, 0xffff_ffff],
        [SETTING_MAX_HEADER_LIST_SIZE, 0xffff_ffff],
        [SETTING_HEADER_TABLE_SIZE, 0xffff_ffff],
        [0x0a0a, 0xffff_ffff],
        [0, 1],
      ),
    ));
});

describe("6.5.3 settings are kept to once they are acknowledged", () => {
  test("SETTINGS_HEADER_TABLE_SIZE of 0: the next block empties the table, and nobody refers to it", async () => {
    await using raw = await openRawEcho();
    const { peer } = raw;
    await goodEcho(raw, peer);
    peer.send(settings([SETTING_HEADER_TABLE_SIZE, 0]));
    await peer.settled();
    await goodEcho(raw, peer);
    await goodEcho(raw, peer);
    const [, first, second] = peer.received.filter(({ type }) => type === FRAME_HEADERS);
    // RFC 7541, section 6.3: a size update to 0; after it the peer's decoder has no entry to take.
    expect(first!.payload[0]).toBe(0x20);
    expect(second!.fields).toEqual(first!.fields);
  });

  test("SETTINGS_MAX_HEADER_LIST_SIZE: what is larger is not sent, and other calls do not notice", async () => {
    const size = (fields: Record<string, string>): number =>
      Object.entries(fields).reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0);
    await using raw = await openRawEcho();
    const { peer } = raw;
    await goodEcho(raw, peer, { metadata: Metadata({ "x-long": "ab" }) });
    const max = size(peer.received.find(({ type }) => type === FRAME_HEADERS)!.fields);
    peer.send(settings([SETTING_MAX_HEADER_LIST_SIZE, max]));
    await peer.settled();
    const { nextId } = peer;
    const failure = failureOf(
      raw.client.echoUnary({ text: "a" }, { metadata: Metadata({ "x-long": "abc" }) }),
    );
    expect(await failure).toMatchObject({
      code: Status.RESOURCE_EXHAUSTED,
      details: `metadata of ${max + 1} bytes, where the server allows ${max}`,
    });
    await goodEcho(raw, peer, { metadata: Metadata({ "x-long": "ab" }) });
    expect(peer.nextId).toBe(nextId + 2);
  });

  test("SETTINGS_MAX_FRAME_SIZE bounds DATA, HEADERS and CONTINUATION", async () => {
    const greeting = settings([SETTING_MAX_FRAME_SIZE, 20_000], [SETTING_INITIAL_WINDOW_SIZE, 1_000_000]);
    await using raw = await openRawEcho({ greeting });
    const { peer } = raw;
    const metadata = Metadata({ "x-long": "~".repeat(45_000) });
    const call = raw.client.echoUnary({ text: "x".repeat(50_000) }, { metadata });
    const serve = async (): Promise<void> => {
      const id = await takeRequest(peer);
      const blocks = peer.of(id).filter(({ type }) => type !== FRAME_DATA);
      expect(blocks.map(({ type }) => type)).toEqual([
        FRAME_HEADERS,
        ...blocks.slice(1).map(() => FRAME_CONTINUATION),
      ]);
      expect(blocks.findIndex(({ flags }) => (flags & FLAG_END_HEADERS) !== 0)).toBe(blocks.length - 1);
      expect(blocks.at(-1)!.fields["x-long"]).toHaveLength(45_000);
      for (const type of [FRAME_HEADERS, FRAME_DATA]) {
        const lengths = peer.of(id).filter((each) => each.type === type);
        expect(Math.max(...lengths.map(({ payload }) => payload.length))).toBe(20_000);
      }
      expect(Math.max(...peer.of(id).map(({ payload }) => payload.length))).toBe(20_000);
      peer.send(wholeResponse(peer, id));
    };
    await Promise.all([call, serve()]);
  });

  /** What ends the connection to a server that says this and no more, for a client that does not wait for long. */
  async function impatientEnd(...parts: Buffer[]): Promise<number | "closed"> {
    const accepted = deferred<RawPeer>();
    const server = await createSocketServer((socket) => {
      const peer = RawPeer.accept(socket);
      peer.acknowledges = false;
      peer.send(...parts);
      accepted.resolve(peer);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("the server has no port");
    const attempt = connect(
      [{ host: "127.0.0.1", port: address.port }],
      {
        credentials: await channelCredentials(),
        hostname: "localhost",
        timeoutMs: Infinity,
        connection: { ...defaultConnectionOptions, handshakeTimeoutMs: 300 },
        keepalive: { timeMs: Infinity, timeoutMs: Infinity, withoutCalls: false },
      },
      { onReady() {}, onRoom() {}, onGoingAway() {}, onEnded() {} },
    );
    attempt.connection.catch(() => {});
    const code = await (await accepted.promise).goAway();
    await new Promise((resolve) => server.close(resolve));
    return code;
  }

  test("ours must be acknowledged in time", async () => {
    expect(await impatientEnd(settings())).toBe(SETTINGS_TIMEOUT);
  });
  test.each([
    ["a frame's header", frame(FRAME_PING, 0, 0, Buffer.alloc(8)).subarray(0, 5)],
    ["a frame's payload", frame(FRAME_PING, 0, 0, Buffer.alloc(8)).subarray(0, 12)],
    ["a header block", frame(FRAME_HEADERS, 0, 1, Buffer.of(0x88))],
  ])("what does not come whole is not waited for: %s", async (_, part) => {
    const acknowledgement = frame(FRAME_SETTINGS, FLAG_ACK, 0);
    expect(await impatientEnd(settings(), acknowledgement, part)).toBe(ENHANCE_YOUR_CALM);
  });
});

describe("5.1.2 SETTINGS_MAX_CONCURRENT_STREAMS", () => {
  const one = { channel: { maxConnections: 1 } };
  const limit = (streams: number): Buffer => settings([SETTING_MAX_CONCURRENT_STREAMS, streams]);

  test("of 0: calls wait until it is raised", async () => {
    await using raw = await openRawEcho({ ...one, greeting: limit(0) });
    const { peer } = raw;
    const call = raw.client.echoUnary({ text: "a" });
    await peer.settled();
    expect(channelStats(raw.channel)).toMatchObject({ callsWaiting: 1, streamsOpen: 0 });
    expect(peer.received.some(({ type }) => type === FRAME_HEADERS)).toBe(false);
    peer.send(limit(1));
    peer.send(wholeResponse(peer, await takeRequest(peer)));
    expect(await call).toEqual({ text: "answer" });
  });

  test("that is lowered below what is open: what is open goes on, and nothing is added before it is done", async () => {
    await using raw = await openRawEcho(one);
    const { peer } = raw;
    const calls = ["a", "b", "c"].map((text) => raw.client.echoUnary({ text }));
    const ids = [await takeRequest(peer), await takeRequest(peer), await takeRequest(peer)];
    peer.send(limit(1));
    await peer.settled();
    const late = raw.client.echoUnary({ text: "late" });
    for (const id of ids.slice(0, 2)) peer.send(wholeResponse(peer, id));
    await Promise.all(calls.slice(0, 2));
    await peer.settled();
    expect(peer.of(peer.nextId)).toEqual([]);
    peer.send(wholeResponse(peer, ids[2]!));
    peer.send(wholeResponse(peer, await takeRequest(peer), "at last"));
    expect(await late).toEqual({ text: "at last" });
  });

  test("5.1.1: ids are odd, and rise", async () => {
    await using raw = await openRawEcho();
    for (let i = 0; i < 3; i++) await goodEcho(raw, raw.peer);
    const opened = raw.peer.received.filter(({ type }) => type === FRAME_HEADERS).map(({ id }) => id);
    expect(opened).toEqual([1, 3, 5]);
  });
});
