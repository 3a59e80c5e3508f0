import { once } from "node:events";
import { access, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { connect as connectTcp, createServer as createNetServer } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { EchoServiceDefinition, echoService, leaveDeadSocket, testCertificates } from "@callwire/testkit";
import { ChannelCredentials } from "../client/channel-credentials.js";
import { MAX_UNIX_PATH_BYTES } from "../http2/unix-path.js";
import { echoClient } from "../testing/echo-client.js";
import { createServer } from "./create-server.js";
import { ServerCredentials } from "./credentials.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "callwire-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function serve(address: string) {
  const server = createServer();
  server.add(EchoServiceDefinition, echoService());
  const port = await server.listen(address);
  return { port, server, [Symbol.asyncDispose]: async () => server.forceShutdown() };
}

/** Calls a server; fails if it is not there. */
async function expectServed(address: string): Promise<void> {
  using echo = echoClient(address);
  expect(await echo.client.echoUnary({ text: "a" })).toEqual({ text: "a" });
}

describe("a unix socket", () => {
  test("of a server that was killed is taken over", async () => {
    const path = join(folder, "s");
    await leaveDeadSocket(path);
    await using _server = await serve(`unix:${path}`);
    await expectServed(`unix:${path}`);
  });

  test("of a server that lives is not, and the server goes on", async () => {
    const path = join(folder, "s");
    await using _first = await serve(`unix:${path}`);
    await expect(serve(`unix:${path}`)).rejects.toThrow("EADDRINUSE");
    await expectServed(`unix:${path}`);
  });

  test("of something else that listens there is not", async () => {
    const path = join(folder, "s");
    const other = createNetServer().listen(path);
    await once(other, "listening");
    await expect(serve(`unix:${path}`)).rejects.toThrow("EADDRINUSE");
    await access(path);
    other.close();
  });

  test("is not made where another file is", async () => {
    const path = join(folder, "s");
    await writeFile(path, "precious");
    await expect(serve(`unix:${path}`)).rejects.toThrow("EADDRINUSE");
    expect(await readFile(path, "utf8")).toBe("precious");
  });

  test("that a link leads to is left, and so is the link", async () => {
    const path = join(folder, "s");
    await leaveDeadSocket(path);
    const link = join(folder, "link");
    await symlink(path, link);
    await expect(serve(`unix:${link}`)).rejects.toThrow("EADDRINUSE");
    await access(path);
  });

  test("whose path the system would cut is refused, on both sides, and the longest one is not", async () => {
    const longest = join(folder, "x".repeat(MAX_UNIX_PATH_BYTES - Buffer.byteLength(folder) - 1));
    await using _server = await serve(`unix:${longest}`);
    await expectServed(`unix:${longest}`);
    const why = `its path has ${MAX_UNIX_PATH_BYTES + 1} bytes, and the system takes ${MAX_UNIX_PATH_BYTES}`;
    await expect(serve(`unix:${longest}y`)).rejects.toThrow(why);
    expect(() => echoClient(`unix:${longest}y`)).toThrow(why);
  });
});

test("connections by TLS over a path outlive the time for their handshakes, and one that shows none does not", async () => {
  const { ca, server: pem } = await testCertificates();
  const path = join(folder, "s");
  // Long enough for those that are made, on a busy machine too.
  const server = createServer({ http2: { handshakeTimeoutMs: 1500 } });
  server.add(EchoServiceDefinition, echoService());
  const keyPair = { private_key: Buffer.from(pem.key), cert_chain: Buffer.from(pem.cert) };
  await server.listen(`unix:${path}`, ServerCredentials.createSsl(null, [keyPair]));
  const credentials = ChannelCredentials.createSsl(Buffer.from(ca));
  const clients = Array.from({ length: 4 }, () =>
    echoClient(`unix:${path}`, { "grpc.ssl_target_name_override": "localhost" }, credentials),
  );
  const call = async (): Promise<unknown> =>
    Promise.all(clients.map(({ client }) => client.echoUnary({ text: "a" })));
  try {
    await call();
    const silent = connectTcp({ path });
    silent.resume();
    await once(silent, "close");
    await call();
    expect(server.stats.connectionsOpened).toBe(clients.length);
  } finally {
    for (const client of clients) client[Symbol.dispose]();
    server.forceShutdown();
  }
});

const onLinux = process.platform === "linux" ? test : test.skip;

onLinux("an abstract socket is listened on and connected to, and refused if it is taken", async () => {
  const address = `unix-abstract:callwire-test-${process.pid}`;
  await using _server = await serve(address);
  await expectServed(address);
  await expect(serve(address)).rejects.toThrow("EADDRINUSE");
});

test("an IPv6 address with a zone is listened on and connected to", async () => {
  const local = Object.entries(networkInterfaces()).flatMap(([zone, addresses = []]) =>
    addresses.filter(({ address }) => address.startsWith("fe80:")).map(({ address }) => `${address}%${zone}`),
  );
  for (const host of local.slice(0, 1)) {
    // oxlint-disable-next-line no-await-in-loop
    await using server = await serve(`[${host}]:0`);
    // oxlint-disable-next-line no-await-in-loop
    await expectServed(`[${host}]:${server.port}`);
    // oxlint-disable-next-line no-await-in-loop
    await expectServed(`ipv6:[${host.replace("%", "%25")}]:${server.port}`);
  }
});
