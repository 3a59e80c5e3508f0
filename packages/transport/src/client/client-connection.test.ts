import type { Socket } from "node:net";
import { describe, expect, test } from "@jest/globals";
import { EchoServiceDefinition } from "@callwire/testkit";
import { frame } from "@callwire/testkit/wire";
import { methodsOf } from "../grpc/definitions.js";
import type { ConnectionEnd } from "../http2/connection-life.js";
import { defaultConnectionOptions } from "../http2/connection-options.js";
import { TransportChannel } from "./channel.js";
import { ChannelCredentials } from "./channel-credentials.js";
import { channelSettings } from "./channel-options.js";
import type { ClientConnection, ConnectionListener, KeepaliveOptions } from "./client-connection.js";
import { ClientMethod } from "./client-method.js";
import { connect } from "./connect.js";
import { SingleResponseCall } from "./single-response-call.js";
import { parseTarget } from "./target.js";
import { answer, startHttp2 } from "../testing/http2-peer.js";
import { deferred, failureOf } from "../testing/outcomes.js";
import { startRaw } from "../testing/socket-peer.js";

const noKeepalive: KeepaliveOptions = { timeMs: Infinity, timeoutMs: 20, withoutCalls: false };
const silent: ConnectionListener = { onReady() {}, onRoom() {}, onGoingAway() {}, onEnded() {} };

/** Connects, without a channel around it. */
function open(port: number, keepalive = noKeepalive, listener: Partial<ConnectionListener> = {}) {
  const options = {
    credentials: ChannelCredentials.createInsecure(),
    hostname: "localhost",
    timeoutMs: 5000,
    connection: defaultConnectionOptions,
    keepalive,
  };
  return connect([{ host: "127.0.0.1", port }], options, { ...silent, ...listener });
}

/** Begins a unary call on a connection. */
function callOn(connection: ClientConnection): Promise<unknown> {
  const target = parseTarget("localhost:1", false);
  const channel = new TransportChannel(target, ChannelCredentials.createInsecure(), channelSettings({}));
  // A channel whose one connection this is.
  channel.start = (call) => call.begin(connection);
  const [unary] = methodsOf(EchoServiceDefinition);
  return new SingleResponseCall(new ClientMethod(unary!, channel), { text: "a" }, {}).response;
}

function keepsProcessAlive({ socket }: { socket: Socket }): boolean {
  return (socket as unknown as { _handle: { hasRef(): boolean } })._handle.hasRef();
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

test("a connection keeps the process alive while it has calls, and not otherwise", async () => {
  const finish = deferred<() => void>();
  await using peer = await startHttp2((stream) => finish.resolve(() => answer(stream, "b")));
  const connection = await open(peer.port).connection;
  await nextTurn();
  expect(keepsProcessAlive(connection)).toBe(false);
  const call = callOn(connection);
  expect(keepsProcessAlive(connection)).toBe(true);
  (await finish.promise)();
  await call;
  await nextTurn();
  expect(keepsProcessAlive(connection)).toBe(false);
  connection.shutDown();
});

describe("keepalive", () => {
  /** A server that takes calls and answers none; `pings` are the PINGs that it has seen. */
  async function startPeer(answersPings: boolean) {
    let pings = 0;
    const peer = await startRaw((socket) => {
      socket.write(frame(4, 0, 0));
      // SETTINGS are to be acknowledged, or the connection ends for that.
      socket.write(frame(4, 1, 0));
      socket.on("data", (chunk: Buffer) => {
        const at = chunk.indexOf("cw-alive");
        if (at < 0) return;
        pings++;
        if (answersPings) socket.write(frame(6, 1, 0, chunk.subarray(at, at + 8)));
      });
    });
    return { peer, pings: () => pings };
  }

  test("a peer that does not answer is given up, with its calls", async () => {
    const { peer } = await startPeer(false);
    const ended = deferred<ConnectionEnd>();
    const keepalive = { timeMs: 30, timeoutMs: 30, withoutCalls: false };
    const connection = await open(peer.port, keepalive, { onEnded: (_, end) => ended.resolve(end) })
      .connection;
    const error = await failureOf(callOn(connection));
    expect(error.details).toContain("keepalive");
    expect((await ended.promise).message).toContain("within 30 ms");
    await peer[Symbol.asyncDispose]();
  });

  test("a peer that answers is asked again", async () => {
    const { peer, pings } = await startPeer(true);
    const keepalive = { timeMs: 20, timeoutMs: 5000, withoutCalls: false };
    const connection = await open(peer.port, keepalive).connection;
    const call = failureOf(callOn(connection));
    while (pings() < 3) await nextTurn();
    expect(connection.end).toBeUndefined();
    connection.destroy(0, "the test is over");
    await call;
    await peer[Symbol.asyncDispose]();
  });

  test("without calls only if that is asked for", async () => {
    const { peer, pings } = await startPeer(true);
    const keepalive = { timeMs: 20, timeoutMs: 5000, withoutCalls: true };
    const asking = await open(peer.port, keepalive).connection;
    const quiet = await open(peer.port, { ...keepalive, withoutCalls: false }).connection;
    while (pings() < 3) await nextTurn();
    expect(quiet.end).toBeUndefined();
    asking.destroy(0, "the test is over");
    quiet.destroy(0, "the test is over");
    await peer[Symbol.asyncDispose]();
  });

  test("a server that finds it too often is asked half as often, on the next connection too", async () => {
    const timeMs = 50;
    const silences: number[] = [];
    let connections = 0;
    await using peer = await startRaw((socket) => {
      const isFirst = connections++ === 0;
      socket.write(frame(4, 0, 0));
      socket.write(frame(4, 1, 0));
      if (isFirst) {
        const goAway = Buffer.concat([Buffer.from([0, 0, 0, 0, 0, 0, 0, 11]), Buffer.from("too_many_pings")]);
        socket.end(frame(7, 0, 0, goAway));
        return;
      }
      const began = performance.now();
      socket.on("data", (chunk: Buffer) => {
        if (chunk.includes("cw-alive")) silences.push(performance.now() - began);
      });
    });
    const settings = { ...channelSettings({}), keepaliveTimeMs: timeMs, keepaliveWithoutCalls: true };
    const target = parseTarget(peer.address, false);
    const channel = new TransportChannel(target, ChannelCredentials.createInsecure(), settings);
    while (silences.length === 0) {
      channel.getConnectivityState(true);
      await nextTurn();
    }
    expect(connections).toBe(2);
    expect(silences[0]).toBeGreaterThan(2 * timeMs - 5);
    channel.close();
  });
});

test("an attempt that is cancelled leaves no socket", async () => {
  await using peer = await startRaw(() => {});
  const attempt = open(peer.port);
  while (peer.sockets.size === 0) await nextTurn();
  const closed = new Promise((resolve) => [...peer.sockets][0]!.on("close", resolve));
  attempt.cancel();
  await expect(attempt.connection).rejects.toThrow("the channel was closed");
  await closed;
});
