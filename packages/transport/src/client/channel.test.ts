import { mkdtemp, rm } from "node:fs/promises";
import { createSecureServer } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import {
  EchoServiceDefinition,
  echoService,
  startServer,
  testCertificates,
  type TestCertificates,
} from "@callwire/testkit";
import { ServerCredentials } from "@grpc/grpc-js";
import { createServer as createNiceGrpcServer } from "nice-grpc";
import { Status } from "nice-grpc-common";
import { channelStats, createChannel, waitForChannelReady } from "./channel.js";
import { ChannelCredentials } from "./channel-credentials.js";
import { ConnectivityState } from "./connectivity-state.js";
import { echoClient, type EchoClient } from "../testing/echo-client.js";
import { start } from "../testing/echo-server.js";
import { answer, startHttp2 } from "../testing/http2-peer.js";
import { deferred, failureOf } from "../testing/outcomes.js";
import { startRaw } from "../testing/socket-peer.js";

const soon = () => new Date(Date.now() + 10_000);

/** A port where nobody listens. */
async function closedPort(): Promise<number> {
  await using peer = await startRaw(() => {});
  return peer.port;
}

describe("states", () => {
  test("from idle over connecting to ready, and shut down", async () => {
    await using peer = await startHttp2((stream) => answer(stream, "b"));
    using echo = echoClient(peer.address);
    const { channel } = echo;
    expect(channel.getTarget()).toBe(`dns:${peer.address}`);
    expect(channel.getConnectivityState(false)).toBe(ConnectivityState.IDLE);
    expect(channel.getConnectivityState(true)).toBe(ConnectivityState.IDLE);
    expect(channel.getConnectivityState(true)).toBe(ConnectivityState.CONNECTING);
    await waitForChannelReady(channel, soon());
    expect(channel.getConnectivityState(false)).toBe(ConnectivityState.READY);
    const lost = deferred();
    channel.watchConnectivityState(ConnectivityState.READY, Infinity, () => lost.resolve());
    for (const session of peer.sessions) session.destroy();
    await lost.promise;
    expect(channel.getConnectivityState(false)).toBe(ConnectivityState.IDLE);
    channel.close();
    expect(channel.getConnectivityState(true)).toBe(ConnectivityState.SHUTDOWN);
    await expect(waitForChannelReady(channel, soon())).rejects.toThrow("closed");
  });

  test("waiting has a deadline", async () => {
    await using peer = await startRaw(() => {});
    using echo = echoClient(peer.address);
    await expect(waitForChannelReady(echo.channel, new Date(Date.now() + 20))).rejects.toThrow(
      "Deadline passed",
    );
  });
});

describe("a server that is not there", () => {
  test("fails the call with its address, then at once while the channel waits", async () => {
    const port = await closedPort();
    using echo = echoClient(`127.0.0.1:${port}`);
    const error = await failureOf(echo.client.echoUnary({ text: "a" }));
    expect(error.code).toBe(Status.UNAVAILABLE);
    expect(error.details).toContain(`127.0.0.1:${port}`);
    expect(error.details).toContain("ECONNREFUSED");
    expect(echo.channel.getConnectivityState(true)).toBe(ConnectivityState.TRANSIENT_FAILURE);
    expect((await failureOf(echo.client.echoUnary({ text: "a" }))).code).toBe(Status.UNAVAILABLE);
  });

  test("is tried again after the wait; a call that waits for ready outlasts it", async () => {
    const port = await closedPort();
    using echo = echoClient(`127.0.0.1:${port}`, { "grpc.initial_reconnect_backoff_ms": 20 });
    const call = echo.client.echoUnary({ text: "a" }, { waitForReady: true });
    await failureOf(echo.client.echoUnary({ text: "a" }));
    expect(channelStats(echo.channel).callsWaiting).toBe(1);
    await using _peer = await startHttp2((stream) => answer(stream, "b"), {}, port);
    expect(await call).toEqual({ text: "b" });
  });

  test("a call that waits for ready ends with its deadline, its signal or the channel", async () => {
    using echo = echoClient(`127.0.0.1:${await closedPort()}`);
    const byDeadline = echo.client.echoUnary({ text: "" }, { waitForReady: true, deadline: Date.now() + 20 });
    expect((await failureOf(byDeadline)).code).toBe(Status.DEADLINE_EXCEEDED);
    const controller = new AbortController();
    const bySignal = echo.client.echoUnary({ text: "" }, { waitForReady: true, signal: controller.signal });
    controller.abort();
    expect((await failureOf(bySignal)).name).toBe("AbortError");
    const byClose = failureOf(echo.client.echoUnary({ text: "" }, { waitForReady: true }));
    echo.channel.close();
    expect((await byClose).details).toBe("the channel is closed");
    expect(channelStats(echo.channel).callsWaiting).toBe(0);
  });

  test("a name without an address", async () => {
    using echo = echoClient("does-not-exist.invalid:1");
    const error = await failureOf(echo.client.echoUnary({ text: "" }));
    expect(error.code).toBe(Status.UNAVAILABLE);
    expect(error.details).toContain("does-not-exist.invalid");
  });
});

