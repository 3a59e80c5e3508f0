// What runs for a call runs in its caller's async context, whichever call has woken the connection.
import { AsyncLocalStorage } from "node:async_hooks";
import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "@jest/globals";
import { echoService, EchoServiceDefinition, startServer } from "@callwire/testkit";
import { createClient } from "./test-room/clients.js";

const waiting = { code: 0, message: "", unexpected: false, waitForAbort: true };

test("sources, callbacks, results and failures see their caller's store, and no other's", async () => {
  await using server = await startServer((s) => s.add(EchoServiceDefinition, echoService()));
  // Not connected yet: some of the calls wait for that.
  await using client = createClient(EchoServiceDefinition, { address: server.address });
  const store = new AsyncLocalStorage<string>();
  const wrong: string[] = [];
  const seen = new Set<string>();
  const note = (own: string, where: string) => {
    seen.add(where);
    if (store.getStore() !== own) wrong.push(`${where} of ${own} saw ${store.getStore()}`);
  };

  const callAs = async (own: string) => {
    const options = () => ({
      onHeader: () => note(own, "onHeader"),
      onTrailer: () => note(own, "onTrailer"),
    });
    const source = (count: number) => {
      let given = 0;
      const iterator = {
        async next() {
          note(own, "source");
          await nextTurn();
          note(own, "source, later");
          return given++ < count ? { done: false, value: { text: own } } : { done: true, value: undefined };
        },
        async return() {
          note(own, "source's return");
          return { done: true, value: undefined };
        },
      };
      return { [Symbol.asyncIterator]: () => iterator } as unknown as AsyncIterable<{ text: string }>;
    };
    await client.echoUnary({ text: own }, options());
    note(own, "result");
    for await (const _ of client.echoServerStream({ text: own, count: 3 }, options())) note(own, "message");
    expect((await client.echoClientStream(source(3), options())).count).toBe(3);
    note(own, "result of an upload");
    for await (const _ of client.echoBidiStream(source(3), options())) note(own, "message of a chat");
    await client
      .echoUnary({ text: own, fault: waiting }, { ...options(), timeoutMs: 50 })
      .catch(() => note(own, "deadline"));
    const controller = new AbortController();
    const aborted = client.echoBidiStream(source(Infinity), { ...options(), signal: controller.signal });
    for await (const _ of aborted) {
      note(own, "message before an abort");
      break;
    }
  };

  await Promise.all(
    Array.from({ length: 10 }, (_, i) => store.run(`caller ${i}`, () => callAs(`caller ${i}`))),
  );
  expect(wrong).toEqual([]);
  expect(seen.size).toBe(11);
});
