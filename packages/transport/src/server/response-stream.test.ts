import { AsyncLocalStorage } from "node:async_hooks";
import { describe, expect, jest, test } from "@jest/globals";
import { EchoServiceDefinition, echoService } from "@callwire/testkit";
import { ServerError, Status } from "nice-grpc-common";
import { echoClient } from "../testing/echo-client.js";
import { createServer } from "./create-server.js";
import type { ReadyIterator } from "./ready-iterator.js";
import type { ServerCallContext } from "./server-call-context.js";

interface Message {
  text: string;
  index: number;
}
const message = (index: number): Message => ({ text: "a", index });

/** Serves what a handler gives. */
async function serve(handler: (request: unknown, context: ServerCallContext) => unknown) {
  const server = createServer();
  server.add(EchoServiceDefinition, { ...echoService(), echoServerStream: handler as never });
  const port = await server.listen("127.0.0.1:0");
  const { client, channel } = echoClient(`127.0.0.1:${port}`);
  return {
    server,
    client,
    async read(): Promise<number[]> {
      const indices: number[] = [];
      for await (const { index } of client.echoServerStream({})) indices.push(index);
      return indices;
    },
    [Symbol.asyncDispose]: async () => {
      channel.close();
      server.forceShutdown();
    },
  };
}

const COUNT = 5000;
const indices = Array.from({ length: COUNT }, (_, index) => index);

/** A log that grows, and what watches it. */
class Log {
  readonly #wakes = new Set<() => void>();
  length = 0;
  ended = false;
  /** The number of watchers that know that nobody reads them. */
  returned = 0;

  grow(by: number): void {
    this.length += by;
    for (const wake of this.#wakes) wake();
  }

  end(): void {
    this.ended = true;
    this.grow(0);
  }

  /** @param promises Waits by promises, and has no `onReady`. */
  watch(promises: boolean): ReadyIterator<Message> {
    let position = 0;
    let resolveGrown = (): void => {};
    const nextNow = (): IteratorResult<Message, void> | undefined => {
      if (position < this.length) return { done: false, value: message(position++) };
      return this.ended ? { done: true, value: undefined } : undefined;
    };
    if (promises) this.#wakes.add(() => resolveGrown());
    return {
      nextNow,
      ...(!promises && { onReady: (wake: () => void) => void this.#wakes.add(wake) }),
      async next() {
        for (;;) {
          const result = nextNow();
          if (result !== undefined) return result;
          await new Promise<void>((resolve) => (resolveGrown = resolve));
        }
      },
      return: async () => {
        this.returned++;
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }
}

describe("a handler may answer with", () => {
  const handlers: [what: string, handler: () => unknown][] = [
    ["an array", () => indices.map(message)],
    [
      "a generator",
      function* () {
        for (const index of indices) yield message(index);
      },
    ],
    ["an array of promises", () => indices.map(async (index) => message(index))],
    [
      "an async generator",
      async function* () {
        for (const index of indices) yield message(index);
      },
    ],
    [
      "an iterator that says what is there",
      () => {
        const log = new Log();
        log.grow(COUNT);
        log.end();
        return log.watch(false);
      },
    ],
    ["nothing", () => []],
  ];
  test.each(handlers)("%s", async (what, handler) => {
    await using served = await serve(handler);
    expect(await served.read()).toEqual(what === "nothing" ? [] : indices);
  });
});

test.each([true, false])(
  "an iterator sends what is there when it is there; by promises: %s",
  async (promises) => {
    const log = new Log();
    await using served = await serve(() => log.watch(promises));
    log.grow(2);
    const answers = served.client.echoServerStream({})[Symbol.asyncIterator]();
    const next = async () => (await answers.next()).value?.index as number | undefined;
    expect([await next(), await next()]).toEqual([0, 1]);
    const third = next();
    log.grow(2);
    expect([await third, await next()]).toEqual([2, 3]);
    log.grow(1);
    log.end();
    expect([await next(), await next()]).toEqual([4, undefined]);
  },
);

test("an iterator that wakes is never asked for a promise, and is told when nobody reads it", async () => {
  const log = new Log();
  const next = jest.fn();
  await using served = await serve(() => Object.assign(log.watch(false), { next }));
  log.grow(1);
  for await (const _ of served.client.echoServerStream({})) break;
  while (log.returned === 0) await new Promise((resolve) => setImmediate(resolve));
  log.grow(1);
  expect(next).not.toHaveBeenCalled();
  expect(log.returned).toBe(1);
});

test("what wakes a stream runs in the stream's own context", async () => {
  const storage = new AsyncLocalStorage<string>();
  const log = new Log();
  const seen: unknown[] = [];
  await using served = await serve(() => {
    storage.enterWith("the call");
    const watch = log.watch(false);
    return {
      ...watch,
      nextNow: () => {
        seen.push(storage.getStore());
        return watch.nextNow();
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  });
  const read = served.read();
  while (seen.length === 0) await new Promise((resolve) => setImmediate(resolve));
  storage.run("an event", () => log.grow(1));
  log.end();
  expect(await read).toEqual([0]);
  expect(new Set(seen)).toEqual(new Set(["the call"]));
  storage.disable();
});

test("an iterator that throws now ends its call with that error", async () => {
  const failing = {
    nextNow() {
      throw new ServerError(Status.DATA_LOSS, "gone");
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
  await using served = await serve(() => failing);
  await expect(served.read()).rejects.toMatchObject({ code: Status.DATA_LOSS, details: "gone" });
});

test("a message that cannot be sent is thrown into the handler, which may go on", async () => {
  const bad = {
    get text() {
      throw new Error("no text");
    },
    index: 0,
  };
  const caught: unknown[] = [];
  function* careful() {
    for (const each of [message(0), bad, message(2)]) {
      try {
        yield each;
      } catch (error) {
        caught.push((error as ServerError).code);
      }
    }
  }
  const careless = function* () {
    for (const each of [message(0), bad, message(2)]) yield each;
  };
  await using served = await serve(careful);
  expect(await served.read()).toEqual([0, 2]);
  expect(caught).toEqual([Status.INTERNAL]);
  await using other = await serve(careless);
  await expect(other.read()).rejects.toMatchObject({ code: Status.INTERNAL });
});

describe("a stream without an end", () => {
  const endless: [what: string, handler: () => unknown][] = [
    [
      "of a generator",
      function* () {
        for (let index = 0; ; index++) yield message(index);
      },
    ],
    [
      "of an async generator",
      async function* () {
        for (let index = 0; ; index++) yield message(index);
      },
    ],
    [
      "of an iterator that says what is there",
      () => ({
        nextNow: () => ({ done: false, value: message(0) }),
        [Symbol.asyncIterator]() {
          return this;
        },
      }),
    ],
  ];
  test.each(endless)("%s lets others run, also its client that takes all of it", async (_, handler) => {
    await using served = await serve(handler);
    const streams = Array.from({ length: 3 }, () =>
      served.client.echoServerStream({})[Symbol.asyncIterator](),
    );
    for (const stream of streams) await stream.next();
    expect(await served.client.echoUnary({ text: "b" })).toEqual({ text: "b" });
    // Each goes on by many turns' worth.
    await Promise.all(
      streams.map(async (stream) => {
        for (let read = 0; read < 5000; read++) await stream.next();
        await stream.return!();
      }),
    );
  });
});
