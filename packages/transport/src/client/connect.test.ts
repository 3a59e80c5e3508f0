import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { afterEach, describe, expect, jest, test } from "@jest/globals";
import { testCertificates } from "@callwire/testkit";
import { defaultConnectionOptions } from "../http2/connection-options.js";
import { ChannelCredentials } from "./channel-credentials.js";
import { connect, CONNECTION_ATTEMPT_DELAY_MS, type ConnectAttempt, type ConnectOptions } from "./connect.js";
import { formatAddress, type SocketAddress } from "./target.js";
import { deferred } from "../testing/outcomes.js";

/** An empty SETTINGS frame: all that a server has to say for a connection to be ready. */
const SETTINGS = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);

/** A server at one of the loopback addresses, silent unless it greets. */
interface Peer extends Disposable {
  address: { host: string; port: number };
  connected: Promise<Socket>;
  closed: Promise<void>;
  count: number;
  greet: () => void;
}

const peers = new Set<Peer>();

async function start(
  host: "::1" | "127.0.0.1",
  create: (onSocket: (socket: Socket) => void) => Server = createServer,
) {
  const connected = deferred<Socket>();
  const closed = deferred();
  const sockets = new Set<Socket>();
  const server = create((socket) => {
    peer.count++;
    sockets.add(socket);
    socket.resume();
    socket.on("error", () => {});
    socket.on("close", () => closed.resolve());
    connected.resolve(socket);
  });
  const peer: Peer = {
    address: { host, port: 0 },
    connected: connected.promise,
    closed: closed.promise,
    count: 0,
    greet: () => {
      for (const socket of sockets) socket.write(SETTINGS);
    },
    [Symbol.dispose]: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  peer.address.port = (server.address() as AddressInfo).port;
  peers.add(peer);
  return peer;
}

/** An address where nobody listens. */
async function nowhere(host: "::1" | "127.0.0.1"): Promise<SocketAddress> {
  const peer = await start(host);
  peer[Symbol.dispose]();
  return peer.address;
}

const attempts = new Set<ConnectAttempt>();

function attempt(addresses: SocketAddress[], options: Partial<ConnectOptions> = {}): ConnectAttempt {
  const made = connect(
    addresses,
    {
      credentials: ChannelCredentials.createInsecure(),
      hostname: "localhost",
      timeoutMs: Infinity,
      connection: defaultConnectionOptions,
      keepalive: { timeMs: Infinity, timeoutMs: 1000, withoutCalls: false },
      ...options,
    },
    { onReady() {}, onRoom() {}, onGoingAway() {}, onEnded() {} },
  );
  attempts.add(made);
  // Not every test waits for it.
  made.connection.then(
    (connection) => connection.shutDown(),
    () => {},
  );
  return made;
}

/** The time between two addresses passes now. */
const passDelay = () => jest.advanceTimersByTime(CONNECTION_ATTEMPT_DELAY_MS);
const fakeTimers = () => jest.useFakeTimers({ doNotFake: ["nextTick", "setImmediate", "queueMicrotask"] });

afterEach(() => {
  jest.useRealTimers();
  for (const made of attempts) made.cancel();
  for (const peer of peers) peer[Symbol.dispose]();
  attempts.clear();
  peers.clear();
});

describe("RFC 8305", () => {
  test("a family that is silent costs one delay: then the other one is tried beside it, and wins", async () => {
    const [six, otherSix, four] = [await start("::1"), await start("::1"), await start("127.0.0.1")];
    fakeTimers();
    const { connection } = attempt([six.address, otherSix.address, four.address]);
    await six.connected;
    expect(four.count).toBe(0);
    passDelay();
    await four.connected;
    four.greet();
    expect((await connection).peer).toBe(formatAddress(four.address));
    await six.closed;
    passDelay();
    expect([six.count, otherSix.count]).toEqual([1, 0]);
  });

  test("the same with IPv4 first", async () => {
    const [four, otherFour, six] = [await start("127.0.0.1"), await start("127.0.0.1"), await start("::1")];
    fakeTimers();
    const { connection } = attempt([four.address, otherFour.address, six.address]);
    await four.connected;
    passDelay();
    await six.connected;
    six.greet();
    expect((await connection).peer).toBe(formatAddress(six.address));
    await four.closed;
    expect(otherFour.count).toBe(0);
  });

  test("an address that fails is followed at once", async () => {
    const addresses = [await nowhere("::1"), await nowhere("127.0.0.1")];
    const [six, four] = [await start("::1"), await start("127.0.0.1")];
    fakeTimers();
    const { connection } = attempt([...addresses, six.address, four.address]);
    await six.connected;
    six.greet();
    expect((await connection).peer).toBe(formatAddress(six.address));
    expect(four.count).toBe(0);
  });

  test("an earlier address may still win", async () => {
    const [six, four] = [await start("::1"), await start("127.0.0.1")];
    fakeTimers();
    const { connection } = attempt([six.address, four.address]);
    await six.connected;
    passDelay();
    await four.connected;
    six.greet();
    expect((await connection).peer).toBe(formatAddress(six.address));
    await four.closed;
  });

  test("what wins has ended its TLS handshake and sent its SETTINGS", async () => {
    const { ca, server } = await testCertificates();
    const tls = (onSocket: (socket: Socket) => void) =>
      createTlsServer({ ...server, ALPNProtocols: ["h2"] }, onSocket);
    const credentials = ChannelCredentials.createSsl(Buffer.from(ca));
    // The first one leaves the handshake open, the second one ends it and is silent.
    const [noHandshake, noSettings, good] = [
      await start("::1"),
      await start("127.0.0.1", tls),
      await start("::1", tls),
    ];
    fakeTimers();
    const { connection } = attempt([noHandshake.address, noSettings.address, good.address], { credentials });
    await noHandshake.connected;
    passDelay();
    await noSettings.connected;
    passDelay();
    await good.connected;
    good.greet();
    expect((await connection).peer).toBe(formatAddress(good.address));
    await Promise.all([noHandshake.closed, noSettings.closed]);
  });

  test("if all fail, the error names them, up to a bound", async () => {
    const dead = await Promise.all(
      Array.from({ length: 7 }, (_, i) => nowhere(i % 2 === 0 ? "::1" : "127.0.0.1")),
    );
    const { connection } = attempt(dead);
    const error = (await connection.catch((reason: unknown) => reason)) as Error;
    expect(error.message.match(/ECONNREFUSED/g)!.length).toBeGreaterThanOrEqual(5);
    expect(error.message).toContain(`${formatAddress(dead[0]!)}: `);
    expect(error.message).toMatch(/; and 2 more$/);
  });

  test("each address has its own time", async () => {
    const [first, second] = [await start("::1"), await start("127.0.0.1")];
    fakeTimers();
    const { connection } = attempt([first.address, second.address], { timeoutMs: 300 });
    await first.connected;
    passDelay();
    await second.connected;
    jest.advanceTimersByTime(50);
    await first.closed;
    jest.advanceTimersByTime(250);
    await expect(connection).rejects.toThrow(
      `${formatAddress(first.address)}: no connection within 300 ms; ${formatAddress(second.address)}: no connection`,
    );
  });
});

describe("addresses that change meanwhile", () => {
  test("those that left are given up, and new ones tried", async () => {
    const [old, fresh] = [await start("127.0.0.1"), await start("127.0.0.1")];
    const made = attempt([old.address]);
    await old.connected;
    made.update([fresh.address]);
    await old.closed;
    await fresh.connected;
    fresh.greet();
    expect((await made.connection).peer).toBe(formatAddress(fresh.address));
  });

  test("those that stay go on, and are not tried twice", async () => {
    const [stays, fresh] = [await start("127.0.0.1"), await start("::1")];
    fakeTimers();
    const made = attempt([stays.address, stays.address]);
    await stays.connected;
    made.update([stays.address, fresh.address]);
    passDelay();
    await fresh.connected;
    stays.greet();
    expect((await made.connection).peer).toBe(formatAddress(stays.address));
    expect(stays.count).toBe(1);
  });

  test("if none are left, the attempt has failed", async () => {
    const old = await start("127.0.0.1");
    const made = attempt([old.address]);
    await old.connected;
    made.update([]);
    await expect(made.connection).rejects.toThrow("the name has no addresses");
    await old.closed;
  });
});
