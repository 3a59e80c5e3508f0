import { once } from "node:events";
import { createServer as createHttp, type Server as HttpServer } from "node:http";
import { createServer as createHttps } from "node:https";
import { createServer as createTcp, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTls } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { testCertificates, type TestCertificates } from "@callwire/testkit";
import { Status, type ClientError } from "nice-grpc-common";
import { startRawServer } from "../testing/raw-calls.js";
import { ServerCredentials } from "../server/credentials.js";
import { createServer } from "../server/create-server.js";
import { echoClient } from "../testing/echo-client.js";
import { startHttp2 } from "../testing/http2-peer.js";
import { failureOf } from "../testing/outcomes.js";
import { ChannelCredentials } from "./channel-credentials.js";
import { PAGE_TIMEOUT_MS } from "./foreign-page.js";

let pem: TestCertificates;
beforeAll(async () => {
  pem = await testCertificates();
});

const running = new Set<Server | HttpServer>();
afterAll(() => {
  for (const server of running) server.close();
});

/** The error of a call to a server of whatever kind. */
async function failureAt(
  server: Server | HttpServer,
  credentials?: ChannelCredentials,
): Promise<ClientError> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket));
  running.add(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  using echo = echoClient(`127.0.0.1:${port}`, {}, credentials);
  const error = await failureOf(echo.client.echoUnary({ text: "a" }));
  for (const socket of sockets) socket.destroy();
  return error;
}

const tls = () => ChannelCredentials.createSsl(Buffer.from(pem.ca));

/** A server that says this at once, in clear text. */
const says = (...parts: (string | Buffer)[]): Server =>
  createTcp((socket) => {
    socket.on("error", () => {});
    socket.resume();
    void (async () => {
      for (const part of parts) {
        socket.write(part);
        await new Promise((resolve) => {
          setTimeout(resolve, 20);
        });
      }
    })();
  });

describe("in clear text, the error says what stands there", () => {
  test("HTTP/1.1 of node:http", async () => {
    const { code, details } = await failureAt(createHttp((_, response) => response.end("hello\n")));
    expect(code).toBe(Status.UNAVAILABLE);
    expect(details).toContain("it speaks HTTP/1.1, not HTTP/2, and answers 400 Bad Request");
  });
  test("with the fields and the first line of the body, also if they come in pieces", async () => {
    const head = "TP/1.1 502 Bad Gateway\r\nServer: nginx/1.24.0\r\nContent-";
    const { details } = await failureAt(
      says("HT", head, "Type: text/html\r\n\r\n", "\r\n<html>\r\n<h1>\x1b[31m502 Bad Gateway</h1>\r\n"),
    );
    expect(details).toContain(
      'it speaks HTTP/1.1, not HTTP/2, and answers 502 Bad Gateway, content-type "text/html", server "nginx/1.24.0": <html> <h1> [31m502 Bad Gateway</h1>',
    );
  });
  test("a page without an end is cut short", async () => {
    const { details } = await failureAt(says(`HTTP/1.0 200 OK\r\n\r\n${"x".repeat(100_000)}`));
    expect(details).toMatch(/answers 200 OK: x{120}…$/);
  });
  test.each([
    ["SSH", "SSH-2.0-OpenSSH_9.6\r\n", '"SSH-2.0-OpenSSH_9.6"'],
    ["SMTP", "220 mail ESMTP\r\nmore", '"220 mail ESMTP more"'],
    ["bytes", Buffer.from([0xff, 0xfe, 0x07, 0x0a]), "it does not speak HTTP/2: it begins with"],
  ])("%s", async (_, said, expected) => {
    expect((await failureAt(says(said))).details).toContain(expected);
  });
  test("something that never ends its line", async () => {
    const began = performance.now();
    expect((await failureAt(says("hello"))).details).toContain('it begins with "hello"');
    expect(performance.now() - began).toBeGreaterThan(PAGE_TIMEOUT_MS - 50);
  });
  test.each([
    ["an alert", Buffer.of(0x15, 3, 1, 0, 2, 2, 0x46)],
    ["its first byte", Buffer.of(0x15)],
  ])("TLS, by %s", async (_, said) => {
    expect((await failureAt(says(said))).details).toContain(
      "it speaks TLS, and the channel is in clear text",
    );
  });
  test("TLS of node:tls, and of our own server: what to do is said", async () => {
    const server = createTls({ ...pem.server, ALPNProtocols: ["h2"] }, (socket) => socket.resume());
    expect((await failureAt(server)).details).toContain("ChannelCredentials.createSsl()");
    const own = createServer();
    const { key, cert } = pem.server;
    const pair = { private_key: Buffer.from(key), cert_chain: Buffer.from(cert) };
    const port = await own.listen("127.0.0.1:0", ServerCredentials.createSsl(null, [pair]));
    using echo = echoClient(`127.0.0.1:${port}`);
    const { details } = await failureOf(echo.client.echoUnary({ text: "a" }));
    expect(details).toContain("ChannelCredentials.createSsl()");
    own.forceShutdown();
  });
});

