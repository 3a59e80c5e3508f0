import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { expect, test } from "@jest/globals";
import { ChannelCredentials } from "../client/channel-credentials.js";
import { connect } from "../client/connect.js";
import { start } from "../testing/echo-server.js";
import { defaultConnectionOptions } from "./connection-options.js";

// After the event loop stood still, timers come before sockets: what a peer has said meanwhile counts all the same.

/** How long the event loop stands still, in milliseconds: longer than the peer may take. */
const STILL_MS = 450;
/** The time that the peer may take, in milliseconds. */
const TIMEOUT_MS = 400;

/**
 * A peer in a thread of its own, which goes on while the event loop here stands still. It answers what is asked of it, a connection,
 * `SETTINGS` or a `PING`, when `gate[0]` is set, and sets `gate[1]` then.
 */
const PEER = `
  const { parentPort, workerData: { port, asks, gate } } = require("node:worker_threads");
  const net = require("node:net");
  const frame = (type, flags, payload) =>
    Buffer.concat([Buffer.from([0, 0, payload.length, type, flags, 0, 0, 0, 0]), payload]);
  const NONE = Buffer.alloc(0);
  let asked = 0;
  const answer = (socket, asking, bytes) => {
    const isGuarded = asking === asks && ++asked === 1;
    if (isGuarded) {
      parentPort.postMessage("asked");
      Atomics.wait(gate, 0, 0, 5000);
    }
    socket.write(bytes);
    if (!isGuarded) return;
    Atomics.store(gate, 1, 1);
    Atomics.notify(gate, 1);
  };
  const speak = (socket) => {
    socket.on("error", () => {});
    if (port !== undefined) socket.write("PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n");
    answer(socket, 0, frame(4, 0, NONE));
    let read = Buffer.alloc(0);
    let hasPreface = port !== undefined;
    socket.on("data", (chunk) => {
      read = Buffer.concat([read, chunk]);
      if (!hasPreface) {
        if (read.length < 24) return;
        read = read.subarray(24);
        hasPreface = true;
      }
      while (read.length >= 9 && read.length >= 9 + read.readUIntBE(0, 3)) {
        const [type, flags] = [read[3], read[4]];
        const payload = read.subarray(9, 9 + read.readUIntBE(0, 3));
        read = read.subarray(9 + payload.length);
        const isAsked = (flags & 1) === 0 && (type === 4 || type === 6);
        if (isAsked) answer(socket, type, frame(type, 1, type === 4 ? NONE : payload));
      }
    });
  };
  if (port === undefined) {
    const server = net.createServer(speak);
    server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));
  } else speak(net.connect(port, "127.0.0.1"));
`;

const CONNECTION = 0;
const SETTINGS = 4;
const PING = 6;

function startPeer(asks: number, port?: number) {
  const gate = new Int32Array(new SharedArrayBuffer(8));
  const worker = new Worker(PEER, { eval: true, workerData: { port, asks, gate } });
  return {
    next: async (): Promise<unknown> => ((await once(worker, "message")) as unknown[])[0],
    /** Lets the event loop stand still until the peer has answered, and beyond the time that it has. */
    standStill(): void {
      const until = performance.now() + STILL_MS;
      Atomics.store(gate, 0, 1);
      Atomics.notify(gate, 0);
      Atomics.wait(gate, 1, 0, 5000);
      while (performance.now() < until);
    },
    [Symbol.asyncDispose]: async () => void (await worker.terminate()),
  };
}

/** Connects to a server, with what the peer may take. */
async function open(port: number, timeoutMs = 5000) {
  const options = {
    credentials: ChannelCredentials.createInsecure(),
    hostname: "localhost",
    timeoutMs,
    connection: { ...defaultConnectionOptions, handshakeTimeoutMs: TIMEOUT_MS },
    keepalive: { timeMs: 20, timeoutMs: TIMEOUT_MS, withoutCalls: true },
  };
  const nothing = () => {};
  const listener = { onReady: nothing, onRoom: nothing, onGoingAway: nothing, onEnded: nothing };
  return connect([{ host: "127.0.0.1", port }], options, listener).connection;
}

/** Until timers that are due have run, and what they left for later. */
async function nextTimers(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 1));
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

test.each([
  ["a keepalive PING", PING],
  ["SETTINGS", SETTINGS],
])("a server that has answered %s is not given up", async (_, asks) => {
  await using peer = startPeer(asks);
  const connection = await open((await peer.next()) as number);
  expect(await peer.next()).toBe("asked");
  peer.standStill();
  await nextTimers();
  expect(connection.end).toBeUndefined();
  connection.destroy(0, "the test is over");
});

test.each([
  ["a keepalive PING", PING],
  ["SETTINGS", SETTINGS],
])("a client that has answered %s is not given up", async (_, asks) => {
  const times = { keepaliveTimeMs: 20, keepaliveTimeoutMs: TIMEOUT_MS };
  await using started = await start(undefined, { limits: times, http2: { handshakeTimeoutMs: TIMEOUT_MS } });
  await using peer = startPeer(asks, Number(started.address.split(":")[1]));
  expect(await peer.next()).toBe("asked");
  peer.standStill();
  await nextTimers();
  expect(started.server.stats.connectionsOpen).toBe(1);
});

test("a server that has answered in time is connected to", async () => {
  await using peer = startPeer(CONNECTION);
  const opened = open((await peer.next()) as number, TIMEOUT_MS);
  expect(await peer.next()).toBe("asked");
  peer.standStill();
  const connection = await opened;
  connection.destroy(0, "the test is over");
});
