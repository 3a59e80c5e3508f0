import { setImmediate } from "node:timers/promises";
import { expect, test } from "@jest/globals";
import { echoService, EchoServiceDefinition, startServer } from "@callwire/testkit";
import { Status } from "nice-grpc-common";
import { CallError } from "../errors/call-error.js";
import { createClient } from "../test-room/clients.js";

async function* texts(count: number, fault?: unknown) {
  for (let index = 0; index < count; index++) yield { text: String(index) };
  if (fault) throw fault;
}

test("sends every message", async () => {
  await using server = await startServer((s) => s.add(EchoServiceDefinition, echoService()));
  await using client = createClient(EchoServiceDefinition, { address: server.address });
  expect(await client.echoClientStream(texts(1000))).toMatchObject({ count: 1000 });
});

test.each([new Error("disk on fire"), new DOMException("disk on fire", "AbortError")])(
  "ends with CANCELLED when its requests fail with %s",
  async (cause) => {
    await using server = await startServer((s) => s.add(EchoServiceDefinition, echoService()));
    await using client = createClient(EchoServiceDefinition, { address: server.address });
    const error = await client.echoClientStream(texts(3, cause)).catch((e: unknown) => e as CallError);
    expect(error).toMatchObject({
      name: "CallError",
      code: Status.CANCELLED,
      description: "the requests could not be read: disk on fire",
    });
    expect((error as CallError).cause).toBe(cause);
  },
);

test("ends its requests when the server refuses early", async () => {
  await using server = await startServer((s) => s.add(EchoServiceDefinition, echoService()));
  await using client = createClient(EchoServiceDefinition, { address: server.address });
  let ended = () => {};
  const end = new Promise<void>((resolve) => {
    ended = resolve;
  });
  async function* endless() {
    try {
      // A turn of the event loop for each: else thousands are on their way before the answer comes.
      for (;;) yield await setImmediate({ fault: { code: Status.OUT_OF_RANGE } });
    } finally {
      ended();
    }
  }
  await expect(client.echoClientStream(endless())).rejects.toMatchObject({ code: Status.OUT_OF_RANGE });
  await end;
});

test("is never tried again", async () => {
  let calls = 0;
  await using server = await startServer((s) =>
    s.add(
      EchoServiceDefinition,
      echoService(() => void calls++),
    ),
  );
  await using client = createClient(EchoServiceDefinition, { address: server.address });
  async function* refused() {
    yield { fault: { code: Status.UNAVAILABLE } };
  }
  await expect(client.echoClientStream(refused(), { retry: true })).rejects.toMatchObject({
    code: Status.UNAVAILABLE,
  });
  expect(calls).toBe(1);
});

test("refuses a generator that another call has read: it would send what that left", async () => {
  await using server = await startServer((s) => s.add(EchoServiceDefinition, echoService()));
  await using client = createClient(EchoServiceDefinition, { address: server.address });
  const generator = texts(2);
  const both = [client.echoClientStream(generator), client.echoClientStream(generator)];
  const refused = {
    code: Status.CANCELLED,
    description:
      "the requests could not be read: another call has read this iterator, and closes it: make one for each call",
  };
  expect(await Promise.allSettled(both)).toMatchObject([{ value: { count: 2 } }, { reason: refused }]);
  await expect(client.echoClientStream(generator)).rejects.toMatchObject(refused);
  await expect(client.echoBidiStream(generator)[Symbol.asyncIterator]().next()).rejects.toMatchObject(
    refused,
  );
});