test("closing lets calls that run end, refuses others, and closes the connection", async () => {
  const arrived = deferred<() => void>();
  await using peer = await startHttp2((stream) => arrived.resolve(() => answer(stream, "b")));
  using echo = echoClient(peer.address);
  const running = echo.client.echoUnary({ text: "a" });
  const finish = await arrived.promise;
  const closed = new Promise((resolve) => [...peer.sessions][0]!.on("close", resolve));
  echo.channel.close();
  await expect(echo.client.echoUnary({ text: "a" })).rejects.toThrow("Channel has been shut down");
  finish();
  expect(await running).toEqual({ text: "b" });
  await closed;
});

test("a channel without calls closes its connection, and opens another when it is needed", async () => {
  await using peer = await startHttp2((stream) => answer(stream, "b"));
  using echo = echoClient(peer.address, { "grpc.client_idle_timeout_ms": 1000 });
  await echo.client.echoUnary({ text: "a" });
  await new Promise((resolve) => [...peer.sessions][0]!.on("close", resolve));
  expect(echo.channel.getConnectivityState(false)).toBe(ConnectivityState.IDLE);
  expect(await echo.client.echoUnary({ text: "a" })).toEqual({ text: "b" });
});

describe("of many calls that wait for a connection, not all begin in one turn, nor fail", () => {
  const COUNT = 1000;

  /** The most calls that stop waiting in one turn of the event loop, until none waits. */
  async function mostInOneTurn({ channel }: EchoClient): Promise<number> {
    // At every other look at the clock, a turn's time is over.
    let now = performance.now();
    const clock = jest.spyOn(performance, "now").mockImplementation(() => (now += 1.5));
    let most = 0;
    try {
      for (let before = COUNT; before > 0;) {
        await new Promise((resolve) => setImmediate(resolve));
        const { callsWaiting } = channelStats(channel);
        most = Math.max(most, before - callsWaiting);
        before = callsWaiting;
      }
    } finally {
      clock.mockRestore();
    }
    return most;
  }

  const begin = ({ client }: EchoClient) =>
    Array.from({ length: COUNT }, (_, index) =>
      client.echoUnary({ text: String(index) }).then(
        ({ text }) => text,
        ({ code }: { code: Status }) => code,
      ),
    );

  test("when there is one: they begin in their order, and later ones behind them", async () => {
    const seen: string[] = [];
    await using server = await start((made) =>
      made.add(EchoServiceDefinition, {
        ...echoService(),
        async echoUnary({ text }) {
          seen.push(text);
          return { text };
        },
      }),
    );
    using echo = echoClient(server.address);
    const calls = begin(echo);
    const beginLater = async (): Promise<void> => {
      while (channelStats(echo.channel).callsStarted < COUNT + 10) {
        await new Promise((resolve) => setImmediate(resolve));
        if (channelStats(echo.channel).callsWaiting < COUNT)
          calls.push(echo.client.echoUnary({ text: String(calls.length) }).then(({ text }) => text));
      }
    };
    const [most] = await Promise.all([mostInOneTurn(echo), beginLater()]);
    expect(most).toBeLessThan(200);
    const texts = calls.map((_, index) => String(index));
    expect(await Promise.all(calls)).toEqual(texts);
    expect(seen).toEqual(texts);
    // There is room for all on one.
    expect(channelStats(echo.channel).connections).toBe(1);
  });

  test("when there is none", async () => {
    using echo = echoClient(`127.0.0.1:${await closedPort()}`);
    const calls = begin(echo);
    expect(await mostInOneTurn(echo)).toBeLessThan(200);
    expect(new Set(await Promise.all(calls))).toEqual(new Set([Status.UNAVAILABLE]));
  });

  test("when the channel is closed", async () => {
    await using peer = await startRaw(() => {});
    using echo = echoClient(peer.address);
    const calls = begin(echo);
    echo.channel.close();
    expect(await mostInOneTurn(echo)).toBeLessThan(200);
    expect(new Set(await Promise.all(calls))).toEqual(new Set([Status.UNAVAILABLE]));
  });
});

