import { EventEmitter, on } from "node:events";
import { expect, test } from "@jest/globals";
import { echoService, EchoServiceDefinition, startServer } from "@callwire/testkit";
import { Status } from "nice-grpc-common";
import { createClient } from "../test-room/clients.js";

test("talks in turns", async () => {
  await using server = await startServer((s) => s.add(EchoServiceDefinition, echoService()));
  await using client = createClient(EchoServiceDefinition, { address: server.address });
  const lines = new EventEmitter();
  const stop = new AbortController();
  async function* outgoing() {
    yield { text: "1" };
    try {
      for await (const [text] of on(lines, "line", { signal: stop.signal })) yield { text: text as string };
    } catch {
      // Stopped: that was all.
    }
  }
  const heard: string[] = [];
  for await (const { text } of client.echoBidiStream(outgoing())) {
    heard.push(text);
    if (heard.length < 5) lines.emit("line", String(heard.length + 1));
    else stop.abort();
  }
  expect(heard).toEqual(["1", "2", "3", "4", "5"]);
});

test("ends its requests when the server ends the call", async () => {
  await using server = await startServer((s) => s.add(EchoServiceDefinition, echoService()));
  await using client = createClient(EchoServiceDefinition, { address: server.address });
  const lines = new EventEmitter();
  const outgoing = on(lines, "request");
  lines.emit("request");
  async function* requests() {
    yield { fault: { code: Status.ABORTED, message: "no more" } };
  }
  const first = requests();
  // The second item never comes: only return() ends the wait for it.
  const source = {
    [Symbol.asyncIterator]: () => ({
      next: async () => {
        const result = await first.next();
        return result.done ? (outgoing.next() as Promise<typeof result>) : result;
      },
      return: async () => outgoing.return!() as Promise<IteratorResult<never>>,
    }),
  };
  const read = async () => {
    for await (const _ of client.echoBidiStream(source)) throw new Error("a message");
  };
  await expect(read()).rejects.toMatchObject({
    name: "CallError",
    code: Status.ABORTED,
    description: "no more",
  });
  expect(lines.listenerCount("request")).toBe(0);
});

test("ends with CANCELLED when its requests fail", async () => {
  await using server = await startServer((s) => s.add(EchoServiceDefinition, echoService()));
  await using client = createClient(EchoServiceDefinition, { address: server.address });
  const cause = new DOMException("mine", "AbortError");
  async function* outgoing() {
    yield { text: "1" };
    throw cause;
  }
  const read = async () => {
    for await (const { text } of client.echoBidiStream(outgoing())) expect(text).toBe("1");
  };
  await expect(read()).rejects.toMatchObject({ name: "CallError", code: Status.CANCELLED, cause });
});
