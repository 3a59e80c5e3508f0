import { AsyncLocalStorage } from "node:async_hooks";
import { PassThrough } from "node:stream";
import { describe, expect, test } from "@jest/globals";
import { ServerError, Status, type CallContext, type ServerMiddlewareCall } from "nice-grpc-common";
import { notFound } from "./errors/factories.js";
import type { AnyMiddleware } from "./middleware.js";
import { errorBoundary } from "./middleware/error-boundary.js";
import { logging } from "./middleware/logging.js";
import { requestId } from "./middleware/request-id.js";
import { startEcho } from "./test-room/echo-server.js";
import { failure } from "./test-room/errors.js";
import { recordLog } from "./testing/recorded-log.js";
import { lengthPrefixed } from "@callwire/testkit/wire";
import { rawCall } from "./test-room/raw-call.js";
import { runtimes } from "./test-room/runtimes.js";

const PATH = "/callwire.echo.v1.EchoService";

async function* passing<Request, Response>(
  call: ServerMiddlewareCall<Request, Response>,
  context: CallContext,
): AsyncGenerator<Response, Response | void, undefined> {
  return yield* call.next(call.request, context);
}

describe.each(runtimes)("over %s", (_name, runtime) => {
  /** What a handler returned as its stream, which gives one message and waits, and what resolves when it is closed. */
  const streams: [what: string, make: (onClosed: () => void) => AsyncIterable<{ text: string }>][] = [
    [
      "an iterator",
      (onClosed) => {
        let given = 0;
        const iterator = {
          next: () =>
            given++ === 0 ? Promise.resolve({ done: false, value: { text: "a" } }) : new Promise(() => {}),
          return: async () => {
            onClosed();
            return { done: true, value: undefined };
          },
        };
        return { [Symbol.asyncIterator]: () => iterator } as unknown as AsyncIterable<{ text: string }>;
      },
    ],
    [
      "a stream of Node.js",
      (onClosed) => {
        const stream = new PassThrough({ objectMode: true });
        stream.write({ text: "a" });
        return stream.on("close", onClosed);
      },
    ],
    [
      "a stream of the web",
      (onClosed) =>
        new ReadableStream({ start: (to) => to.enqueue({ text: "a" }), cancel: () => onClosed() }),
    ],
  ];

  describe.each(streams)("%s that a handler returned is closed", (_what, make) => {
    const started = async (middleware: readonly (typeof passing)[]) => {
      let onClosed = () => {};
      const closed = new Promise<void>((resolve) => (onClosed = resolve));
      const log = recordLog();
      const echo = await startEcho(
        { runtime, middleware: [errorBoundary({ logger: log.logger }), ...middleware] },
        { echoServerStream: () => make(onClosed) as never },
      );
      return { ...echo, closed, log };
    };

    test.each([
      ["without", []],
      ["behind", [passing]],
    ])("when its call is over, %s a generator", async (_where, middleware) => {
      const ends: ((echo: Awaited<ReturnType<typeof started>>, end: AbortController) => void)[] = [
        (_echo, controller) => controller.abort(),
        (echo) => void echo.server.shutdown({ timeoutMs: 10_000 }),
        (echo) => echo.server.forceShutdown(),
      ];
      for (const end of ends) {
        // oxlint-disable-next-line no-await-in-loop
        await using echo = await started(middleware);
        const controller = new AbortController();
        const { signal } = controller;
        const messages = echo.client.echoServerStream({}, { signal })[Symbol.asyncIterator]();
        // oxlint-disable-next-line no-await-in-loop
        expect(await messages.next()).toMatchObject({ value: { text: "a" } });
        const next = messages.next();
        end(echo, controller);
        // oxlint-disable-next-line no-await-in-loop
        await echo.closed;
        // oxlint-disable-next-line no-await-in-loop
        await expect(next).rejects.toBeDefined();
        expect(echo.log.lines.filter(({ msg }) => msg === "unexpected error")).toEqual([]);
      }
    });
  });

  const logged = () => {
    const log = recordLog();
    const { logger } = log;
    return { log, middleware: [requestId(), logging({ logger }), errorBoundary({ logger })] as const };
  };

  test.each<[what: string, answer: () => unknown, code: Status, reason: RegExp]>([
    ["no answer", () => undefined, Status.INTERNAL, /internal error/],
    ["a Date that cannot be encoded", () => ({ text: 1n, index: new Date(NaN) }), Status.OK, /^$/],
    [
      "a number that cannot be encoded",
      () => ({ text: "a", count: "many" }),
      Status.INTERNAL,
      /cannot be encoded/,
    ],
    [
      "an answer over the limit",
      () => ({ text: "x".repeat(2000), count: 1 }),
      Status.RESOURCE_EXHAUSTED,
      /2\d\d\d/,
    ],
    [
      "an error of code OK",
      () => Promise.reject(new ServerError(Status.OK, "fine")),
      Status.INTERNAL,
      /internal error/,
    ],
  ])("of %s the log says what the client got", async (_what, answer, code, reason) => {
    const { log, middleware } = logged();
    await using echo = await startEcho(
      { runtime, middleware, limits: { maxSendMessageBytes: 1000 } },
      { echoClientStream: async () => answer() as never },
    );
    const call = echo.client.echoClientStream((async function* () {})());
    if (code === Status.OK) await call;
    else {
      const { message } = await failure(() => call);
      expect(message).toMatch(reason);
    }
    const line = await log.line({ msg: "finished call" });
    expect(line["grpc.code"]).toBe(Status[code]);
    if (code !== Status.OK) expect(line["grpc.error"]).toMatch(reason);
  });

  test("a group nested a million deep ends its call alone, with INTERNAL", async () => {
    await using echo = await startEcho({ runtime, middleware: [] });
    expect(await echo.client.echoUnary({ text: "good" })).toEqual({ text: "good" });
    using call = rawCall(echo.address, `${PATH}/EchoUnary`);
    const beside = rawCall(echo.address, `${PATH}/EchoUnary`);
    call.stream.end(lengthPrefixed(Buffer.alloc(1_000_000, 0x7b)));
    const { trailers, headers } = await call.response;
    expect((trailers ?? headers)["grpc-status"]).toBe(String(Status.INTERNAL));
    expect(call.session.destroyed).toBe(false);
    beside.session.destroy();
    expect(await echo.client.echoUnary({ text: "still" })).toEqual({ text: "still" });
  });

  test.each([
    ["alone", []],
    ["behind a generator", [passing]],
  ])(
    "of an iterator whose throw gives nothing back, the log names the message, %s",
    async (_where, around) => {
      const { log, middleware } = logged();
      await using echo = await startEcho<readonly AnyMiddleware[]>(
        { runtime, middleware: [...middleware, ...around] },
        {
          // As that of `on` of node:events: what it gives is the list of an event's arguments.
          echoServerStream: () => {
            const iterator = {
              next: async () => ({ done: false, value: [{ text: "a" }] }),
              return: async () => ({ done: true, value: undefined }),
              throw: () => undefined,
              [Symbol.asyncIterator]: () => iterator,
            };
            return iterator as never;
          },
        },
      );
      await expect(echo.client.echoServerStream({})[Symbol.asyncIterator]().next()).rejects.toMatchObject({
        code: Status.INTERNAL,
      });
      expect((await log.line({ msg: "finished call" }))["grpc.error"]).toBe("a message cannot be encoded");
      expect(log.text()).toContain("this is an array: a stream gives its messages one by one");
    },
  );

  test("an async context that a handler enters is its own", async () => {
    const store = new AsyncLocalStorage<string>();
    await using echo = await startEcho(
      { runtime, middleware: [] },
      {
        // Not async: it runs below what the connection has woken.
        echoUnary: ({ text }) => {
          const seen = store.getStore() ?? "none";
          if (text !== "") store.enterWith(text ?? "");
          return Promise.resolve({ text: seen });
        },
      },
    );
    expect(await echo.client.echoUnary({ text: "tenant" })).toEqual({ text: "none" });
    const others = await Promise.all(Array.from({ length: 25 }, () => echo.client.echoUnary({ text: "" })));
    expect(new Set(others.map(({ text }) => text))).toEqual(new Set(["none"]));
  });

  test("an encoder that ends its own call leaves the others alone", async () => {
    const { log, middleware } = logged();
    let abort = () => {};
    await using echo = await startEcho(
      { runtime, middleware },
      {
        echoUnary: async ({ text }) => {
          if (text !== "bad") return { text };
          return {
            get text() {
              abort();
              return "aborted";
            },
          };
        },
      },
    );
    const controller = new AbortController();
    abort = () => controller.abort();
    const bad = echo.client.echoUnary({ text: "bad" }, { signal: controller.signal });
    await expect(bad).rejects.toBeDefined();
    await log.line({ msg: "finished call" });
    expect(await echo.client.echoUnary({ text: "good" })).toEqual({ text: "good" });
  });

  test("a phase that must not be async is refused by name, and ends its call alone", async () => {
    const { log, middleware } = logged();
    const reject = (): Promise<never> => Promise.reject(new Error("later"));
    for (const phase of ["request", "response", "failed", "ended", "faulted"] as const) {
      const odd = { name: "odd", [phase]: reject } as never;
      // oxlint-disable-next-line no-await-in-loop
      await using echo = await startEcho<readonly AnyMiddleware[]>({
        runtime,
        middleware: [...middleware, odd],
      });
      const isFailure = phase === "request" || phase === "response";
      const call = echo.client.echoUnary({
        text: "a",
        ...(phase === "failed" && { fault: { unexpected: true } }),
      });
      // oxlint-disable-next-line no-await-in-loop
      const outcome = await call.then(
        () => Status.OK,
        ({ code }: { code: Status }) => code,
      );
      expect(outcome).toBe(isFailure || phase === "failed" ? Status.INTERNAL : Status.OK);
    }
    expect(log.text()).toMatch(/the middleware odd returned a promise from request/);
  });

  test("an error on purpose is sent as JSON, without its cause", () => {
    const error = notFound({ resource: "user", id: "1", cause: 1n });
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({
      code: Status.NOT_FOUND,
      reason: expect.any(String),
    });
  });
});
