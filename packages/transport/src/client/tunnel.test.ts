import { createServer as createHttpServer } from "node:http";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  EchoServiceDefinition,
  echoService,
  testCertificates,
  type TestCertificates,
} from "@callwire/testkit";
import { Status } from "nice-grpc-common";
import { createServer as createGrpcServer } from "../server/create-server.js";
import { ServerCredentials } from "../server/credentials.js";
import { channelStats, waitForChannelReady } from "./channel.js";
import { ChannelCredentials } from "./channel-credentials.js";
import { echoClient } from "../testing/echo-client.js";
import { answer, startHttp2 } from "../testing/http2-peer.js";
import { failureOf } from "../testing/outcomes.js";
import { startRaw } from "../testing/socket-peer.js";
import { MAX_PROXY_ANSWER_BYTES } from "./tunnel.js";

/** A proxy, as node:http makes one, and what it was asked for. */
interface TestProxy extends AsyncDisposable {
  url: string;
  port: number;
  asked: { authority: string; host: string | undefined; authorization: string | undefined }[];
  tunnels: Set<Socket>;
}

/** @param hosts What the names that it resolves stand for. */
async function startProxy(hosts: Record<string, string> = {}, user?: string): Promise<TestProxy> {
  const asked: TestProxy["asked"] = [];
  const tunnels = new Set<Socket>();
  const server = createHttpServer();
  server.on("connect", ({ url = "", headers }, socket: Socket, head) => {
    tunnels.add(socket);
    socket.on("error", () => {});
    const authorization = headers["proxy-authorization"];
    asked.push({ authority: url, host: headers.host, authorization });
    if (user !== undefined && authorization !== `Basic ${Buffer.from(user).toString("base64")}`) {
      socket.end(
        'HTTP/1.1 407 Who are you?\r\nProxy-Authenticate: Basic realm="test"\r\nContent-Length: 2\r\n\r\nno',
      );
      return;
    }
    const { hostname, port } = new URL(`http://${url}`);
    const host = hosts[hostname] ?? hostname.replace(/^\[|\]$/g, "");
    const target = connect({ host, port: Number(port) }, () => {
      socket.write("HTTP/1.1 200 Connection established\r\nProxy-Agent: test\r\n\r\n");
      target.write(head);
      target.pipe(socket).pipe(target);
    });
    target.on("error", () => socket.destroy());
    socket.on("close", () => target.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    asked,
    tunnels,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        for (const tunnel of tunnels) tunnel.destroy();
        server.close(() => resolve());
      }),
  };
}

/** A proxy that answers CONNECT with these bytes, each in a packet of its own. */
const startOddProxy = (...answers: (string | Buffer)[]) =>
  startRaw((socket) => {
    socket.once("data", () => {
      socket.setNoDelay(true);
      const say = (index: number): void => {
        const next = answers[index];
        if (next !== undefined) socket.write(next, () => setImmediate(say, index + 1));
      };
      say(0);
    });
  });

test("a call goes through the tunnel, to a name that the proxy alone can resolve", async () => {
  await using peer = await startHttp2((stream, headers) => answer(stream, headers[":authority"]!));
  await using proxy = await startProxy({ "users.internal": "127.0.0.1" });
  const authority = `users.internal:${peer.port}`;
  using echo = echoClient(authority, { proxy: proxy.url });
  expect(await echo.client.echoUnary({ text: "a" })).toEqual({ text: authority });
  expect(proxy.asked).toEqual([{ authority, host: authority, authorization: undefined }]);
});

test("calls of every shape, in parallel, over one tunnel", async () => {
  const server = createGrpcServer();
  server.add(EchoServiceDefinition, echoService());
  const port = await server.listen("127.0.0.1:0");
  await using proxy = await startProxy();
  using echo = echoClient(`127.0.0.1:${port}`, { proxy: proxy.url });
  const text = "x".repeat(500_000);
  const many = await Promise.all(Array.from({ length: 20 }, () => echo.client.echoUnary({ text })));
  expect(many.every((each) => each.text === text)).toBe(true);
  let count = 0;
  for await (const each of echo.client.echoServerStream({ text, count: 5 })) if (each.text === text) count++;
  expect(count).toBe(5);
  expect(proxy.asked).toHaveLength(1);
  server.forceShutdown();
});

