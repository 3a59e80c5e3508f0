import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect as connectHttp2 } from "node:http2";
import { connect as connectTcp } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { describe, expect, test } from "@jest/globals";
import { EchoServiceDefinition, EchoUnaryRequest, echoService, testCertificates } from "@callwire/testkit";
import { lengthPrefixed } from "@callwire/testkit/wire";
import { Status } from "nice-grpc-common";
import { CLIENT_PREFACE } from "../http2/constants.js";
import { createServer } from "./create-server.js";
import { ServerCredentials } from "./credentials.js";
import type { ServerCallContext } from "./server-call-context.js";
import { phasedServer, start } from "../testing/echo-server.js";
import { deferred } from "../testing/outcomes.js";
import { rawClient } from "../testing/raw-client.js";

const UNARY = "/callwire.echo.v1.EchoService/EchoUnary";
const CLIENT_STREAM = "/callwire.echo.v1.EchoService/EchoClientStream";
const request = (text: string) =>
  lengthPrefixed(EchoUnaryRequest.encode(EchoUnaryRequest.fromPartial({ text })).finish());

describe("listen", () => {
  test("says which address is in use, and may be tried again", async () => {
    await using other = await start();
    const server = createServer();
    await expect(server.listen(other.address)).rejects.toThrow(`address already in use ${other.address}`);
    expect(await server.listen("127.0.0.1:0")).toBeGreaterThan(0);
    await expect(server.listen("127.0.0.1:0")).rejects.toThrow("server.listen() has already been called");
    expect(() => server.add(EchoServiceDefinition, echoService())).toThrow(
      "server.add() must be used before listen()",
    );
    expect(() => server.use((call, context) => call.next(call.request as never, context) as never)).toThrow(
      "server.use() must be used before listen()",
    );
    await server.shutdown();
  });

  test("refuses what is no address", async () => {
    for (const address of ["", "host", "host:70000", "host:x", "a:b:1"]) {
      await expect(createServer().listen(address)).rejects.toThrow(`Invalid address: '${address}'`);
    }
  });

  test("takes [::1] and unix sockets", async () => {
    const folder = await mkdtemp(join(tmpdir(), "callwire-"));
    const path = join(folder, "socket");
    for (const address of ["[::1]:0", `unix:${path}`]) {
      const server = createServer();
      const port = await server.listen(address);
      const socket = port === 0 ? connectTcp({ path }) : connectTcp({ port, host: "::1" });
      socket.write(CLIENT_PREFACE);
      await once(socket, "data");
      socket.destroy();
      server.forceShutdown();
    }
    await rm(folder, { recursive: true });
  });

  test("a service must be whole, and there once; use() comes first", () => {
    const server = createServer();
    expect(() => server.add(EchoServiceDefinition, {} as never)).toThrow(`${UNARY}: no handler 'echoUnary'`);
    server.add(EchoServiceDefinition, echoService());
    expect(() => server.add(EchoServiceDefinition, echoService())).toThrow(`${UNARY} was added before`);
    expect(() => server.use((call, context) => call.next(call.request as never, context) as never)).toThrow(
      "server.use() must be used before adding any services",
    );
  });
});

describe("shutdown", () => {
  test("waits for the running calls, and takes no new ones", async () => {
    const go = deferred();
    const running = deferred();
    await using started = await start((server) =>
      server.add(EchoServiceDefinition, {
        ...echoService(),
        async echoUnary({ text }) {
          running.resolve();
          await go.promise;
          return { text };
        },
      }),
    );
    using idle = rawClient(started.address);
    using client = rawClient(started.address);
    await once(idle.session, "connect");
    const halfOpen = connectTcp(Number(started.address.split(":")[1]), "127.0.0.1");
    await once(halfOpen, "connect");
    const call = client.call(UNARY, {}, request("a"));
    await running.promise;
    const closed = Promise.all([once(idle.session, "close"), once(halfOpen, "close")]);
    let over = false;
    const shutdown = started.server.shutdown().then(() => (over = true));
    await closed;
    expect(over).toBe(false);
    go.resolve();
    expect((await call).trailers["grpc-status"]).toBe("0");
    await shutdown;
    expect(started.server.stats.connectionsOpen).toBe(0);
    // As with nice-grpc, it may listen again.
    expect(await started.server.listen("127.0.0.1:0")).toBeGreaterThan(0);
  });

  test("with a time limit reports what it cut off", async () => {
    const running = deferred();
    let calls = 0;
    const forever = async () => {
      if (++calls === 2) running.resolve();
      return new Promise<never>(() => {});
    };
    await using started = await start((server) =>
      server.add(EchoServiceDefinition, { ...echoService(), echoUnary: forever, echoClientStream: forever }),
    );
    using client = rawClient(started.address);
    const answers = [client.call(UNARY, {}, request("a")), client.call(CLIENT_STREAM)];
    await running.promise;
    const report = await started.server.drain(10);
    expect({ ...report, cutOff: report.cutOff.toSorted() }).toEqual({
      forced: true,
      cutOff: [CLIENT_STREAM, UNARY],
    });
    await Promise.all(answers);
    expect(await started.server.drain(10)).toEqual({ forced: false, cutOff: [] });
  });
});

