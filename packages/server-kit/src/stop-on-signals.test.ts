import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";
import { EchoServiceDefinition } from "@callwire/testkit";
import { createChannel, createClient } from "nice-grpc";
import { Status } from "nice-grpc-common";
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

test("the same signal twice at once, as npm passes on Ctrl-C, is one signal", async () => {
  await using main = await startProcess();
  main.child.kill("SIGINT");
  main.child.kill("SIGINT");
  expect(await main.line()).toEqual({ signal: "SIGINT" });
  expect(await main.line()).toEqual({ report: { forced: false, cutOff: [] }, listeners: 0 });
  expect(await main.exited).toEqual([0, null]);
});

test("a second signal forces the end at once", async () => {
  await using main = await startProcess();
  // The handler has the first part when the server has asked for the second.
  let asked = () => {};
  const running = new Promise<void>((resolve) => (asked = resolve));
  const upload = failure((options) =>
    main.client.echoClientStream(
      (async function* () {
        yield { text: "a" };
        await main.client.echoUnary({ text: "the server has read what came before" });
        asked();
        await once(main.child, "exit");
      })(),
      options,
    ),
  );
  await running;
  main.child.kill("SIGTERM");
  expect(await main.line()).toEqual({ signal: "SIGTERM" });
  main.child.kill("SIGINT");
  const path = "/callwire.echo.v1.EchoService/EchoClientStream";
  expect(await main.line()).toEqual({ report: { forced: true, cutOff: [path] }, listeners: 0 });
  expect(await main.exited).toEqual([0, null]);
  expect([Status.CANCELLED, Status.UNAVAILABLE]).toContain((await upload).code);
});