test("a server and a proxy at IPv6 addresses", async () => {
  const server = createGrpcServer();
  server.add(EchoServiceDefinition, echoService());
  const port = await server.listen("[::1]:0");
  await using proxy = await startProxy();
  for (const address of [`[::1]:${port}`, `ipv6:[::1]:${port}`]) {
    using echo = echoClient(address, { proxy: proxy.url });
    expect(await echo.client.echoUnary({ text: "a" })).toEqual({ text: "a" });
  }
  expect(proxy.asked.map(({ authority }) => authority)).toEqual([`[::1]:${port}`, `[::1]:${port}`]);
  // A proxy at [::1] that leads to the other one, which has no address there.
  const relay = createServer((socket) => {
    const next = connect(proxy.port, "127.0.0.1");
    socket.on("error", () => {});
    next.on("error", () => {});
    socket.pipe(next).pipe(socket);
  });
  await new Promise<void>((resolve) => relay.listen(0, "::1", resolve));
  const relayPort = (relay.address() as AddressInfo).port;
  {
    using echo = echoClient(`[::1]:${port}`, { proxy: `http://[::1]:${relayPort}` });
    expect(await echo.client.echoUnary({ text: "a" })).toEqual({ text: "a" });
  }
  relay.close();
  server.forceShutdown();
});

test("the user and password of its URL", async () => {
  await using peer = await startHttp2((stream) => answer(stream, "b"));
  await using proxy = await startProxy({}, "user:p:ss@word");
  const url = `http://user:p%3Ass%40word@127.0.0.1:${proxy.port}`;
  using echo = echoClient(peer.address, { proxy: url });
  expect(await echo.client.echoUnary({ text: "a" })).toEqual({ text: "b" });
});

test("unix sockets and the proxy of the environment do not meet", async () => {
  await using proxy = await startProxy();
  using echo = echoClient("unix:/nowhere/s", { proxy: proxy.url });
  expect((await failureOf(echo.client.echoUnary({ text: "" }))).details).toContain("ENOENT");
  expect(proxy.asked).toEqual([]);
});

test("a tunnel that is lost is opened again", async () => {
  await using peer = await startHttp2((stream) => answer(stream, "b"));
  await using proxy = await startProxy();
  using echo = echoClient(peer.address, { proxy: proxy.url });
  await echo.client.echoUnary({ text: "a" });
  for (const tunnel of proxy.tunnels) tunnel.destroy();
  while (channelStats(echo.channel).connections > 0) await new Promise((resolve) => setImmediate(resolve));
  expect(await echo.client.echoUnary({ text: "a" })).toEqual({ text: "b" });
  expect(proxy.asked).toHaveLength(2);
});

