import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "@jest/globals";
import { EchoServiceDefinition } from "@callwire/testkit";
import { createChannel, createClient } from "nice-grpc";
import { Metadata, Status } from "nice-grpc-common";
import { drain, failure } from "./test-room/errors.js";

const folder = new URL("../", import.meta.url);

test("every block of TypeScript in the README is a part of an example", () => {
  const readme = readFileSync(new URL("README.md", folder), "utf8");
  const examples = readdirSync(new URL("examples", folder)).map((name) =>
    readFileSync(new URL(`examples/${name}`, folder), "utf8"),
  );
  const blocks = Array.from(readme.matchAll(/^```ts\n(.*?)^```$/gms), ([, block]) => block as string);
  expect(blocks.length).toBeGreaterThan(0);
  for (const block of blocks) expect(examples.filter((example) => example.includes(block))).toHaveLength(1);
});

test.each([
  ["echo-tests.ts", /^# pass 2$|^. pass 2$/m],
  ["server-test.ts", /^\{ text: 'hello' \}$/m],
])("the example %s passes", async (name, expected) => {
  const hooks = new URL("src/test-room/typescript-hooks.mjs", folder).href;
  const main = fileURLToPath(new URL(`examples/${name}`, folder));
  const { stdout } = await promisify(execFile)(process.execPath, ["--import", hooks, main]);
  expect(stdout).toMatch(expected);
});

test("the example serves, refuses, logs and stops", async () => {
  const child = spawn(
    process.execPath,
    [
      "--import",
      new URL("src/test-room/typescript-hooks.mjs", folder).href,
      fileURLToPath(new URL("examples/echo-server.ts", folder)),
    ],
    {
      stdio: ["ignore", "pipe", "inherit"],
      env: { PATH: process.env["PATH"], ADDRESS: "127.0.0.1:0", TOKEN: "t0ken" },
    },
  );
  try {
    const exited = once(child, "exit");
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const line = async () => JSON.parse((await lines.next()).value ?? "null") as Record<string, unknown>;
    const listening = await line();
    expect(listening).toMatchObject({ name: "echo", msg: "listening" });
    const channel = createChannel(`127.0.0.1:${Number(listening["port"])}`);
    const client = createClient(EchoServiceDefinition, channel);
    const metadata = Metadata({ authorization: "Bearer t0ken" });

    expect(await client.echoUnary({ text: "a" }, { metadata })).toEqual({ text: "a" });
    expect(await line()).toMatchObject({ msg: "echoing", caller: "operator" });
    expect(await line()).toMatchObject({ msg: "finished call", "grpc.code": "OK" });
    expect(await drain(client.echoServerStream({ text: "a", count: 2 }, { metadata }))).toHaveLength(2);
    const wrong = await failure((options) => client.echoUnary({}, { ...options, metadata }));
    expect(wrong.details.BadRequest?.fieldViolations[0]?.field).toBe("text");
    expect((await failure((options) => client.echoUnary({}, options))).code).toBe(Status.UNAUTHENTICATED);
    const denied = await failure((options) =>
      client.echoClientStream((async function* () {})(), { ...options, metadata }),
    );
    expect(denied.code).toBe(Status.PERMISSION_DENIED);

    child.kill("SIGTERM");
    expect(await exited).toEqual([0, null]);
    channel.close();
  } finally {
    child.kill("SIGKILL");
  }
});
