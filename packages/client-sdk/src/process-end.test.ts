// A call that is over keeps no process alive, also if its reader never comes back to hear so.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "@jest/globals";
import { echoService, EchoServiceDefinition, startServer } from "@callwire/testkit";

/** The runtime of this run: each suite runs over each of them. */
declare const runtimeName: "nice-grpc" | "transport";

/** Runs a program over this package as built; fails if it has not ended long before a stall would. */
function run(program: string): Promise<{ stdout: string }> {
  const imports = `import { createClient } from "@callwire/client-sdk";
    import { niceGrpc } from "@callwire/client-sdk/nice-grpc";
    import { EchoServiceDefinition } from "@callwire/testkit";`;
  return promisify(execFile)(process.execPath, ["--input-type=module", "-e", `${imports}\n${program}`], {
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    timeout: 15_000,
  });
}

test.each([
  // Long enough for the first message, on a busy machine too.
  ["its deadline passed", "timeoutMs: 2000", ""],
  ["its caller aborted it", "signal: cancel.signal", "cancel.abort();"],
  ["its client was closed", "", "client.close();"],
])("a process ends although the reader of a call does not come back after %s", async (_, option, then) => {
  await using server = await startServer((s) => s.add(EchoServiceDefinition, echoService()));
  const { stdout } = await run(`
    const cancel = new AbortController();
    const client = createClient(EchoServiceDefinition, {
      address: "${server.address}",
      ${runtimeName === "nice-grpc" ? "runtime: niceGrpc," : ""}
    });
    let given = 0;
    let onClosed;
    const closed = new Promise((resolve) => (onClosed = resolve));
    const source = {
      next: async () => (given++ === 0 ? { done: false, value: { text: "a" } } : new Promise(() => {})),
      return: async () => (onClosed(), { done: true, value: undefined }),
    };
    const requests = { [Symbol.asyncIterator]: () => source };
    const messages = client.echoBidiStream(requests, { ${option} })[Symbol.asyncIterator]();
    console.log((await messages.next()).value.text);
    ${then}
    await closed;
    client.close();`);
  expect(stdout.trim()).toBe("a");
});

test("a process ends although the reader of a stream does not come back after its end", async () => {
  await using server = await startServer((s) => s.add(EchoServiceDefinition, echoService()));
  const { stdout } = await run(`
    const client = createClient(EchoServiceDefinition, {
      address: "${server.address}",
      ${runtimeName === "nice-grpc" ? "runtime: niceGrpc," : ""}
    });
    const messages = client.echoServerStream({ text: "a", count: 2 }, { timeoutMs: 3600_000 })[Symbol.asyncIterator]();
    console.log((await messages.next()).value.text);
    client.close();`);
  expect(stdout.trim()).toBe("a");
});