describe("TLS through the tunnel", () => {
  let certificates: TestCertificates;
  let credentials: ChannelCredentials;
  let port: number;
  const server = createGrpcServer();

  beforeAll(async () => {
    certificates = await testCertificates();
    const { cert, key } = certificates.server;
    credentials = ChannelCredentials.createSsl(Buffer.from(certificates.ca));
    server.add(EchoServiceDefinition, echoService());
    port = await server.listen(
      "127.0.0.1:0",
      ServerCredentials.createSsl(null, [{ cert_chain: Buffer.from(cert), private_key: Buffer.from(key) }]),
    );
  });
  afterAll(() => server.forceShutdown());

  test("the certificate is checked for the server's name, not the proxy's", async () => {
    await using proxy = await startProxy();
    using echo = echoClient(`localhost:${port}`, { proxy: proxy.url }, credentials);
    const text = "x".repeat(300_000);
    expect(await echo.client.echoUnary({ text })).toEqual({ text });
    expect(proxy.asked[0]!.authority).toBe(`localhost:${port}`);
  });

  test("a secure context factory that throws fails the attempt, and no more", async () => {
    await using proxy = await startProxy();
    const failing = ChannelCredentials.createFromSecureContext(() => {
      throw new Error("the certificate is being renewed");
    });
    using echo = echoClient(`localhost:${port}`, { proxy: proxy.url }, failing);
    const { code, details } = await failureOf(echo.client.echoUnary({ text: "a" }));
    expect(code).toBe(Status.UNAVAILABLE);
    expect(details).toContain("the certificate is being renewed");
  });

  test("the server's name is what the client asks for (SNI)", async () => {
    const { cert, key } = certificates.server;
    const names: unknown[] = [];
    const peer = createTlsServer({ cert, key, ALPNProtocols: ["h2"] }, (socket) => {
      names.push(socket.servername);
      socket.destroy();
    });
    await new Promise<void>((resolve) => peer.listen(0, "127.0.0.1", resolve));
    await using proxy = await startProxy({ "localhost.": "127.0.0.1" });
    const { port: peerPort } = peer.address() as AddressInfo;
    // The dot that ends a name of DNS is not sent (RFC 6066, section 3).
    for (const name of ["localhost", "localhost."]) {
      using echo = echoClient(`${name}:${peerPort}`, { proxy: proxy.url }, credentials);
      await failureOf(echo.client.echoUnary({ text: "a" }));
    }
    expect(names).toEqual(["localhost", "localhost"]);
    peer.close();
  });

  test("a name that ends with a dot has the certificate of the name", async () => {
    await using proxy = await startProxy({ "localhost.": "127.0.0.1" });
    using echo = echoClient(`localhost.:${port}`, { proxy: proxy.url }, credentials);
    expect(await echo.client.echoUnary({ text: "a" })).toEqual({ text: "a" });
  });

  test("a server of another name is refused", async () => {
    await using proxy = await startProxy({ "users.internal": "127.0.0.1" });
    using echo = echoClient(`users.internal:${port}`, { proxy: proxy.url }, credentials);
    const { code, details } = await failureOf(echo.client.echoUnary({ text: "a" }));
    expect(code).toBe(Status.UNAVAILABLE);
    expect(details).toContain("users.internal");
    expect(details).toContain("altnames");
  });

  test("a tunnel that ends in the handshake", async () => {
    await using proxy = await startRaw((socket) => {
      socket.once("data", () => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        socket.once("data", () => socket.destroy());
      });
    });
    using echo = echoClient(`localhost:${port}`, { proxy: `http://${proxy.address}` }, credentials);
    const { code, details } = await failureOf(echo.client.echoUnary({ text: "a" }));
    expect(code).toBe(Status.UNAVAILABLE);
    expect(details).toContain(`localhost:${port} through the proxy ${proxy.address}`);
  });
});