test("round_robin gives each address its turn, and goes on with those that are left", async () => {
  const counts = [0, 0];
  await using first = await startHttp2((stream) => answer(stream, String(counts[0]!++)));
  const second = await startHttp2((stream) => answer(stream, String(counts[1]!++)));
  using echo = echoClient(`ipv4:${first.address},${second.address}`, {
    "grpc.service_config": JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
  });
  // Both are connected before either is counted on.
  await waitForChannelReady(echo.channel, soon());
  while (channelStats(echo.channel).connections < 2) await new Promise((resolve) => setImmediate(resolve));
  for (let i = 0; i < 10; i++) await echo.client.echoUnary({ text: "" });
  expect(counts).toEqual([5, 5]);
  const gone = new Promise((resolve) => [...second.sessions][0]!.on("close", resolve));
  await second[Symbol.asyncDispose]();
  await gone;
  while (channelStats(echo.channel).connections > 1) await new Promise((resolve) => setImmediate(resolve));
  for (let i = 0; i < 10; i++) await echo.client.echoUnary({ text: "" });
  expect(counts).toEqual([15, 5]);
});

test("pick_first passes over an address where nobody listens", async () => {
  const port = await closedPort();
  await using peer = await startHttp2((stream) => answer(stream, "b"));
  using echo = echoClient(`ipv4:127.0.0.1:${port},${peer.address}`);
  expect(await echo.client.echoUnary({ text: "a" })).toEqual({ text: "b" });
});

test("a silent address does not hold up the next one", async () => {
  await using silent = await startRaw(() => {});
  await using peer = await startHttp2((stream) => answer(stream, "b"));
  using echo = echoClient(`ipv4:${silent.address},${peer.address}`);
  expect(await echo.client.echoUnary({ text: "a" })).toEqual({ text: "b" });
});

test("a unix socket", async () => {
  const folder = await mkdtemp(join(tmpdir(), "callwire-"));
  const server = createNiceGrpcServer();
  server.add(EchoServiceDefinition, echoService());
  await server.listen(`unix:${folder}/s`);
  for (const address of [`unix:${folder}/s`, `unix://${folder}/s`]) {
    using echo = echoClient(address);
    expect(await echo.client.echoUnary({ text: "a" })).toEqual({ text: "a" });
  }
  server.forceShutdown();
  await rm(folder, { recursive: true });
});

test("localhost, by name", async () => {
  await using server = await startServer((each) => each.add(EchoServiceDefinition, echoService()));
  const port = server.address.split(":")[1]!;
  for (const address of [`localhost:${port}`, `http://localhost:${port}`, `dns:///localhost:${port}`]) {
    using echo = echoClient(address);
    expect(await echo.client.echoUnary({ text: "a" })).toEqual({ text: "a" });
  }
});

