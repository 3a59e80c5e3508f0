import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { describe, expect, test } from "@jest/globals";
import { EchoServiceDefinition, echoService } from "@callwire/testkit";
import { frame } from "@callwire/testkit/wire";
import { FRAME_PING } from "../http2/constants.js";
import { deferred } from "../testing/outcomes.js";
import { echoPaths, openCall } from "../testing/raw-calls.js";
import { RawPeer } from "../testing/raw-peer.js";
import { createServer } from "./create-server.js";
import type { ServerOptions } from "./server-options.js";

/** More than what one turn of the event loop begins with. */
const MANY = 40;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Takes a millisecond, as what an application does when a call ends. */
function work(): void {
  const until = performance.now() + 1;
  while (performance.now() < until);
}

async function listening(options: ServerOptions = {}) {
  const server = createServer({
    http: { handler: (_request, response) => void response.end("x") },
    ...options,
  });
  server.add(EchoServiceDefinition, echoService());
  return { server, port: await server.listen("127.0.0.1:0") };
}

/** Many connections, of which each sends this and, if it is asked for, waits for an answer. */
async function many(port: number, text: string, isAnswered: boolean): Promise<Socket[]> {
  return Promise.all(
    Array.from({ length: MANY }, async () => {
      const socket = connect(port, "127.0.0.1");
      await once(socket, "connect");
      socket.write(text);
      if (isAnswered) await once(socket, "data");
      // It may be reset.
      socket.on("error", () => {});
      return socket.resume();
    }),
  );
}

const closed = (sockets: readonly Socket[]): number => sockets.filter(({ closed }) => closed).length;

// To end thousands of connections takes long: no turn of the event loop may do it all.
describe("of many connections, not all are ended in one turn", () => {
  test("when they are cut off", async () => {
    const { server, port } = await listening();
    const peers = await Promise.all(Array.from({ length: MANY }, () => RawPeer.open(port)));
    server.forceShutdown();
    expect(server.stats.connectionsOpen).toBeGreaterThan(0);
    expect(server.stats.connectionsOpen).toBeLessThan(MANY);
    for (const peer of peers) await peer.goAway();
    expect(server.stats.connectionsOpen).toBe(0);
  });

  test("when they are drained for too long, and yet none is left when that is over", async () => {
    const { server, port } = await listening();
    const peers = await Promise.all(Array.from({ length: MANY }, () => RawPeer.open(port)));
    // They answer no PING.
    expect(await server.drain(0)).toEqual({ forced: false, cutOff: [] });
    expect(server.stats.connectionsOpen).toBe(0);
    for (const peer of peers) await peer.goAway();
  });

  test("when they speak HTTP/1.1", async () => {
    const { server, port } = await listening();
    const sockets = await many(port, "GET / HTTP/1.1\r\nhost: x\r\n\r\n", true);
    expect(server.stats.connectionsOpen).toBe(MANY);
    const shut = server.shutdown();
    await turn();
    expect(closed(sockets)).toBeLessThan(MANY);
    await shut;
    expect(server.stats.connectionsOpen).toBe(0);
  });

  test("when they have said nothing yet; what they say meanwhile is not served", async () => {
    const { server, port } = await listening();
    const sockets = await many(port, "PRI * HTTP/2.0\r\n\r\nSM\r\n", false);
    // Each is accepted when another one has been answered.
    (await RawPeer.open(port)).close();
    const shut = server.shutdown();
    for (const socket of sockets) socket.write("\r\n");
    while (closed(sockets) < MANY) await turn();
    await shut;
    expect(server.stats.connectionsOpened).toBe(1);
  });
});

describe("of many calls on one connection, not all are told of its end in one turn", () => {
  test.each([
    ["whose client is gone", (peer: RawPeer) => void peer.socket.resetAndDestroy()],
    ["whose client has ended its side", (peer: RawPeer) => void peer.socket.end()],
    ["whose client breaks the rules", (peer: RawPeer) => peer.send(frame(FRAME_PING, 0, 1, Buffer.alloc(8)))],
  ])("%s", async (_which, end) => {
    const server = createServer();
    let begun = 0;
    const told = new Set<AbortSignal>();
    const begin = deferred();
    server.add(EchoServiceDefinition, {
      ...echoService(),
      async echoClientStream(_requests, { signal }) {
        if (++begun === MANY) begin.resolve();
        await new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            told.add(signal);
            work();
            reject(signal.reason as Error);
          });
        });
        return {};
      },
    });
    const port = await server.listen("127.0.0.1:0");
    const peer = await RawPeer.open(port);
    for (let at = 0; at < MANY; at++) openCall(peer, echoPaths.clientStream);
    await begin.promise;
    end(peer);
    let most = 0;
    for (let before = 0; told.size < MANY; before = told.size) {
      await turn();
      most = Math.max(most, told.size - before);
    }
    expect(most).toBeLessThan(MANY);
    peer.close();
    await server.drain(0);
  });

  test("whose requests are not gRPC, and whose client is gone", async () => {
    const begin = deferred();
    let begun = 0;
    const told = new Set<object>();
    const server = createServer({
      http: {
        handler: (_request, response) => void response.end(),
        stream(stream) {
          stream.onGone(() => {
            told.add(stream);
            work();
          });
          if (++begun === MANY) begin.resolve();
        },
      },
    });
    const port = await server.listen("127.0.0.1:0");
    const peer = await RawPeer.open(port);
    for (let id = 1; id < 2 * MANY; id += 2)
      peer.send(
        peer.headers(id, { ":method": "GET", ":scheme": "http", ":path": "/", ":authority": "x" }, 1),
      );
    await begin.promise;
    peer.socket.resetAndDestroy();
    let most = 0;
    for (let before = 0; told.size < MANY; before = told.size) {
      await turn();
      most = Math.max(most, told.size - before);
    }
    expect(most).toBeLessThan(MANY);
    await server.drain(0);
  });
});