describe("over TLS, likewise", () => {
  test("HTTP/1.1 of node:https, that knows no h2", async () => {
    const { code, details } = await failureAt(
      createHttps({ ...pem.server, ALPNProtocols: ["http/1.1"] }, (_, response) => response.end()),
      tls(),
    );
    expect(code).toBe(Status.UNAVAILABLE);
    expect(details).toContain("the server does not offer HTTP/2 over TLS (ALPN h2)");
  });
  test("a server without ALPN: it is asked what it is", async () => {
    const server = createTls(pem.server, (socket) => {
      socket.on("error", () => {});
      socket.once("data", () =>
        socket.write("HTTP/1.1 405 Not Allowed\r\nserver: old/1\r\ncontent-type: text/plain\r\n\r\nGET me\n"),
      );
    });
    const { details } = await failureAt(server, tls());
    expect(details).toContain(
      'the server does not offer HTTP/2 over TLS (ALPN h2): it speaks HTTP/1.1, not HTTP/2, and answers 405 Not Allowed, content-type "text/plain", server "old/1": GET me',
    );
  });
  test("a server without ALPN that says nothing", async () => {
    const server = createTls(pem.server, (socket) => {
      socket.on("error", () => {});
      socket.resume();
    });
    const { details } = await failureAt(server, tls());
    expect(details).toMatch(/the server does not offer HTTP\/2 over TLS \(ALPN h2\)$/);
  });
  test("HTTP/1.1 in clear text, and our own server in clear text", async () => {
    const http = await failureAt(createHttp(), tls());
    expect(http.details).toContain(
      "the server does not speak TLS, and the client does: in clear text, leave out 'https://'",
    );
    await using served = await startRawServer();
    using echo = echoClient(`127.0.0.1:${served.port}`, {}, tls());
    const { details } = await failureOf(echo.client.echoUnary({ text: "a" }));
    expect(details).toMatch(/the server does not speak TLS|does the server speak TLS\?/);
  });
});

describe("answers over HTTP/2 that are not gRPC", () => {
  test("a page of a proxy, with all that says whose it is", async () => {
    await using peer = await startHttp2((stream) => {
      stream.respond({ ":status": 502, "content-type": "text/html", server: "nginx\t1.24" });
      stream.write("<html>\r\n<head><title>502 Bad Gateway");
      setTimeout(() => stream.end("</title></head>\r\n<body>more"), 20);
    });
    using echo = echoClient(peer.address);
    const { code, details } = await failureOf(echo.client.echoUnary({ text: "a" }));
    expect([code, details]).toEqual([
      Status.UNAVAILABLE,
      'HTTP status 502, content-type "text/html", server "nginx 1.24": <html> <head><title>502 Bad Gateway</title></head>',
    ]);
  });
  test("JSON with status 200, in a stream of responses too", async () => {
    await using peer = await startHttp2((stream) => {
      stream.respond({ ":status": 200, "content-type": "application/json" });
      stream.end('{"error":\n"no"}');
    });
    using echo = echoClient(peer.address);
    const expected = 'the response is not gRPC, content-type "application/json": {"error":';
    const { code, details } = await failureOf(echo.client.echoUnary({ text: "a" }));
    expect([code, details]).toEqual([Status.UNKNOWN, expected]);
    const stream = echo.client.echoServerStream({ text: "a" })[Symbol.asyncIterator]();
    await expect(stream.next()).rejects.toMatchObject({ details: expected });
  });
  test.each<[string, (stream: Parameters<Parameters<typeof startHttp2>[0]>[0]) => void, string]>([
    ["that goes on for ever", (stream) => stream.write("x".repeat(60_000)), `: ${"x".repeat(120)}…`],
    ["that never comes", () => {}, ""],
    ["that is reset", (stream) => stream.close(2), ""],
    ["that ends with trailers", (stream) => stream.end("gone"), ": gone"],
  ])("a body %s", async (_, body, expected) => {
    await using peer = await startHttp2((stream) => {
      stream.on("wantTrailers", () => stream.sendTrailers({ "x-end": "1" }));
      stream.respond({ ":status": 500, "content-type": "text/plain" }, { waitForTrailers: true });
      body(stream);
    });
    using echo = echoClient(peer.address);
    const { code, details } = await failureOf(echo.client.echoUnary({ text: "a" }));
    expect([code, details]).toEqual([
      Status.UNKNOWN,
      `HTTP status 500, content-type "text/plain"${expected}`,
    ]);
  });
});