describe("connections", () => {
  const closes = async (limits: object, ping = false) => {
    await using started = await start(undefined, { limits });
    using client = rawClient(started.address);
    const goAway = once(client.session, "goaway");
    if (ping) {
      await once(client.session, "connect");
      for (let i = 0; i < 5; i++) client.session.ping(() => {});
    }
    const [code, , data] = (await goAway) as [number, number, Buffer | undefined];
    return [code, data?.toString()];
  };

  test("end when they are idle, old, or ping too often", async () => {
    expect(await closes({ maxConnectionIdleMs: 20 })).toEqual([0, "max_idle"]);
    expect(await closes({ maxConnectionAgeMs: 20 })).toEqual([0, "max_age"]);
    expect(await closes({}, true)).toEqual([11, "too_many_pings"]);
  });

  test("that are too old end after their grace, with the calls that still run", async () => {
    const aborted = deferred();
    await using started = await start(
      (server) =>
        server.add(EchoServiceDefinition, {
          ...echoService(),
          echoUnary: (_request, { signal }) =>
            new Promise((_resolve, reject) => {
              signal.addEventListener("abort", () => {
                aborted.resolve();
                reject(new DOMException("The operation was aborted", "AbortError"));
              });
            }),
        }),
      { limits: { maxConnectionAgeMs: 20, maxConnectionAgeGraceMs: 20 } },
    );
    using client = rawClient(started.address);
    const goAway = once(client.session, "goaway");
    const call = client.call(UNARY, {}, request("a"));
    const [code, , data] = (await goAway) as [number, number, Buffer];
    expect([code, data.toString()]).toEqual([0, "max_age"]);
    await Promise.all([aborted.promise, call]);
    expect(started.server.stats).toMatchObject({ connectionsOpen: 0, callsFailed: 1 });
  });

  test("whose client does not answer a PING end", async () => {
    await using started = await start(undefined, { limits: { keepaliveTimeMs: 20, keepaliveTimeoutMs: 20 } });
    const socket = connectTcp(Number(started.address.split(":")[1]), "127.0.0.1");
    socket.resume();
    socket.write(CLIENT_PREFACE);
    socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0]));
    await once(socket, "close");
    expect(started.server.stats).toMatchObject({ connectionsOpened: 1, connectionsOpen: 0 });
  });

  test("whose requests never end are told so", async () => {
    await using started = await start(undefined, { limits: { requestTimeoutMs: 20 } });
    using client = rawClient(started.address);
    const stream = client.session.request({
      ":method": "POST",
      ":path": UNARY,
      "content-type": "application/grpc",
    });
    stream.write(request("a"));
    const [headers] = (await once(stream, "response")) as [Record<string, string>];
    expect(headers["grpc-status"]).toBe(String(Status.DEADLINE_EXCEEDED));
  });

  test("within the process are served like others", async () => {
    const server = createServer();
    server.add(EchoServiceDefinition, echoService());
    const session = connectHttp2("http://in.process", { createConnection: () => server.connectInProcess() });
    const stream = session.request({ ":method": "POST", ":path": UNARY, "content-type": "application/grpc" });
    stream.end(request("x".repeat(1_000_000)));
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    await once(stream, "close");
    expect(Buffer.concat(chunks).equals(request("x".repeat(1_000_000)))).toBe(true);
    const closed = once(session, "close");
    await server.shutdown();
    await closed;
    expect(server.stats.connectionsOpen).toBe(0);
  });
});

