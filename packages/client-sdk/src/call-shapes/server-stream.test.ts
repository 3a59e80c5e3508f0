import { getEventListeners } from "node:events";
import { expect, test } from "@jest/globals";
import { echoService, EchoServiceDefinition, startServer } from "@callwire/testkit";
import { Status, type CallContext } from "nice-grpc-common";
import { createClient } from "../test-room/clients.js";

test("yields every message, then the error", async () => {
  await using server = await startServer((s) => s.add(EchoServiceDefinition, echoService()));
  await using client = createClient(EchoServiceDefinition, { address: server.address });
  const indexes: number[] = [];
  const read = async () => {
    const request = { text: "x", count: 100, fault: { code: Status.DATA_LOSS, message: "gone" } };
    for await (const { index } of client.echoServerStream(request)) indexes.push(index);
  };
  await expect(read()).rejects.toMatchObject({
    name: "CallError",
    code: Status.DATA_LOSS,
    description: "gone",
  });
  expect(indexes).toEqual(Array.from({ length: 100 }, (_, i) => i));
});

test("tells the server when the reader leaves, and leaves nothing on its signal", async () => {
  const contexts: CallContext[] = [];
  await using server = await startServer((s) =>
    s.add(
      EchoServiceDefinition,
      echoService((context) => void contexts.push(context)),
    ),
  );
  await using client = createClient(EchoServiceDefinition, { address: server.address });
  const { signal } = new AbortController();
  for await (const { index } of client.echoServerStream(
    { count: 1, fault: { waitForAbort: true } },
    { signal },
  )) {
    expect(index).toBe(0);
    break;
  }
  expect(getEventListeners(signal, "abort")).toHaveLength(0);
  const ended = contexts[0]!.signal;
  if (!ended.aborted) await new Promise((resolve) => ended.addEventListener("abort", resolve));
  expect(ended.aborted).toBe(true);
});

test("throws the reason of its caller's signal", async () => {
  await using server = await startServer((s) => s.add(EchoServiceDefinition, echoService()));
  await using client = createClient(EchoServiceDefinition, { address: server.address });
  const controller = new AbortController();
  const reason = new Error("enough");
  const read = async () => {
    const request = { count: 1, fault: { waitForAbort: true } };
    for await (const _ of client.echoServerStream(request, { signal: controller.signal }))
      controller.abort(reason);
  };
  await expect(read()).rejects.toBe(reason);
  expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
});

test("has no time limit unless it asks for one", async () => {
  await using server = await startServer((s) => s.add(EchoServiceDefinition, echoService()));
  await using client = createClient(EchoServiceDefinition, { address: server.address, timeoutMs: 1 });
  const indexes: number[] = [];
  for await (const { index } of client.echoServerStream({ count: 3 })) indexes.push(index);
  expect(indexes).toEqual([0, 1, 2]);
  const read = async () => {
    const request = { fault: { waitForAbort: true } };
    for await (const _ of client.echoServerStream(request, { timeoutMs: 50 })) throw new Error("a message");
  };
  await expect(read()).rejects.toMatchObject({ code: Status.DEADLINE_EXCEEDED });
});
