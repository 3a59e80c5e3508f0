import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { ChannelCredentials, createChannel, createClient } from "nice-grpc";
import { beforeAll, describe, expect, jest, test } from "@jest/globals";
import {
  echoService,
  EchoServiceDefinition,
  testCertificates,
  type TestCertificate,
  type TestCertificates,
} from "@callwire/testkit";
import { Status } from "nice-grpc-common";
import { createServer } from "./create-server.js";
import { failure } from "./test-room/errors.js";
import { runtimes } from "./test-room/runtimes.js";
import { readSettled, tlsCredentials, type TlsCredentials } from "./tls-credentials.js";

let pem: TestCertificates;
beforeAll(async () => {
  pem = await testCertificates();
});

test("a certificate that cannot be read, or has another key, is refused", () => {
  expect(() => tlsCredentials({ cert: "nonsense", key: pem.server.key })).toThrow();
  expect(() => tlsCredentials({ cert: pem.server.cert, key: pem.client.key })).toThrow(
    /key is not the private key of the certificate in cert/,
  );
  expect(() => tlsCredentials({ ...pem.server, clientCa: pem.ca })).not.toThrow();
});

describe.each(runtimes)("over %s", (_name, runtime) => {
  const start = async (clientCa: string | undefined) => {
    const seen: unknown[] = [];
    const server = createServer({ runtime }).add(EchoServiceDefinition, {
      ...echoService(),
      async echoUnary({ text }, { call }) {
        seen.push(call.peerCertificate?.subject.CN);
        return { text };
      },
    });
    const port = await server.listen(
      "127.0.0.1:0",
      tlsCredentials({ ...pem.server, ...(clientCa !== undefined && { clientCa }) }),
    );
    const channels: ReturnType<typeof createChannel>[] = [];
    const connect = (client?: TestCertificate) => {
      const credentials = ChannelCredentials.createSsl(
        Buffer.from(pem.ca),
        client ? Buffer.from(client.key) : null,
        client ? Buffer.from(client.cert) : null,
      );
      const channel = createChannel(`localhost:${port}`, credentials, {
        "grpc.use_local_subchannel_pool": 1,
      });
      channels.push(channel);
      return createClient(EchoServiceDefinition, channel);
    };
    const dispose = async () => {
      for (const channel of channels) channel.close();
      server.forceShutdown();
    };
    return { port, seen, connect, [Symbol.asyncDispose]: dispose };
  };

  /** The cipher suite that a client of TLS 1.2 gets which offers one; undefined if the server has it not. */
  const suiteOf = async (port: number, ciphers: string) => {
    const socket = connectTls({ port, servername: "localhost", ca: pem.ca, ciphers, maxVersion: "TLSv1.2" });
    try {
      await once(socket, "secureConnect");
      return socket.getCipher().name;
    } catch (error) {
      expect(error).toMatchObject({ code: "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE" });
      return undefined;
    } finally {
      socket.destroy();
    }
  };

  test("offers no suites of TLS 1.2 that HTTP/2 should not use (RFC 9113, section 9.2.2)", async () => {
    await using tls = await start(undefined);
    const good = "ECDHE-ECDSA-AES128-GCM-SHA256";
    expect(await suiteOf(tls.port, good)).toBe(good);
    expect(await suiteOf(tls.port, "ECDHE-ECDSA-CHACHA20-POLY1305")).toBe("ECDHE-ECDSA-CHACHA20-POLY1305");
    // CBC, and CCM, which RFC 9113 allows and nobody needs.
    expect(await suiteOf(tls.port, "ECDHE-ECDSA-AES128-SHA")).toBeUndefined();
    expect(await suiteOf(tls.port, "ECDHE-ECDSA-AES128-SHA256")).toBeUndefined();
    expect(await suiteOf(tls.port, "ECDHE-ECDSA-AES128-CCM8")).toBeUndefined();
  });

  test("offers the suites of GRPC_SSL_CIPHER_SUITES", async () => {
    process.env["GRPC_SSL_CIPHER_SUITES"] = "ECDHE-ECDSA-AES256-GCM-SHA384";
    try {
      await using tls = await start(undefined);
      const good = "ECDHE-ECDSA-AES256-GCM-SHA384";
      expect(await suiteOf(tls.port, good)).toBe(good);
      expect(await suiteOf(tls.port, "ECDHE-ECDSA-AES128-GCM-SHA256")).toBeUndefined();
    } finally {
      delete process.env["GRPC_SSL_CIPHER_SUITES"];
    }
  });

  test("serves over TLS, to clients without a certificate", async () => {
    await using tls = await start(undefined);
    expect(await tls.connect().echoUnary({ text: "a" })).toEqual({ text: "a" });
    expect(tls.seen).toEqual([undefined]);
  });

  test("with a client authority, serves its clients and tells who they are", async () => {
    await using tls = await start(pem.ca);
    expect(await tls.connect(pem.client).echoUnary({ text: "a" })).toEqual({ text: "a" });
    expect(tls.seen).toEqual(["test-client"]);
  });

  test("with a client authority, refuses clients without a certificate and those of another", async () => {
    await using tls = await start(pem.ca);
    for (const client of [undefined, pem.stranger]) {
      const failed = await failure((options) => tls.connect(client).echoUnary({ text: "a" }, options));
      expect(failed.code).toBe(Status.UNAVAILABLE);
    }
    expect(tls.seen).toEqual([]);
  });
});

