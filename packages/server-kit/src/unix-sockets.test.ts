import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { createChannel, createClient, serverRuntime } from "@callwire/transport";
import { EchoServiceDefinition, echoService, leaveDeadSocket } from "@callwire/testkit";
import { createServer } from "./create-server.js";
import { niceGrpc } from "./nice-grpc.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "callwire-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe.each([
  ["the transport", serverRuntime],
  ["nice-grpc", niceGrpc],
])("a unix socket over %s", (_name, runtime) => {
  async function serve(path: string) {
    const server = createServer({ runtime });
    server.add(EchoServiceDefinition, echoService());
    await server.listen(`unix:${path}`);
    return { [Symbol.dispose]: () => server.forceShutdown() };
  }

  /** Calls a server; fails if it is not there. */
  async function expectServed(path: string): Promise<void> {
    const channel = createChannel(`unix:${path}`);
    const client = createClient(EchoServiceDefinition, channel);
    expect(await client.echoUnary({ text: "a" })).toEqual({ text: "a" });
    channel.close();
  }

  test("of a server that was killed is taken over", async () => {
    const path = join(folder, "s");
    await leaveDeadSocket(path);
    using _server = await serve(path);
    await expectServed(path);
  });

  test("of a server that lives is not, and the server goes on", async () => {
    const path = join(folder, "s");
    using _server = await serve(path);
    await expect(serve(path)).rejects.toThrow(/the address is already in use/);
    await expectServed(path);
  });

  test("is not made where another file is", async () => {
    const path = join(folder, "s");
    await writeFile(path, "precious");
    await expect(serve(path)).rejects.toThrow(/the address is already in use/);
    expect(await readFile(path, "utf8")).toBe("precious");
  });

  test("with a path that is too long for the system is refused", async () => {
    await expect(serve(join(folder, "x".repeat(120)))).rejects.toThrow(/and the system takes \d+/);
  });
});
