import { once } from "node:events";
import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "@jest/globals";
import { echoService, EchoServiceDefinition, startServer } from "@callwire/testkit";
import { Status } from "nice-grpc-common";
import { createClient } from "./test-room/clients.js";

/** A server that takes requests, up to its window, and neither reads nor answers them. */
async function startSilent() {
  const server = createServer();
  const sessions = new Set<{ destroy(): void }>();
  server.on("session", (session) => sessions.add(session));
  server.on("stream", (stream) => stream.on("error", () => {}));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
      server.close();
    },
  };
}

const stalled = { name: "CallError", code: Status.DEADLINE_EXCEEDED, origin: "deadline" };

async function* endless() {
  const text = "x".repeat(10_000);
  for (;;) yield { text };
}

describe("a call that streams its requests", () => {
  test("ends if the server takes nothing more, or has all and does not answer", async () => {
    await using server = await startSilent();
    await using client = createClient(EchoServiceDefinition, { address: server.address, stallTimeoutMs: 60 });
    await expect(client.echoClientStream(endless())).rejects.toMatchObject(stalled);
    async function* one() {
      yield { text: "a" };
    }
    await expect(client.echoClientStream(one())).rejects.toMatchObject(stalled);
    await expect(
      client.echoBidiStream(endless(), { stallTimeoutMs: 50 })[Symbol.asyncIterator]().next(),
    ).rejects.toMatchObject(stalled);
  });

  test("waits for its own source as long as that takes, and has no other limit by default", async () => {
    await using server = await startServer((s) => s.add(EchoServiceDefinition, echoService()));
    await using client = createClient(EchoServiceDefinition, {
      address: server.address,
      // Long enough for an answer, on a busy machine too.
      timeoutMs: 1000,
      stallTimeoutMs: 1000,
    });
    async function* slow() {
      yield { text: "a" };
      await new Promise((resolve) => setTimeout(resolve, 1200));
      yield { text: "b" };
    }
    const upload = client.echoClientStream(slow());
    const heard: string[] = [];
    for await (const { text } of client.echoBidiStream(slow())) heard.push(text);
    expect(heard).toEqual(["a", "b"]);
    expect(await upload).toEqual({ text: "a,b", count: 2 });
  });

  test("has the time limit that it asks for, whatever moves", async () => {
    await using server = await startServer((s) => s.add(EchoServiceDefinition, echoService()));
    await using client = createClient(EchoServiceDefinition, { address: server.address });
    async function* steady() {
      for (;;) {
        yield { text: "a" };
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
    await expect(client.echoClientStream(steady(), { timeoutMs: 100 })).rejects.toMatchObject({
      code: Status.DEADLINE_EXCEEDED,
    });
  });

  test.each([0, -1, NaN])("refuses a limit of %d ms, and so does the client", async (stallTimeoutMs) => {
    const address = "127.0.0.1:1";
    expect(() => createClient(EchoServiceDefinition, { address, stallTimeoutMs })).toThrow(
      /stallTimeoutMs is .*: it must be .* more than 0/,
    );
    await using client = createClient(EchoServiceDefinition, { address });
    await expect(client.echoClientStream(endless(), { stallTimeoutMs })).rejects.toMatchObject({
      code: Status.INVALID_ARGUMENT,
      description: expect.stringContaining("stallTimeoutMs"),
    });
  });
});
