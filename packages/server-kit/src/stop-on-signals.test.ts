import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, jest, test } from "@jest/globals";
import { EchoServiceDefinition } from "@callwire/testkit";
import { createChannel, createClient, type Client } from "nice-grpc";
import { Status, type ClientError } from "nice-grpc-common";
import { stopOnSignals } from "./stop-on-signals.js";
import { failure } from "./test-room/errors.js";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

async function startProcess() {
  const child = spawn(
    process.execPath,
    [
      "--import",
      new URL("./test-room/typescript-hooks.mjs", import.meta.url).href,
      path("./test-room/stoppable-main.ts"),
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const exited = once(child, "exit");
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const line = async () => JSON.parse((await lines.next()).value ?? "null") as Record<string, unknown>;
  const channel = createChannel(`127.0.0.1:${Number((await line())["port"])}`);
  const dispose = async () => {
    channel.close();
    child.kill("SIGKILL");
    await exited;
  };
  return {
    child,
    exited,
    line,
    client: createClient(EchoServiceDefinition, channel),
    [Symbol.asyncDispose]: dispose,
  };
}

test.each(["SIGTERM", "SIGINT"] as const)(
  "%s ends the streams, then the process, with code 0",
  async (signal) => {
    await using main = await startProcess();
    let first = () => {};
    const began = new Promise<void>((resolve) => (first = resolve));
    const watching = failure(async (options) => {
      for await (const _ of main.client.echoServerStream(
        { count: 1, fault: { waitForAbort: true } },
        options,
      ))
        first();
    });
    await began;
    main.child.kill(signal);
    expect((await watching).code).toBe(Status.UNAVAILABLE);
    expect(await main.line()).toEqual({ signal });
    expect(await main.line()).toEqual({ report: { forced: false, cutOff: [] }, listeners: 0 });
    expect(await main.exited).toEqual([0, null]);
  },
);

/** Begins an upload that goes on until `end`, and waits until the server has begun to read it. */
async function beginUpload(client: Client<EchoServiceDefinition>, end: Promise<unknown>) {
  let begin = () => {};
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const answer = client.echoClientStream(
    (async function* () {
      yield { text: "a" };
      // The handler has the first part when the server has asked for the second.
      await client.echoUnary({ text: "the server has read what came before" });
      begin();
      await end;
    })(),
  );
  answer.catch(() => {});
  await begun;
  return { answer };
}

test("the same signal twice at once, as npm passes on Ctrl-C, is one signal", async () => {
  await using main = await startProcess();
  let finish = () => {};
  // Without a call, the process may have ended before it gets the second.
  const { answer } = await beginUpload(main.client, new Promise<void>((resolve) => (finish = resolve)));
  main.child.kill("SIGINT");
  main.child.kill("SIGINT");
  expect(await main.line()).toEqual({ signal: "SIGINT" });
  finish();
  expect(await answer).toMatchObject({ text: "a" });
  expect(await main.line()).toEqual({ report: { forced: false, cutOff: [] }, listeners: 0 });
  expect(await main.exited).toEqual([0, null]);
});

test("a second signal forces the end at once", async () => {
  await using main = await startProcess();
  const { answer } = await beginUpload(main.client, once(main.child, "exit"));
  main.child.kill("SIGTERM");
  expect(await main.line()).toEqual({ signal: "SIGTERM" });
  main.child.kill("SIGINT");
  const path = "/callwire.echo.v1.EchoService/EchoClientStream";
  expect(await main.line()).toEqual({ report: { forced: true, cutOff: [path] }, listeners: 0 });
  expect(await main.exited).toEqual([0, null]);
  const { code } = await answer.then(
    () => ({ code: Status.OK }),
    (error: ClientError) => error,
  );
  expect([Status.CANCELLED, Status.UNAVAILABLE]).toContain(code);
});

test.each<[string, () => unknown]>([
  [
    "throws",
    () => {
      throw new Error("no log");
    },
  ],
  ["rejects", () => Promise.reject(new Error("no log"))],
])("a listener that %s keeps no server from its stop", async (_, listener) => {
  using warned = jest.spyOn(process, "emitWarning").mockReturnValue();
  const server = { shutdown: async () => ({ forced: false, cutOff: [] }), forceShutdown() {} };
  const stopped = stopOnSignals(server, { signals: ["SIGUSR2"], onSignal: listener });
  process.emit("SIGUSR2");
  expect(await stopped).toEqual({ forced: false, cutOff: [] });
  expect(warned.mock.calls.map(([warning]) => String(warning)).join("\n")).toContain(
    "stopOnSignals: onSignal has thrown: Error: no log",
  );
});
