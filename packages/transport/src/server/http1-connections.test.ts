import { createHook } from "node:async_hooks";
import { EventEmitter, once } from "node:events";
import { Agent, get, type IncomingMessage, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import { connect as connectTls } from "node:tls";
import { describe, expect, jest, test } from "@jest/globals";
import { EchoServiceDefinition, EchoUnaryRequest, echoService, testCertificates } from "@callwire/testkit";
import { lengthPrefixed } from "@callwire/testkit/wire";
import { start } from "../testing/echo-server.js";
import { readToEnd, say, speak } from "../testing/http1.js";
import { deferred } from "../testing/outcomes.js";
import { RawPeer } from "../testing/raw-peer.js";
import { rawClient } from "../testing/raw-client.js";
import { createServer } from "./create-server.js";
import { ServerCredentials } from "./credentials.js";
import type { HttpHandler } from "./http-handler.js";
import type { ServerOptions } from "./server-options.js";

const UNARY = "/callwire.echo.v1.EchoService/EchoUnary";
const echoRequest = lengthPrefixed(
  EchoUnaryRequest.encode(EchoUnaryRequest.fromPartial({ text: "a" })).finish(),
);
const answerPath = (request: IncomingMessage, response: ServerResponse) =>
  void response.end(`${request.method} ${request.url} over 1.1`);

const startBoth = async (http: Partial<HttpHandler> = {}, options: ServerOptions = {}) => {
  const started = await start(undefined, { ...options, http: { handler: answerPath, ...http } });
  return Object.assign(started, { port: Number(started.address.split(":")[1]) });
};

describe("HTTP/1.1 on the port of gRPC", () => {
  test("is served, byte by byte too, and gRPC beside it", async () => {
    await using started = await startBoth();
    const socket = await say(started.port, "");
    for (const byte of "POST /slow HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n") {
      await new Promise((resolve) => socket.write(byte, resolve));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await readToEnd(socket)).toContain("POST /slow over 1.1");
    using client = rawClient(started.address);
    expect((await client.call(UNARY, {}, echoRequest)).trailers["grpc-status"]).toBe("0");
    expect(started.server.stats).toMatchObject({ connectionsOpened: 2, connectionsOpen: 1 });
  });

  test("is not what a client of TLS speaks to clear text: it is closed, and reported", async () => {
    const problems: string[] = [];
    await using started = await startBoth(
      {},
      { onConnectionProblem: ({ message }) => problems.push(message) },
    );
    expect(await speak(started.port, "\x16\x03\x01\x02\x00")).toBe("");
    expect(problems).toEqual([expect.stringMatching(/^a client spoke TLS to this port/)]);
  });

  test("without a handler is closed", async () => {
    await using started = await start();
    expect(await speak(Number(started.address.split(":")[1]), "GET / HTTP/1.1\r\nhost: x\r\n\r\n")).toBe("");
  });

  test("goes on when a handler throws, and hands it nothing that a proxy could read otherwise", async () => {
    const warn = jest.spyOn(process, "emitWarning").mockImplementation(() => {});
    const seen: string[] = [];
    await using started = await startBoth({
      handler(request, response) {
        seen.push(request.url!);
        if (request.url === "/throws") throw new Error("a mistake of the application");
        if (request.url === "/rejects") return Promise.reject(new Error("another"));
        response.end("fine");
        return undefined;
      },
    });
    const post = (...fields: string[]) =>
      ["POST /smuggled HTTP/1.1", "host: x", ...fields, "", "0", "", ""].join("\r\n");
    const shapes = [
      post("content-length: 5", "content-length: 6"),
      post("content-length: 5", "transfer-encoding: chunked"),
      post("transfer-encoding: chunked", "transfer-encoding: identity"),
      post("transfer-encoding : chunked"),
      post("content-length: +5"),
      "POST /smuggled HTTP/1.1\nhost: x\ncontent-length: 0\n\n",
      "POST /smuggled HTTP/1.1\r\nhost: x\r\nx: a\n content-length: 5\r\n\r\nhello",
      "POST /smuggled HTTP/1.1\r\ncontent-length: 0\r\n\r\n",
      `GET /long HTTP/1.1\r\nhost: x\r\nx: ${"x".repeat(17_000)}\r\n\r\n`,
    ];
    const statuses: (string | undefined)[] = [];
    for (const shape of shapes)
      statuses.push(/^HTTP\/1\.1 (\d+)/.exec(await speak(started.port, shape))?.[1]);
    expect(statuses).toEqual([...Array<string>(8).fill("400"), "431"]);
    expect(await speak(started.port, "GET /throws HTTP/1.1\r\nhost: x\r\n\r\n")).toBe("");
    expect(await speak(started.port, "GET /rejects HTTP/1.1\r\nhost: x\r\n\r\n")).toBe("");
    expect(await speak(started.port, "GET /fine HTTP/1.0\r\n\r\n")).toContain("fine");
    expect(seen).toEqual(["/throws", "/rejects", "/fine"]);
    expect(warn.mock.calls).toEqual([
      [expect.stringContaining("threw: Error: a mistake of the application")],
      [expect.stringContaining("threw: Error: another")],
    ]);
    warn.mockRestore();
  });

  test("with two hosts, or another head that a proxy may read otherwise, never reaches a handler", async () => {
    const seen: string[] = [];
    await using started = await startBoth({
      handler(request, response) {
        seen.push(request.url!);
        response.end();
      },
      upgrade(request, socket) {
        seen.push(request.url!);
        socket.end();
      },
    });
    const head = (line: string, ...fields: string[]) => [line, "host: x", ...fields, "", ""].join("\r\n");
    const webSocket = ["connection: upgrade", "upgrade: websocket"];
    const chunks = "2\r\n{}\r\n0\r\n\r\n";
    const shapes: [string, string][] = [
      ["400", head("GET / HTTP/1.1", "Host: y")],
      ["400", head("GET / HTTP/1.1", "a: b", "HOST: x", ...webSocket)],
      ["400", `${head("POST / HTTP/1.0", "transfer-encoding: chunked")}${chunks}`],
      ["501", `${head("POST / HTTP/1.1", "transfer-encoding: gzip, chunked")}${chunks}`],
      ["505", head("GET / HTTP/2.0")],
      ...["a b", "a/b", "a@b", "a:b", "[::1", "a:1:2", "\xe9"].map((host): [string, string] => [
        "400",
        head("GET / HTTP/1.1").replace("host: x", `host: ${host}`),
      ]),
    ];
    for (const [status, shape] of shapes) {
      const answer = await speak(started.port, shape + head("GET /behind HTTP/1.1"));
      expect(answer.match(/^HTTP\/1\.1 \d+/gm)).toEqual([`HTTP/1.1 ${status}`]);
    }
    expect(seen).toEqual([]);
    for (const host of [
      "",
      "x",
      "a_b.example:80",
      "127.0.0.1:",
      "[::1]:80",
      "[fe80::1%25eth0]",
      "%2Frun%2Fx",
    ])
      expect(
        await speak(
          started.port,
          `GET /${host.length} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`,
        ),
      ).toMatch(/^HTTP\/1\.1 200 /);
  });

  test("has none behind it that is served, if its answer is the last", async () => {
    const seen: string[] = [];
    await using started = await startBoth({
      handler(request, response) {
        seen.push(request.url!);
        response.shouldKeepAlive = false;
        setImmediate(() => response.end("fine"));
      },
    });
    const ask = (path: string) => `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`;
    expect(await speak(started.port, ask("/last") + ask("/behind"))).toContain("fine");
    expect(seen).toEqual(["/last"]);
  });

  test("takes a handler that returns what it likes", async () => {
    const handler = (_request: IncomingMessage, response: ServerResponse) => response.end("ended");
    await using started = await startBoth({ handler: handler as unknown as HttpHandler["handler"] });
    const request = "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    expect(await speak(started.port, request)).toMatch(/^HTTP\/1\.1 200 .*ended/s);
  });

  test.each([
    [
      "chunk extensions without end (CVE-2024-22019)",
      "transfer-encoding: chunked\r\n\r\n1;",
      "a".repeat(70_000),
    ],
    [
      "a chunk extension whose quotes hide a line's end (CVE-2026-33870)",
      'transfer-encoding: chunked\r\n\r\n1;a="',
      '\r\n"\r\na\r\n0\r\n\r\n',
    ],
    [
      "a coding behind chunked (CVE-2026-89044)",
      "transfer-encoding: chunked, xchunked\r\n\r\n",
      "1\r\na\r\n0\r\n\r\n",
    ],
    ["trailers without end", "transfer-encoding: chunked\r\n\r\n0\r\n", "a: b\r\n".repeat(20_000)],
    ["fields without end", "", "a: b\r\n".repeat(20_000)],
  ])("ends a connection with %s", async (_what, head, flood) => {
    await using started = await startBoth({
      handler: (request, response) => void request.resume().on("end", () => response.end("read")),
    });
    const answer = await speak(started.port, `POST / HTTP/1.1\r\nhost: x\r\n${head}${flood}`);
    expect(answer).toMatch(/^(HTTP\/1\.1 4\d\d [^]*)?$/);
    const next = await speak(started.port, "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    expect(next).toMatch(/^HTTP\/1\.1 200 .*read/s);
  });

  test("forgets a connection that is half closed, and then reset (CVE-2026-41417)", async () => {
    await using started = await startBoth({ handler: () => {} });
    for (const said of ["", "GET / HT", "GET / HTTP/1.1\r\nhost: x\r\n\r\n"]) {
      const socket = await say(started.port, said);
      await new Promise<void>((resolve) => socket.end(resolve));
      socket.resetAndDestroy();
    }
    const peer = await RawPeer.open(started.port);
    await new Promise<void>((resolve) => peer.socket.end(resolve));
    peer.socket.resetAndDestroy();
    while (started.server.stats.connectionsOpen > 0) await new Promise((resolve) => setImmediate(resolve));
  });

  test("gives slow clients their time, and no more", async () => {
    await using started = await startBoth(
      { handler: (request, response) => void request.resume().on("end", () => response.end("read")) },
      // Long enough for a head that comes, on a busy machine too.
      { http1: { headerTimeoutMs: 400, requestTimeoutMs: 600, keepAliveTimeoutMs: 20 } },
    );
    const { port } = started;
    // A header, a body, a second request that never come, and one that never begins.
    expect(await speak(port, "GET / HTTP/1.1\r\nhost: x\r\n")).toMatch(/^HTTP\/1\.1 408 /);
    const slowBody = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\na";
    expect(await speak(port, slowBody)).toMatch(/^HTTP\/1\.1 408 /);
    expect(await speak(port, "GET / HTTP/1.1\r\nhost: x\r\n\r\n")).toMatch(/^HTTP\/1\.1 200 .*read$/s);
  });

  test("gives a client time for the head behind another request, from its first byte on", async () => {
    await using started = await startBoth(
      { handler: (request, response) => void request.resume().on("end", () => response.end("read")) },
      // Long enough for a head that comes, on a busy machine too.
      { http1: { headerTimeoutMs: 400, requestTimeoutMs: 600 } },
    );
    const socket = await say(started.port, "GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    const answers = readToEnd(socket);
    await once(socket, "data");
    socket.write("GET / HTTP/1.1\r\nhost");
    expect(await answers).toMatch(/^HTTP\/1\.1 200 .*read.*HTTP\/1\.1 408 /s);
  });

  test("wakes the process only while something may be too slow", async () => {
    const timers: { ms: number; repeats: boolean }[] = [];
    const hook = createHook({
      init(_id, type, _trigger, resource) {
        const { _idleTimeout: ms, _repeat: repeat } = resource as { _idleTimeout: number; _repeat: unknown };
        if (type === "Timeout") timers.push({ ms, repeats: repeat !== null });
      },
    }).enable();
    try {
      await using started = await startBoth({}, { http1: { headerTimeoutMs: 54_321 } });
      const ask = (path: string) => `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`;
      const socket = await say(started.port, ask("/a") + ask("/b"));
      await once(socket, "data");
      socket.end(ask("/c"));
      await readToEnd(socket);
      expect(timers.filter(({ ms }) => ms > 54_000 && ms <= 54_321)).toHaveLength(1);
      // The sweep of all connections is there without any.
      expect(timers.filter(({ ms, repeats }) => repeats && ms < 500)).toEqual([]);
    } finally {
      hook.disable();
    }
  });

  test("a connection that grows old ends with its answer", async () => {
    await using started = await startBoth({}, { limits: { maxConnectionAgeMs: 0 } });
    const answer = await speak(started.port, "GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    expect(answer).toMatch(/connection: close/i);
  });
});

describe("a shutdown", () => {
  test("does not wait for a connection that is idle", async () => {
    await using started = await startBoth();
    const agent = new Agent({ keepAlive: true });
    const response = await new Promise<IncomingMessage>((resolve) =>
      get(`http://${started.address}/kept`, { agent }, resolve),
    );
    response.resume();
    await once(response, "end");
    await started.server.shutdown();
    agent.destroy();
    expect(started.server.stats.connectionsOpen).toBe(0);
  });

  test("waits for the answers that are due, and ends their connections", async () => {
    const responses: ServerResponse[] = [];
    const both = deferred();
    await using started = await startBoth({
      handler(request, response) {
        responses.push(response);
        if (request.url === "/begun") response.flushHeaders();
        if (responses.length === 2) both.resolve();
      },
    });
    const waiting = ["/due", "/begun"].map((path) =>
      speak(started.port, `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`),
    );
    await both.promise;
    let isOver = false;
    const stopped = started.server.shutdown().then(() => (isOver = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(isOver).toBe(false);
    for (const response of responses) response.end("late");
    const [due, begun] = await Promise.all(waiting);
    expect(due).toMatch(/^HTTP\/1\.1 200 .*connection: close.*late$/is);
    expect(begun).toMatch(/^HTTP\/1\.1 200 .*late/s);
    await stopped;
  });

  test("with a time limit cuts them off", async () => {
    const begun = deferred();
    await using started = await startBoth({ handler: () => begun.resolve() });
    const answer = speak(started.port, "GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    await begun.promise;
    await started.server.drain(0);
    expect(await answer).toBe("");
  });
});

describe("a request to upgrade", () => {
  const ask = (protocol: string, more = "") =>
    `POST /up HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\nconnection: upgrade${more}\r\nupgrade: ${protocol}\r\n\r\nbody`;
  const handler = async (request: IncomingMessage, response: ServerResponse) =>
    void response.end(`${request.method} ${request.url} with ${await text(request)}`);

  test("to WebSocket reaches its handler, with the bytes behind it; others are answered with their body", async () => {
    await using started = await startBoth({
      handler,
      upgrade(request, socket, head) {
        socket.end(`HTTP/1.1 101 Up\r\n\r\n${request.url} ${head.toString()}`);
      },
    });
    const webSocket = ask("WebSocket").replace("POST", "GET").replace("content-length: 4\r\n", "");
    expect(await speak(started.port, webSocket)).toBe("HTTP/1.1 101 Up\r\n\r\n/up body");
    const h2c = await speak(started.port, ask("h2c", ", http2-settings, close"));
    expect(h2c).toMatch(/^HTTP\/1\.1 200 .*POST \/up with body/s);
    expect(await speak(started.port, "CONNECT x:1 HTTP/1.1\r\nhost: x\r\n\r\n")).toBe("");
  });

  test.each<[string, Partial<HttpHandler>]>([
    ["h2c", { upgrade: (_request, socket) => void socket.end("up") }],
    ["websocket", {}],
  ])("to %s, which nobody takes, is answered, and so are those behind it", async (protocol, http) => {
    let answers = 0;
    const large = "x".repeat(4_000_000);
    await using started = await startBoth({
      ...http,
      async handler(request, response) {
        const body = await text(request);
        // Those behind it wait for it.
        await new Promise((resolve) => setImmediate(resolve));
        answers++;
        if (request.url !== "/large") return void response.end(`[${request.url} ${body}]`);
        if (!response.write(large)) await once(response, "drain");
        response.end(`[large]`);
      },
    });
    const plain = (path: string) => `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`;
    const up = ask(protocol);
    const last = "GET /last HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    const written = [plain("/a"), up.replace("/up", "/large"), plain("/b"), up, up, plain("/c"), last];
    const answer = await speak(started.port, written.join(""));
    expect(answer.match(/\[.*?\]/g)).toEqual([
      "[/a ]",
      "[large]",
      "[/b ]",
      "[/up body]",
      "[/up body]",
      "[/c ]",
      "[/last ]",
    ]);
    // A body that comes later, also behind its answer.
    const socket = await say(started.port, up.slice(0, -2));
    const rest = readToEnd(socket);
    await new Promise((resolve) => socket.write("dy", resolve));
    socket.write(plain("/d") + up.repeat(20) + last);
    expect((await rest).match(/\[.*?\]/g)).toHaveLength(23);
    expect(answers).toBe(30);
  });

  test("whose answer comes before its body is over leaves its connection to those behind it", async () => {
    await using started = await startBoth({
      handler: (request, response) => void response.end(`[${request.url}]`),
    });
    const socket = await say(started.port, ask("h2c").slice(0, -2));
    const all = readToEnd(socket);
    await once(socket, "data");
    socket.write("dyGET /b HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    expect((await all).match(/\[.*?\]/g)).toEqual(["[/up]", "[/b]"]);
  });

  test("that is broken off ends no process, whatever the handler listens to", async () => {
    const sockets: Duplex[] = [];
    const asked = deferred();
    const answering = new EventEmitter();
    await using started = await startBoth({
      handler: (_request, response) => void answering.emit("begun", response),
      upgrade(_request, socket) {
        sockets.push(socket);
        asked.resolve();
      },
    });
    const webSocket = ask("WebSocket").replace("POST", "GET").replace("content-length: 4\r\n", "");
    const socket = await say(started.port, webSocket);
    await asked.promise;
    const closed = new Promise((resolve) => sockets[0]!.once("close", resolve));
    sockets[0]!.resume();
    socket.resetAndDestroy();
    await closed;
    const h2c = await say(started.port, ask("h2c"));
    const [response] = (await once(answering, "begun")) as [ServerResponse];
    const gone = once(response, "close");
    h2c.resetAndDestroy();
    await gone;
  });

  test("behind more fields than node:http keeps is answered as any other (CVE-2024-37890)", async () => {
    await using started = await startBoth({ handler, upgrade: (_request, socket) => void socket.end("up") });
    const fields = "a:b\r\n".repeat(2050);
    const flooded = ask("websocket", ", close").replace("connection:", `${fields}connection:`);
    expect(await speak(started.port, flooded)).toMatch(/^HTTP\/1\.1 200 .*POST \/up/s);
  });

  test("is answered as any other where nothing takes it", async () => {
    await using started = await startBoth({ handler });
    const answer = await speak(started.port, ask("websocket", ", close"));
    expect(answer).toMatch(/^HTTP\/1\.1 200 .*POST \/up with body/s);
  });
});

test("over TLS, ALPN decides: a client that agreed on h2 must speak it", async () => {
  const { ca, server: pem } = await testCertificates();
  const server = createServer({ http: { handler: answerPath } });
  server.add(EchoServiceDefinition, echoService());
  const port = await server.listen(
    "127.0.0.1:0",
    ServerCredentials.createSsl(null, [
      { private_key: Buffer.from(pem.key), cert_chain: Buffer.from(pem.cert) },
    ]),
  );
  const get = async (...ALPNProtocols: string[]) => {
    const socket = connectTls({ port, host: "127.0.0.1", servername: "localhost", ca, ALPNProtocols });
    socket.on("error", () => {});
    await once(socket, "secureConnect");
    socket.write("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    const text = await readToEnd(socket);
    return [socket.alpnProtocol, text.slice(0, 15)];
  };
  expect(await get("http/1.1")).toEqual(["http/1.1", "HTTP/1.1 200 OK"]);
  expect(await get()).toEqual([false, "HTTP/1.1 200 OK"]);
  expect(await get("http/1.1", "h2")).toEqual(["h2", ""]);
  server.forceShutdown();
});
