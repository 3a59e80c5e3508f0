import { on, EventEmitter } from "node:events";
import { expect, test } from "@jest/globals";
import { requestStream } from "./request-stream.js";

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function* generate(fault?: unknown) {
  yield 1;
  yield 2;
  if (fault) throw fault;
}

const asError = { wrap: (cause: unknown) => new Error("wrapped", { cause }) };

test("passes the requests on", async () => {
  expect(await collect(requestStream(generate(), asError).requests)).toEqual([1, 2]);
});

test("replaces an error of the source, an AbortError too", async () => {
  const cause = new DOMException("mine", "AbortError");
  await expect(collect(requestStream(generate(cause), asError).requests)).rejects.toMatchObject({
    name: "Error",
    cause,
  });
});

test("ends a source that is waiting for its next item", async () => {
  const emitter = new EventEmitter();
  const { requests, end } = requestStream(on(emitter, "line"), asError);
  const waiting = requests[Symbol.asyncIterator]().next();
  expect(emitter.listenerCount("line")).toBe(1);
  end();
  expect(await waiting).toMatchObject({ done: true });
  expect(emitter.listenerCount("line")).toBe(0);
});

test("ends the source once, whatever that throws, and reads nothing after", async () => {
  let returns = 0;
  const source: AsyncIterable<number> = {
    [Symbol.asyncIterator]: () => ({
      next: async () => ({ done: false, value: 1 }),
      return() {
        returns += 1;
        throw new Error("cannot");
      },
    }),
  };
  const { requests, end } = requestStream(source, asError);
  const iterator = requests[Symbol.asyncIterator]();
  await iterator.next();
  end();
  end();
  expect(await iterator.next()).toEqual({ done: true, value: undefined });
  expect(returns).toBe(1);
});
