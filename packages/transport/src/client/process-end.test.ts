import { execFile } from "node:child_process";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "@jest/globals";

const sockets = new Set<Socket>();
/** Takes connections, and says nothing. */
const silent = createServer((socket) => {
  sockets.add(socket);
  socket.on("error", () => {});
});
let port: number;

beforeAll(async () => {
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  ({ port } = silent.address() as AddressInfo);
});

afterAll(() => {
  for (const socket of sockets) socket.destroy();
  silent.close();
});

/** Runs a program over this package as built; fails if it has not ended long before its attempt to connect has. */
function run(program: string): Promise<{ stdout: string }> {
  const imports = `import { ChannelCredentials, createChannel, createClient } from "@callwire/transport";
    import { EchoServiceDefinition } from "@callwire/testkit";`;
  return promisify(execFile)(process.execPath, ["--input-type=module", "-e", `${imports}\n${program}`], {
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
    timeout: 15_000,
  });
}

test.each([
  ["in clear text", "http", ""],
  ["over TLS", "https", ""],
  ["through a proxy", "http", `, { proxy: "127.0.0.1:PORT", proxyTimeoutMs: Infinity }`],
])("a process ends while a connection is being made that no call wants, %s", async (_, scheme, options) => {
  const more = options.replace("PORT", String(port));
  const { stdout } = await run(`
    const channel = createChannel("${scheme}://127.0.0.1:${port}", undefined${more});
    channel.getConnectivityState(true);
    const client = createClient(EchoServiceDefinition, channel);
    const cancel = new AbortController();
    setTimeout(() => cancel.abort(), 20);
    await client.echoUnary({}, { signal: cancel.signal }).catch(({ name }) => console.log(name));`);
  expect(stdout.trim()).toBe("AbortError");
});

test("a call that waits for the connection keeps the process alive", async () => {
  const { stdout } = await run(`
    const channel = createChannel("127.0.0.1:${port}", undefined, { "grpc.min_reconnect_backoff_ms": 100 });
    const client = createClient(EchoServiceDefinition, channel);
    client.echoUnary({}).catch(({ details }) => console.log(details));`);
  expect(stdout).toContain("no connection within 100 ms");
});