describe("TLS", () => {
  let certificates: TestCertificates;
  let address: string;
  const server = createNiceGrpcServer();
  const pem = (text: string) => Buffer.from(text);

  beforeAll(async () => {
    certificates = await testCertificates();
    server.add(EchoServiceDefinition, echoService());
    const { cert, key } = certificates.server;
    const credentials = ServerCredentials.createSsl(
      pem(certificates.ca),
      [{ cert_chain: pem(cert), private_key: pem(key) }],
      true,
    );
    address = `localhost:${await server.listen("127.0.0.1:0", credentials)}`;
  });
  afterAll(() => server.forceShutdown());

  test("with a client certificate", async () => {
    const { ca, client } = certificates;
    const credentials = ChannelCredentials.createSsl(pem(ca), pem(client.key), pem(client.cert));
    expect(credentials._isSecure()).toBe(true);
    using echo = echoClient(address, {}, credentials);
    expect(await echo.client.echoUnary({ text: "a" })).toEqual({ text: "a" });
  });

  test("without the certificate that the server asks for", async () => {
    using echo = echoClient(address, {}, ChannelCredentials.createSsl(pem(certificates.ca)));
    expect((await failureOf(echo.client.echoUnary({ text: "a" }))).code).toBe(Status.UNAVAILABLE);
  });

  test("a server that nobody vouches for, and one of another name", async () => {
    const { ca, client } = certificates;
    using stranger = echoClient(`https://${address}`);
    const unknown = await failureOf(stranger.client.echoUnary({ text: "a" }));
    expect(unknown.code).toBe(Status.UNAVAILABLE);
    expect(unknown.details).toContain("certificate");
    const credentials = ChannelCredentials.createSsl(pem(ca), pem(client.key), pem(client.cert));
    using other = echoClient(address, { "grpc.ssl_target_name_override": "example.com" }, credentials);
    expect((await failureOf(other.client.echoUnary({ text: "a" }))).details).toContain("example.com");
  });

  test("a check of the caller's own is asked after the usual one", async () => {
    const { ca, client } = certificates;
    const names: string[] = [];
    const credentials = ChannelCredentials.createSsl(pem(ca), pem(client.key), pem(client.cert), {
      checkServerIdentity: (hostname) => {
        names.push(hostname);
        return new Error("not this one");
      },
    });
    using echo = echoClient(address, {}, credentials);
    expect((await failureOf(echo.client.echoUnary({ text: "a" }))).details).toContain("not this one");
    expect(names).toEqual(["localhost"]);
  });

  test("a server without HTTP/2", async () => {
    const { cert, key } = certificates.server;
    const plain = createTlsServer({ cert, key });
    plain.on("tlsClientError", () => {});
    // Node.js leaves the socket of a handshake without a common protocol open.
    const sockets: Socket[] = [];
    plain.on("connection", (socket) => sockets.push(socket));
    await new Promise<void>((resolve) => plain.listen(0, "127.0.0.1", resolve));
    const { port } = plain.address() as AddressInfo;
    using echo = echoClient(`localhost:${port}`, {}, ChannelCredentials.createSsl(pem(certificates.ca)));
    expect((await failureOf(echo.client.echoUnary({ text: "a" }))).details).toContain("ALPN");
    plain.close();
    for (const socket of sockets) socket.destroy();
  });

  test("a context that is asked for at each connection", async () => {
    const { cert, key } = certificates.server;
    const peer = createSecureServer({ cert, key });
    peer.on("stream", (stream) => {
      answer(stream, "b");
      stream.session!.close();
    });
    await new Promise<void>((resolve) => peer.listen(0, "127.0.0.1", resolve));
    const { port } = peer.address() as AddressInfo;
    const { createSecureContext } = await import("node:tls");
    let asked = 0;
    const credentials = ChannelCredentials.createFromSecureContext(() => {
      asked++;
      return createSecureContext({ ca: certificates.ca });
    });
    using echo = echoClient(`localhost:${port}`, {}, credentials);
    for (let i = 1; i <= 3; i++) {
      const before = asked;
      expect(await echo.client.echoUnary({ text: "a" })).toEqual({ text: "b" });
      while (channelStats(echo.channel).connections > 0)
        await new Promise((resolve) => setImmediate(resolve));
      // On a busy machine a second connection is begun before the first is there.
      expect(asked).toBeGreaterThan(before);
    }
    peer.close();
  });

  test("a key without its certificate is refused", () => {
    expect(() => ChannelCredentials.createSsl(null, pem(certificates.client.key))).toThrow(
      "certificate chain",
    );
    expect(() => ChannelCredentials.createSsl(null, null, pem(certificates.client.cert))).toThrow(
      "private key",
    );
  });
});

test("credentials and channels of other libraries are refused", () => {
  expect(() => createChannel("localhost:1", {} as ChannelCredentials)).toThrow(TypeError);
});
