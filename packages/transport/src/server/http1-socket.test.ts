import { once } from "node:events";
import { createServer as createHttpServer, request, type IncomingMessage } from "node:http";
import { createServer as createHttpsServer, request as requestByTls } from "node:https";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { afterEach, describe, expect, jest, test } from "@jest/globals";
import type { TLSSocket } from "node:tls";
import { testCertificates } from "@callwire/testkit";
import { Http1Socket, readInTurns } from "./http1-socket.js";

const open: Socket[] = [];

afterEach(() => {
  jest.restoreAllMocks();
  for (const socket of open.splice(0)) socket.destroy();
});

/**
 * A client's socket, and the server's as node:http gets it, of which `first` was read; or of which the first that the client writes is
 * read, as a listener does to tell its protocol.
 */
async function pair(first = "", written = ""): Promise<[Socket, Http1Socket]> {
  const server = createServer({ allowHalfOpen: true }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const client = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  const [accepted] = (await once(server, "connection")) as [Socket];
  server.close();
  open.push(client, accepted);
  if (written === "") return [client, new Http1Socket(accepted, Buffer.from(first))];
  client.write(written);
  const [read] = (await once(accepted, "data")) as [Buffer];
  return [client, new Http1Socket(accepted, read)];
}

/** Makes the clock go by so many milliseconds at each look. */
function everyLookTakes(ms: number): void {
  let now = 0;
  jest.spyOn(performance, "now").mockImplementation(() => (now += ms));
}

describe("a socket of HTTP/1.1", () => {
  test("gives what came in parts, one in a turn of the event loop if each takes long", async () => {
    const [client, socket] = await pair("a".repeat(10_000));
    everyLookTakes(20);
    let turn = 0;
    const countTurns = (): void => {
      turn++;
      immediate = setImmediate(countTurns);
    };
    let immediate = setImmediate(countTurns);
    const turns: number[] = [];
    let text = "";
    socket.on("data", (part: Buffer) => {
      expect(part.length).toBeLessThanOrEqual(1024);
      turns.push(turn);
      text += part.toString("latin1");
    });
    client.end("b".repeat(50_000));
    await once(socket, "end");
    clearImmediate(immediate);
    expect(text).toBe("a".repeat(10_000) + "b".repeat(50_000));
    expect(new Set(turns).size).toBe(turns.length);
    expect(socket).toMatchObject({ bytesRead: 60_000, bytesGiven: 60_000 });
  });

  test("gives larger parts, and many in a turn, if they take no time", async () => {
    const [client, socket] = await pair();
    everyLookTakes(0);
    let longest = 0;
    socket.on("data", (part: Buffer) => (longest = Math.max(longest, part.length)));
    client.end(Buffer.alloc(1_000_000));
    await once(socket, "end");
    expect(longest).toBe(16 * 1024);
    expect(socket.bytesGiven).toBe(1_000_000);
  });

  test("gives small parts while what they make others do takes long", async () => {
    const [client, socket] = await pair();
    let now = 0;
    jest.spyOn(performance, "now").mockImplementation(() => now);
    let longest = 0;
    socket.on("data", (part: Buffer) => {
      longest = Math.max(longest, part.length);
      queueMicrotask(() => (now += 1));
    });
    client.end(Buffer.alloc(100_000));
    await once(socket, "end");
    expect(longest).toBe(1024);
  });

  test("gives a little before the next parts of all those that have much", async () => {
    everyLookTakes(20);
    const given: string[] = [];
    const open = async (name: string, bytes: number): Promise<void> => {
      const [, socket] = await pair("x".repeat(bytes));
      socket.on("data", () => given.push(name));
    };
    for (let index = 0; index < 10; index++) await open("much", 50_000);
    const before = given.length;
    await open("little", 100);
    while (!given.includes("little")) await new Promise((resolve) => setImmediate(resolve));
    // One that has much goes on in each turn.
    expect(given.indexOf("little") - before).toBeLessThan(5);
  });

  test("reads no more than a little while nobody takes it, and all of it later", async () => {
    const [client, socket] = await pair("begun");
    const written = new Promise((resolve) =>
      client.end(Buffer.alloc(20_000_000, "x"), () => resolve(undefined)),
    );
    await once(socket, "readable");
    // What the system keeps takes less than the rest.
    await new Promise((resolve) => setImmediate(resolve));
    expect(socket.bytesRead).toBeLessThan(200_000);
    let bytes = 0;
    socket.on("data", (part: Buffer) => (bytes += part.length));
    await Promise.all([written, once(socket, "end")]);
    expect(bytes).toBe(20_000_005);
  });

  test("holds no more than a little of what comes faster than it is taken", async () => {
    const [client, socket] = await pair("", "x".repeat(200_000));
    everyLookTakes(20);
    let mostHeld = 0;
    socket.on("data", () => (mostHeld = Math.max(mostHeld, socket.bytesRead - socket.bytesGiven)));
    client.end(Buffer.alloc(2_000_000, "x"));
    await once(socket, "end");
    expect(socket.bytesRead).toBe(2_200_000);
    expect(mostHeld).toBeLessThan(200_000);
  });

  test("writes in order, ends its side, and takes what comes after", async () => {
    const [client, socket] = await pair();
    let answer = "";
    client.on("data", (part: Buffer) => (answer += part.toString("latin1")));
    socket.cork();
    socket.write("head ");
    socket.write(Buffer.from("body "));
    socket.write("ä", "latin1");
    socket.uncork();
    socket.write(" more");
    socket.end();
    await once(client, "end");
    expect(answer).toBe("head body ä more");
    client.end("late");
    const [late] = (await once(socket, "data")) as [Buffer];
    expect(late.toString()).toBe("late");
    await once(socket, "close");
  });

  test("keeps the order of what a slow client takes, says how much waits, and when it is taken", async () => {
    const [client, socket] = await pair();
    client.pause();
    let sent = "";
    let isTaken = true;
    for (let i = 0; i < 300; i++) {
      const part = `${i},`.repeat(10_000 * (i % 2) + 1);
      isTaken = socket.write(part);
      sent += part;
      // Between some of them the socket beneath takes what it can.
      if (i % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(isTaken).toBe(false);
    expect(socket.writableLength).toBeGreaterThan(0);
    let received = "";
    client.on("data", (part: Buffer) => (received += part.toString("latin1"))).resume();
    await once(socket, "drain");
    socket.write("last");
    socket.end();
    await once(client, "end");
    expect(received === `${sent}last`).toBe(true);
  });

  test("goes when its client breaks off, and takes the client's connection with it when it goes", async () => {
    const [client, socket] = await pair();
    const failed = once(socket, "error");
    socket.resume();
    client.resetAndDestroy();
    expect((await failed)[0]).toMatchObject({ code: "ECONNRESET" });

    const [other, gone] = await pair();
    other.resume().once("end", () => other.end());
    gone.end("last");
    gone.destroySoon();
    await once(other, "close");
    expect(other.bytesRead).toBe(4);
  });

  test("tells what applications ask a socket, and when it was idle for too long", async () => {
    const [client, socket] = await pair();
    expect(socket).toMatchObject({ remoteAddress: "127.0.0.1", remotePort: client.localPort });
    const timedOut = once(socket, "timeout");
    expect(socket.setTimeout(1)).toBe(socket);
    await timedOut;
    expect(socket).toMatchObject({ timeout: 1, connecting: false, readyState: "open" });
  });
});

/** What applications ask the socket of a request, by TLS and without. */
function tell(socket: Socket | TLSSocket): string {
  const { encrypted, getProtocol } = socket as Partial<TLSSocket>;
  const isItself = socket.setKeepAlive(true).unref().ref() === socket;
  return `${socket.remoteAddress} ${encrypted} ${getProtocol?.()} ${isItself}`;
}

test.each(["node:http", "node:https"])("a server of %s reads in small parts", async (by) => {
  const { ca, server: pem } = await testCertificates();
  const server =
    by === "node:http" ? createHttpServer() : createHttpsServer({ key: pem.key, cert: pem.cert });
  let longest = 0;
  const sockets = new Set<unknown>();
  // One of the application's own beside that of node:http.
  server.on(by === "node:http" ? "connection" : "secureConnection", (socket) => sockets.add(socket));
  server.on("request", (incoming, response) => {
    expect(sockets).toContain(incoming.socket);
    incoming.on("data", (part: Buffer) => (longest = Math.max(longest, part.length)));
    incoming.on("end", () => response.end(tell(incoming.socket)));
  });
  readInTurns(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const options = { host: "127.0.0.1", port, method: "POST", agent: false as const };
  const outgoing =
    by === "node:http" ? request(options) : requestByTls({ ...options, servername: "localhost", ca });
  outgoing.end(Buffer.alloc(1_000_000));
  const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
  expect(((await once(answer, "data")) as [Buffer])[0].toString()).toBe(
    `127.0.0.1 ${by === "node:https" ? "true TLSv1.3" : "undefined undefined"} true`,
  );
  expect(longest).toBeLessThanOrEqual(16 * 1024);
  server.close();
  await once(server, "close");
});
