import { once } from "node:events";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { expect, test } from "@jest/globals";
import { testCertificates } from "@callwire/testkit";
import { CLIENT_PREFACE, FLAG_END_STREAM, FRAME_GOAWAY } from "../http2/constants.js";
import { start } from "../testing/echo-server.js";
import { readToEnd, say, speak } from "../testing/http1.js";
import {
  dataFrames,
  echoMessage,
  echoPaths,
  goodCall,
  outcome,
  requestFields,
} from "../testing/raw-calls.js";
import { RawPeer, settings } from "../testing/raw-peer.js";
import { IdleSearch, type LimitedConnection } from "./connection-limit.js";
import { createServer } from "./create-server.js";
import { ServerCredentials } from "./credentials.js";
import type { ServerOptions } from "./server-options.js";

const startLimited = async (maxConnections: number, options: ServerOptions = {}) => {
  const problems: string[] = [];
  const started = await start(undefined, {
    onConnectionProblem: ({ message }) => problems.push(message),
    limits: { maxConnections },
    ...options,
  });
  return Object.assign(started, { port: Number(started.address.split(":")[1]), problems });
};

/** A connection with a call that goes on. */
async function busyPeer(port: number): Promise<RawPeer> {
  const peer = await RawPeer.open(port);
  peer.nextId = 3;
  peer.send(peer.headers(1, requestFields(echoPaths.bidiStream)));
  await peer.settled();
  return peer;
}

test("connections that nobody uses give way to those that come, if they say nothing too", async () => {
  await using started = await startLimited(16);
  const idle: RawPeer[] = [];
  try {
    // oxlint-disable-next-line no-await-in-loop
    for (let count = 0; count < 15; count++) idle.push(await RawPeer.open(started.port));
    using caller = await RawPeer.open(started.port);
    expect(await idle[0]!.goAway()).toBe(0);
    const [{ payload }] = idle[0]!.received.filter(({ type }) => type === FRAME_GOAWAY) as [
      RawPeer["received"][0],
    ];
    expect(payload.subarray(8).toString()).toBe("max_connections");
    await goodCall(caller);
    using next = await RawPeer.open(started.port);
    await idle[1]!.goAway();
    await goodCall(next);
    expect(idle.slice(2).map(({ closed }) => closed)).not.toContain(true);
    expect(started.problems).toEqual([]);
  } finally {
    for (const peer of idle) peer.close();
  }
});

test("a call that comes while its connection gives way is answered", async () => {
  await using started = await startLimited(2);
  using caller = await RawPeer.open(started.port);
  using other = await RawPeer.open(started.port);
  await caller.first(({ type }) => type === FRAME_GOAWAY);
  caller.send(caller.headers(1, requestFields(echoPaths.unary)));
  await caller.settled();
  // It gives way later, and has to go when it must.
  expect(await speak(started.port, "")).toBe("");
  await other.goAway();
  expect(caller.closed).toBe(false);
  caller.send(dataFrames(1, echoMessage("a"), FLAG_END_STREAM));
  expect((await outcome(caller, 1)).fields).toMatchObject({ "grpc-status": "0" });
});

test("connections with calls stay, and one more is closed and reported", async () => {
  await using started = await startLimited(2);
  using first = await busyPeer(started.port);
  using second = await busyPeer(started.port);
  await expect(RawPeer.open(started.port)).rejects.toThrow();
  await expect(RawPeer.open(started.port)).rejects.toThrow();
  expect(started.problems).toEqual([
    expect.stringMatching(/as 2 are open, which is the limit maxConnections/),
  ]);
  for (const peer of [first, second]) {
    peer.send(dataFrames(1, echoMessage("a"), FLAG_END_STREAM));
    // oxlint-disable-next-line no-await-in-loop
    expect((await outcome(peer, 1)).fields).toMatchObject({ "grpc-status": "0" });
  }
});

test("connections of HTTP/1.1 give way between their requests, and not while one runs", async () => {
  let finish = (): void => {};
  await using started = await startLimited(3, {
    http: {
      handler(request, response) {
        if (request.url === "/slow") finish = () => void response.end("slow");
        else response.end("quick");
      },
    },
  });
  const slow = await say(started.port, "GET /slow HTTP/1.1\r\nhost: x\r\n\r\n");
  const quick = await say(started.port, "GET /quick HTTP/1.1\r\nhost: x\r\n\r\n");
  await once(quick, "readable");
  using _caller = await RawPeer.open(started.port);
  expect(await readToEnd(quick)).toContain("quick");
  expect(await speak(started.port, "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")).toContain(
    "quick",
  );
  finish();
  const [answer] = (await once(slow, "data")) as [Buffer];
  expect(answer.toString()).toContain("slow");
});

test("connections by TLS give way too", async () => {
  const { ca, server: pem } = await testCertificates();
  const server = createServer({ limits: { maxConnections: 2 } });
  const keyPair = { private_key: Buffer.from(pem.key), cert_chain: Buffer.from(pem.cert) };
  const port = await server.listen("127.0.0.1:0", ServerCredentials.createSsl(null, [keyPair]));
  const open = async (): Promise<TLSSocket> => {
    const socket = connectTls({
      port,
      host: "127.0.0.1",
      servername: "localhost",
      ca,
      ALPNProtocols: ["h2"],
    });
    socket.write(Buffer.concat([CLIENT_PREFACE, settings()]));
    await once(socket, "data");
    return socket.resume();
  };
  const first = await open();
  const closed = once(first, "close");
  await open();
  await closed;
  server.forceShutdown();
});

test("a search goes round all connections, and finds one without calls", () => {
  const at = (idleSince: number | undefined): LimitedConnection => ({ idleSince, giveWay() {} });
  const busy = Array.from({ length: 20 }, () => at(undefined));
  const [old, young] = [at(1), at(2)];
  const search = new IdleSearch();
  for (const connection of [...busy, young, old]) search.add(connection);
  expect(search.find()).toBeUndefined();
  expect(search.find()).toBe(old);
  search.delete(old);
  expect(search.find()).toBe(young);
  search.delete(young);
  expect(search.find()).toBeUndefined();
});
