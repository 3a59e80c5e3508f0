import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { EchoServiceDefinition, echoService, testCertificates } from "@callwire/testkit";
import { createServer } from "../server/create-server.js";
import { ServerCredentials } from "../server/credentials.js";
import { ChannelCredentials } from "./channel-credentials.js";
import { defaultRoots } from "./default-roots.js";
import { echoClient } from "../testing/echo-client.js";
import { failureOf } from "../testing/outcomes.js";

let folder: string;
let roots: string;
let address: string;
const server = createServer();

beforeAll(async () => {
  const { ca, server: own } = await testCertificates();
  folder = await mkdtemp(join(tmpdir(), "callwire-"));
  roots = join(folder, "roots.pem");
  await writeFile(roots, ca);
  server.add(EchoServiceDefinition, echoService());
  const pair = { cert_chain: Buffer.from(own.cert), private_key: Buffer.from(own.key) };
  address = `localhost:${await server.listen("127.0.0.1:0", ServerCredentials.createSsl(null, [pair]))}`;
});
afterAll(async () => {
  server.forceShutdown();
  await rm(folder, { recursive: true });
});

/** The state that a channel comes to in a process of its own, of this package as built: Node.js reads its settings as it starts. */
async function stateIn(env: NodeJS.ProcessEnv, ...flags: string[]): Promise<string> {
  const program = `
    import { ConnectivityState, createChannel } from "@callwire/transport";
    const { CONNECTING } = ConnectivityState;
    const channel = createChannel("https://${address}");
    channel.getConnectivityState(true);
    while (channel.getConnectivityState(false) === CONNECTING) {
      await new Promise((resolve) => channel.watchConnectivityState(CONNECTING, Infinity, resolve));
    }
    const state = channel.getConnectivityState(false);
    console.log(Object.keys(ConnectivityState)[state]);
    channel.close();`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...flags, "--input-type=module", "-e", program],
    { cwd: fileURLToPath(new URL("../..", import.meta.url)), env: { PATH: process.env["PATH"], ...env } },
  );
  return stdout.trim();
}

describe("a server of a private authority", () => {
  test("is not trusted by default", async () => {
    expect(await stateIn({})).toBe("TRANSIENT_FAILURE");
  });

  test.each(["GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", "NODE_EXTRA_CA_CERTS"])("is, by %s", async (name) => {
    expect(await stateIn({ [name]: roots })).toBe("READY");
  });

  test.each(["--use-openssl-ca", "--use-system-ca"])("is, by the system's store with %s", async (flag) => {
    // Where Node.js has the flag: Node 20 has the first one alone.
    if (!process.allowedNodeEnvironmentFlags.has(flag)) return;
    expect(await stateIn({ SSL_CERT_FILE: roots }, flag)).toBe("READY");
    expect(await stateIn({ SSL_CERT_FILE: roots })).toBe("TRANSIENT_FAILURE");
  });
});

describe("the file of GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", () => {
  const before = process.env["GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"];
  afterEach(() => {
    if (before === undefined) delete process.env["GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"];
    else process.env["GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"] = before;
  });

  test("counts where the credentials name nobody", async () => {
    process.env["GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"] = roots;
    using trusting = echoClient(address, {}, ChannelCredentials.createSsl());
    expect(await trusting.client.echoUnary({ text: "a" })).toEqual({ text: "a" });
    const { ca: other } = await testCertificates();
    using strange = echoClient(address, {}, ChannelCredentials.createSsl(Buffer.from(other)));
    expect((await failureOf(strange.client.echoUnary({ text: "a" }))).details).toContain("certificate");
  });

  test("is not set, or empty: what Node.js trusts", () => {
    expect(defaultRoots({})).toBeUndefined();
    expect(defaultRoots({ GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: "" })).toBeUndefined();
  });

  test("must be there, and have a certificate", async () => {
    const missing = join(folder, "missing.pem");
    process.env["GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"] = missing;
    expect(() => ChannelCredentials.createSsl()).toThrow(
      "the file that GRPC_DEFAULT_SSL_ROOTS_FILE_PATH names cannot be read: ENOENT",
    );
    const empty = join(folder, "empty.pem");
    await writeFile(empty, "-----BEGIN PRIVATE KEY-----");
    expect(() => defaultRoots({ GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: empty })).toThrow(
      "has no certificate in PEM",
    );
  });
});

describe("GRPC_SSL_CIPHER_SUITES", () => {
  afterEach(() => {
    delete process.env["GRPC_SSL_CIPHER_SUITES"];
  });

  test("names the suites, and one that is not there is refused", () => {
    process.env["GRPC_SSL_CIPHER_SUITES"] = "ECDHE-ECDSA-AES128-GCM-SHA256";
    expect(() => ChannelCredentials.createSsl()).not.toThrow();
    process.env["GRPC_SSL_CIPHER_SUITES"] = "NO-SUCH-SUITE";
    expect(() => ChannelCredentials.createSsl()).toThrow(/cipher/i);
  });
});