describe.each(runtimes)("renewed over %s", (_name, runtime) => {
  /** The numbers of the certificates that a new connection is shown. */
  const serialOf = (port: number) =>
    new Promise<string>((resolve, reject) => {
      const socket = connectTls(
        { port, host: "127.0.0.1", rejectUnauthorized: false, ALPNProtocols: ["h2"] },
        () => {
          resolve(socket.getPeerCertificate().serialNumber);
          socket.destroy();
        },
      );
      socket.on("error", reject);
    });
  const numberOf = ({ cert }: TestCertificate) => new X509Certificate(cert).serialNumber;

  const serve = async (credentials: TlsCredentials) => {
    const server = createServer({ runtime }).add(EchoServiceDefinition, echoService());
    const port = await server.listen("127.0.0.1:0", credentials);
    return {
      port,
      async [Symbol.asyncDispose]() {
        credentials.stopWatching();
        server.forceShutdown();
      },
    };
  };

  /** A folder of certificates as Kubernetes mounts them: symbolic links to a folder that is replaced by a rename. */
  const mount = async (first: TestCertificate) => {
    const folder = await mkdtemp(join(tmpdir(), "callwire-tls-"));
    let version = 0;
    const put = async ({ cert, key }: TestCertificate) => {
      const name = `..v${++version}`;
      await mkdir(join(folder, name));
      await writeFile(join(folder, name, "tls.crt"), cert);
      await writeFile(join(folder, name, "tls.key"), key);
      await symlink(name, join(folder, "..data_tmp"));
      await rename(join(folder, "..data_tmp"), join(folder, "..data"));
    };
    await put(first);
    for (const file of ["tls.crt", "tls.key"]) await symlink(join("..data", file), join(folder, file));
    return {
      put,
      files: { certFile: join(folder, "tls.crt"), keyFile: join(folder, "tls.key") },
      [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
    };
  };

  /** A logger, and its next line. */
  const lines = () => {
    const all: string[] = [];
    let wake = (): void => {};
    const add = (_fields: object, line: string) => {
      all.push(line);
      wake();
    };
    const next = async (): Promise<string> => {
      while (all.length === 0) {
        // oxlint-disable-next-line no-await-in-loop
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return all.shift()!;
    };
    return { logger: { info: add, error: add }, next };
  };

  test("by call: new connections get the new one, those there are go on", async () => {
    const credentials = tlsCredentials(pem.server);
    await using served = await serve(credentials);
    const trusted = ChannelCredentials.createSsl(Buffer.from(pem.ca));
    const channel = createChannel(`localhost:${served.port}`, trusted, {
      "grpc.use_local_subchannel_pool": 1,
    });
    const client = createClient(EchoServiceDefinition, channel);
    await client.echoUnary({ text: "a" });
    expect(await serialOf(served.port)).toBe(numberOf(pem.server));
    credentials.reload(pem.client);
    expect(await serialOf(served.port)).toBe(numberOf(pem.client));
    expect(await client.echoUnary({ text: "b" })).toEqual({ text: "b" });
    channel.close();
  });

  test("by call: a bad pair is refused, and the old one goes on", async () => {
    const credentials = tlsCredentials(pem.server);
    await using served = await serve(credentials);
    expect(() => credentials.reload({ cert: pem.client.cert, key: pem.server.key })).toThrow();
    expect(() => credentials.reload({ cert: "nonsense", key: pem.server.key })).toThrow();
    expect(() => credentials.reload({ ...pem.client, clientCa: pem.ca })).toThrow("clientCa cannot be added");
    expect(() => credentials.reload()).toThrow("there are no files");
    expect(await serialOf(served.port)).toBe(numberOf(pem.server));
  });

  test("by its files, as Kubernetes replaces them; a bad pair is logged, and the old one goes on", async () => {
    await using mounted = await mount(pem.server);
    const { logger, next } = lines();
    await using served = await serve(tlsCredentials({ ...mounted.files, checkIntervalMs: 10, logger }));
    expect(await serialOf(served.port)).toBe(numberOf(pem.server));
    await mounted.put(pem.client);
    expect(await next()).toBe("the renewed certificate is in use");
    expect(await serialOf(served.port)).toBe(numberOf(pem.client));
    await mounted.put({ cert: pem.server.cert, key: pem.client.key });
    expect(await next()).toBe("the renewed certificate is refused, and the old one goes on");
    expect(await serialOf(served.port)).toBe(numberOf(pem.client));
    await mounted.put(pem.server);
    expect(await next()).toBe("the renewed certificate is in use");
    expect(await serialOf(served.port)).toBe(numberOf(pem.server));
  });

  test("by its files, replaced one after the other by renames", async () => {
    await using mounted = await mount(pem.server);
    const { logger, next } = lines();
    await using served = await serve(tlsCredentials({ ...mounted.files, checkIntervalMs: 10, logger }));
    const { certFile, keyFile } = mounted.files;
    // At once, as a look between a file's beginning and its end would find a third fault.
    const replace = async (path: string, text: string): Promise<void> => {
      await writeFile(`${path}.new`, text);
      await rename(`${path}.new`, path);
    };
    await replace(certFile, pem.client.cert);
    expect(await next()).toBe("the renewed certificate is refused, and the old one goes on");
    await rm(keyFile);
    expect(await next()).toBe("the renewed certificate is refused, and the old one goes on");
    await replace(keyFile, pem.client.key);
    expect(await next()).toBe("the renewed certificate is in use");
    expect(await serialOf(served.port)).toBe(numberOf(pem.client));
  });

  test.each<[string, () => unknown]>([
    [
      "throws",
      () => {
        throw new Error("no log");
      },
    ],
    ["rejects", () => Promise.reject(new Error("no log"))],
  ])("a logger that %s ends nothing", async (_, log) => {
    await using mounted = await mount(pem.server);
    let told = (): void => {};
    const isTold = new Promise<void>((resolve) => {
      told = resolve;
    });
    const fail = () => {
      told();
      return log() as undefined;
    };
    using _warn = jest.spyOn(process, "emitWarning").mockReturnValue();
    await using served = await serve(
      tlsCredentials({ ...mounted.files, checkIntervalMs: 10, logger: { info: fail, error: fail } }),
    );
    await mounted.put({ cert: "nonsense", key: "nonsense" });
    await isTold;
    expect(await serialOf(served.port)).toBe(numberOf(pem.server));
  });
});

test("files that are replaced while they are read are read again, until they stay", () => {
  const old = { cert: "old", key: "old" };
  const renewed = { cert: "new", key: "new" };
  const readingsOf = (...readings: (typeof old)[]) => {
    let count = 0;
    const found = readSettled(() => readings[Math.min(count++, readings.length - 1)]!, old);
    return { count, found };
  };
  // The certificate was read before the rename, and the key after it.
  expect(readingsOf({ cert: "old", key: "new" }, renewed)).toEqual({ count: 3, found: renewed });
  expect(readingsOf(renewed)).toEqual({ count: 2, found: renewed });
  expect(readingsOf(old)).toEqual({ count: 1, found: old });
  const ever = Array.from({ length: 9 }, (_, index) => ({ cert: `${index}`, key: `${index}` }));
  expect(readingsOf(...ever).count).toBe(5);
});

test("those of another copy of this package are taken", async () => {
  const own = tlsCredentials(pem.server);
  // They have our brand, and none of our class's prototype.
  const others = {
    [Object.getOwnPropertySymbols(own)[0]!]: true,
    createWith: (runtime: Parameters<TlsCredentials["createWith"]>[0]) => own.createWith(runtime),
  };
  const server = createServer().add(EchoServiceDefinition, echoService());
  expect(await server.listen("127.0.0.1:0", others)).toBeGreaterThan(0);
  server.forceShutdown();
});

test("files that are not there, and options that are wrong, are refused at once", async () => {
  const files = { certFile: "/nowhere/tls.crt", keyFile: "/nowhere/tls.key" };
  expect(() => tlsCredentials(files)).toThrow(/certFile cannot be read: ENOENT.*\/nowhere\/tls\.crt/);
  expect(() => tlsCredentials({ certFile: "a" } as never)).toThrow("the option 'keyFile' is missing");
  expect(() => tlsCredentials({ ...files, checkIntervalMs: NaN })).toThrow(RangeError);
  expect(() => tlsCredentials({ ...files, clientCAFile: "a" } as never)).toThrow("clientCaFile");
});
