import { once } from "node:events";
import { PassThrough, Readable } from "node:stream";
import { describe, expect, test } from "@jest/globals";
import { iteratorOf, requestIteratorOf, type AnyIterable } from "./iterator-of.js";

async function all(iterable: AnyIterable): Promise<unknown[]> {
  const iterator = iteratorOf(iterable);
  const values: unknown[] = [];
  // oxlint-disable-next-line no-await-in-loop
  for (let result = await iterator.next(); result.done !== true; result = await iterator.next()) {
    values.push(result.value);
  }
  return values;
}

describe("iteratorOf", () => {
  test.each<[string, () => AnyIterable]>([
    ["an array", () => [1, 2]],
    ["a set", () => new Set([1, 2])],
    ["a generator", () => (function* () { yield* [1, 2]; })()], // oxfmt-ignore
    ["an async generator", () => (async function* () { yield* [1, 2]; })()], // oxfmt-ignore
    ["a stream of Node.js", () => Readable.from([1, 2])],
    ["a stream of the web", () => ReadableStream.from([1, 2])],
  ])("goes through %s", async (_what, make) => {
    expect(await all(make())).toEqual([1, 2]);
  });

  test("closes a stream of Node.js that waits, at once", async () => {
    const stream = new PassThrough({ objectMode: true });
    const iterator = iteratorOf(stream);
    const waiting = iterator.next();
    const closed = once(stream, "close");
    await iterator.return!();
    expect(stream.destroyed).toBe(true);
    expect(await waiting).toMatchObject({ done: true });
    await closed;
  });

  test("cancels a stream of the web that waits, at once", async () => {
    let cancelled = 0;
    const iterator = iteratorOf(new ReadableStream({ cancel: () => void cancelled++ }));
    const waiting = iterator.next();
    await iterator.return!();
    expect(cancelled).toBe(1);
    expect(await waiting).toMatchObject({ done: true });
  });

  test("passes on what a stream fails with", async () => {
    const stream = new PassThrough({ objectMode: true });
    const iterator = iteratorOf(stream);
    const waiting = iterator.next();
    stream.destroy(new Error("the disk is gone"));
    await expect(waiting).rejects.toThrow("the disk is gone");
  });

  test.each<[string, unknown]>([
    ["undefined, and no iterable", undefined],
    ["a text, and no iterable", "abc"],
    ["an object, and no iterable", { text: "one message" }],
    ["a function, and no iterable: call it", async function* () {}],
  ])("refuses %s", (what, iterable) => {
    expect(() => iteratorOf(iterable as AnyIterable)).toThrow(what);
  });

  test.each<[string, unknown]>([
    ["a promise of an iterable", Promise.reject(new Error("later"))],
    ["a promise of an iterator", { [Symbol.asyncIterator]: () => Promise.reject(new Error("later")) }],
  ])("refuses %s, whose rejection concerns nobody", (what, iterable) => {
    expect(() => iteratorOf(iterable as AnyIterable)).toThrow(what);
  });

  test.each([undefined, null, 42, {}])("refuses %p", (iterable) => {
    expect(() => iteratorOf(iterable as AnyIterable)).toThrow(TypeError);
  });
});

describe("requestIteratorOf", () => {
  const refused = "another call has read this iterator, and closes it: make one for each call";

  test("refuses an iterator of another call", () => {
    for (const iterator of [
      (function* () { yield 1; })(), // oxfmt-ignore
      (async function* () { yield 1; })(), // oxfmt-ignore
    ]) {
      requestIteratorOf(iterator);
      expect(() => requestIteratorOf(iterator)).toThrow(refused);
    }
  });

  test("takes again what makes a new iterator, and one that no call closes", () => {
    const counter = { next: () => ({ done: false, value: 1 }), [Symbol.iterator]: () => counter };
    const made = { [Symbol.iterator]: function* () { yield 1; } }; // oxfmt-ignore
    for (const iterable of [[1], new Set([1]), made, counter] as AnyIterable[]) {
      requestIteratorOf(iterable);
      expect(() => requestIteratorOf(iterable)).not.toThrow();
    }
  });
});