describe("a proxy that", () => {
  const failure = async (proxy: string, options: object = {}): Promise<string> => {
    using echo = echoClient("users.internal:50051", { proxy, ...options });
    const { code, details } = await failureOf(echo.client.echoUnary({ text: "" }));
    expect(code).toBe(Status.UNAVAILABLE);
    return details;
  };

  test("wants a user, or another one", async () => {
    await using proxy = await startProxy({}, "user:secret");
    const details = await failure(proxy.url);
    expect(details).toContain(`users.internal:50051 through the proxy 127.0.0.1:${proxy.port}`);
    expect(details).toContain("407 Who are you?");
    expect(details).toContain("put them into its URL");
    const wrong = await failure(`http://user:wrong-secret@127.0.0.1:${proxy.port}`);
    expect(wrong).toContain("does not accept the user and password");
    expect(wrong).not.toContain("secret");
  });

  test.each([
    [
      "403 Forbidden",
      "refuses to connect to users.internal:50051 (403 Forbidden)",
      "list the host in no_proxy",
    ],
    ["502 Bad Gateway", "cannot reach users.internal:50051 (502 Bad Gateway)", "check the address"],
    ["504", "cannot reach users.internal:50051 (504)", "check the address"],
    ["400 \u0007ring", "refuses to connect to users.internal:50051 (400 ?ring)", "allow it there"],
  ])("answers %j", async (status, expected, step) => {
    await using proxy = await startOddProxy(`HTTP/1.1 ${status}\r\nA: b\r\n\r\n`);
    const details = await failure(`http://${proxy.address}`);
    expect(details).toContain(expected);
    expect(details).toContain(step);
  });

  test("answers at length: of that 100 characters are repeated", async () => {
    await using proxy = await startOddProxy(`HTTP/1.1 400 ${"x".repeat(500)}\r\n\r\n`);
    expect(await failure(`http://${proxy.address}`)).toContain(`(400 ${"x".repeat(100)})`);
  });

  test.each([
    ["SSH-2.0-OpenSSH_9.6\r\n"],
    ["HTTP/2 200 OK\r\n\r\n"],
    ["HTTP/1.1 two hundred\r\n\r\n"],
    ["\u0000\u0000\u0000\u0004\u0000\u0000\u0000\u0000\u0000"],
    ["HTTP/1.1 100 Continue\r\n\r\n", "gibberish"],
  ])("does not speak HTTP: %j", async (...bytes) => {
    await using proxy = await startOddProxy(...bytes);
    expect(await failure(`http://${proxy.address}`)).toContain("did not answer in HTTP/1.1");
  });

  test("answers without end", async () => {
    const field = `X: ${"y".repeat(1000)}\r\n`;
    const fields = field.repeat(Math.ceil(MAX_PROXY_ANSWER_BYTES / field.length));
    await using proxy = await startOddProxy("HTTP/1.1 200 OK\r\n", fields, fields);
    expect(await failure(`http://${proxy.address}`)).toContain(`longer than ${MAX_PROXY_ANSWER_BYTES} bytes`);
    const interim = `HTTP/1.1 103 Hints\r\n${field}\r\n`;
    await using chatty = await startOddProxy(...Array.from({ length: 20 }, () => interim));
    expect(await failure(`http://${chatty.address}`)).toContain("longer than");
  });

  test("is silent, within the time for it", async () => {
    await using proxy = await startRaw(() => {});
    const details = await failure(`http://${proxy.address}`, { proxyTimeoutMs: 20 });
    expect(details).toContain("did not answer within 20 ms: set proxyTimeoutMs");
  });

  test("is silent, within the time for all of it", async () => {
    await using proxy = await startRaw(() => {});
    const options = { proxyTimeoutMs: Infinity, "grpc.min_reconnect_backoff_ms": 20 };
    expect(await failure(`http://${proxy.address}`, options)).toContain("no connection within 20 ms");
  });

  test("closes instead of answering, and one that is not there", async () => {
    await using proxy = await startRaw((socket) => socket.once("data", () => socket.end()));
    const url = `http://${proxy.address}`;
    expect(await failure(url)).toContain("the proxy closed the connection without an answer");
    await proxy[Symbol.asyncDispose]();
    expect(await failure(url)).toContain("ECONNREFUSED");
  });

  test("sends the server's first bytes with its answer, or its answer in pieces", async () => {
    const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
    const head = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n";
    for (const pieces of [[Buffer.concat([Buffer.from(head), settings])], [...Array.from(head), settings]]) {
      await using proxy = await startOddProxy(...pieces);
      using echo = echoClient("users.internal:50051", { proxy: `http://${proxy.address}` });
      await waitForChannelReady(echo.channel, new Date(Date.now() + 5000));
    }
  });

  test("is given up when the channel is closed", async () => {
    await using proxy = await startRaw((socket) => socket.once("data", () => echo.channel.close()));
    using echo = echoClient("users.internal:50051", { proxy: `http://${proxy.address}` });
    expect((await failureOf(echo.client.echoUnary({ text: "" }))).details).toBe("the channel is closed");
    while (proxy.sockets.size > 0) await new Promise((resolve) => setImmediate(resolve));
  });
});
