import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";
import { EchoServiceDefinition, testCertificates } from "@callwire/testkit";
import { ChannelCredentials, createChannel, createClient } from "@callwire/transport";
import { createServer } from "./create-server.js";
import { runServer } from "./run-server.js";
import { recordLog } from "./testing/recorded-log.js";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** Runs a server in a process of its own, whose lines are read one after the other. */
function startProcess(env: NodeJS.ProcessEnv) {
  const hooks = new URL("./test-room/typescript-hooks.mjs", import.meta.url).href;
  const child = spawn(process.execPath, ["--import", hooks, path("./test-room/run-main.ts")], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = once(child, "exit");
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    child,
    exited,
    line: async () => JSON.parse((await lines.next()).value ?? "null") as Record<string, unknown>,
    stderr: () => stderr,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

test("listens with TLS from files, and a signal stops it well", async () => {
  const folder = mkdtempSync(join(tmpdir(), "callwire-kit-"));
  try {
    const { ca, server } = await testCertificates();
    const [TLS_CERT, TLS_KEY] = [join(folder, "cert.pem"), join(folder, "key.pem")];
    writeFileSync(TLS_CERT, server.cert);
    writeFileSync(TLS_KEY, server.key);
    await using main = startProcess({ TLS_CERT, TLS_KEY });
    const listening = await main.line();
    expect(listening).toMatchObject({
      msg: "listening",
      tls: true,
      address: `127.0.0.1:${String(listening["port"])}`,
    });
    const channel = createChannel(
      `localhost:${String(listening["port"])}`,
      ChannelCredentials.createSsl(Buffer.from(ca)),
    );
    expect(await createClient(EchoServiceDefinition, channel).echoUnary({ text: "a" })).toEqual({
      text: "a",
    });
    channel.close();
    main.child.kill("SIGTERM");
    expect(await main.line()).toMatchObject({ msg: "stopping", signal: "SIGTERM" });
    expect(await main.line()).toMatchObject({ msg: "stopped", forced: false, cutOff: [] });
    expect(await main.exited).toEqual([0, null]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("without files there is no TLS, which is said where others could listen", async () => {
  await using main = startProcess({ ADDRESS: "0.0.0.0:0", TLS_CERT: "", TLS_KEY: undefined });
  expect(await main.line()).toMatchObject({ msg: "listening", tls: false });
  expect(await main.line()).toMatchObject({ level: 40, msg: expect.stringContaining("no TLS") });
});

test("half of a pair of files is an error, not clear text", async () => {
  const { logger } = recordLog();
  const run = async (tls: object) => runServer(createServer(), { address: "127.0.0.1:0", logger, tls });
  await expect(run({ certFile: "cert.pem", keyFile: undefined })).rejects.toThrow(
    "tlsCredentials: the option 'keyFile' is missing",
  );
  await expect(run({ clientCaFile: "ca.pem" })).rejects.toThrow("the option 'certFile' is missing");
});

test("an address that is taken is named", async () => {
  const { logger, lines } = recordLog();
  const first = createServer();
  const port = await first.listen("127.0.0.1:0");
  const running = runServer(createServer(), { address: `127.0.0.1:${port}`, logger });
  await expect(running).rejects.toThrow(`cannot listen on 127.0.0.1:${port}: the address is already in use`);
  expect(lines).toEqual([]);
  first.forceShutdown();
});