describe("TLS", () => {
  const secured = async (clientCa: boolean) => {
    const pem = await testCertificates();
    const pair = { private_key: Buffer.from(pem.server.key), cert_chain: Buffer.from(pem.server.cert) };
    const credentials = ServerCredentials.createSsl(clientCa ? Buffer.from(pem.ca) : null, [pair], clientCa);
    const seen: ServerCallContext[] = [];
    const server = phasedServer({ arrived: (call) => void seen.push(call) });
    server.add(EchoServiceDefinition, echoService());
    const port = await server.listen("127.0.0.1:0", credentials);
    return {
      pem,
      port,
      server,
      seen,
      credentials,
      [Symbol.asyncDispose]: async () => server.forceShutdown(),
    };
  };
  const call = async (port: number, options: object) => {
    const socket = connectTls({ port, host: "localhost", ALPNProtocols: ["h2"], ...options });
    const session = connectHttp2(`https://localhost:${port}`, { createConnection: () => socket });
    session.on("error", () => {});
    const failed = new Promise<string>((resolve) => {
      session.once("close", () => resolve("closed"));
    });
    const stream = session.request({ ":method": "POST", ":path": UNARY, "content-type": "application/grpc" });
    const refused = new Promise<string>((resolve) => stream.once("error", () => resolve("closed")));
    stream.end(request("a"));
    stream.resume();
    const answer = new Promise<string>((resolve) =>
      stream.once("trailers", (got) => resolve(String(got["grpc-status"]))),
    );
    const result = await Promise.race([failed, refused, answer]);
    session.destroy();
    // A session whose handshake has failed leaves it open.
    socket.destroy();
    return result;
  };

  test("is served, and tells who the client is", async () => {
    await using tls = await secured(true);
    const { pem, port } = tls;
    expect(await call(port, { ca: pem.ca, key: pem.client.key, cert: pem.client.cert })).toBe("0");
    expect(tls.seen[0]!.peerCertificate?.subject.CN).toBe("test-client");
    expect(await call(port, { ca: pem.ca })).toBe("closed");
    expect(await call(port, { ca: pem.ca, key: pem.stranger.key, cert: pem.stranger.cert })).toBe("closed");
    expect(tls.seen).toHaveLength(1);
  });

  test("offers h2 by ALPN; a client without ALPN may speak it, one with another protocol may not", async () => {
    await using tls = await secured(false);
    const { pem, port } = tls;
    const handshake = async (ALPNProtocols?: string[]) => {
      const socket = connectTls({
        port,
        host: "localhost",
        ca: pem.ca,
        ...(ALPNProtocols && { ALPNProtocols }),
      });
      const result = await Promise.race([
        once(socket, "secureConnect"),
        once(socket, "error").catch(() => {}),
      ]).then(
        () => socket.alpnProtocol,
        () => "refused",
      );
      socket.on("error", () => {});
      return [socket, result] as const;
    };
    const [h2, protocol] = await handshake(["http/1.1", "h2"]);
    expect(protocol).toBe("h2");
    h2.destroy();
    const [none, without] = await handshake();
    expect(without).toBe(false);
    none.write(CLIENT_PREFACE);
    await once(none, "data");
    none.destroy();
    const [other, refused] = await handshake(["http/1.1"]);
    expect(refused).not.toBe("http/1.1");
    other.destroy();
  });

  test("takes new certificates without a restart", async () => {
    await using tls = await secured(false);
    const renewed = await testCertificates();
    expect(await call(tls.port, { ca: renewed.ca })).toBe("closed");
    tls.credentials.reload(null, [
      { private_key: Buffer.from(renewed.server.key), cert_chain: Buffer.from(renewed.server.cert) },
    ]);
    expect(await call(tls.port, { ca: renewed.ca })).toBe("0");
    expect(() => tls.credentials.reload(null, [])).toThrow("keyCertPairs must be an array");
    const mixed = {
      private_key: Buffer.from(tls.pem.client.key),
      cert_chain: Buffer.from(tls.pem.server.cert),
    };
    expect(() => ServerCredentials.createSsl(null, [mixed])).toThrow(
      /is not the private key of the certificate/,
    );
  });
});
