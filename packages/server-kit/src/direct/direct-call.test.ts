import { AsyncLocalStorage } from "node:async_hooks";
import { EventEmitter, once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, describe, expect, jest, test } from "@jest/globals";
import { echoService, EchoServiceDefinition } from "@callwire/testkit";
import type { ReadyIterator } from "@callwire/transport";
import type { ServiceImplementation } from "nice-grpc";
import { Metadata, ServerError, Status } from "nice-grpc-common";
import { createServer } from "../create-server.js";
import { permissionDenied } from "../errors/factories.js";
import type { AnyMiddleware, KitContext } from "../middleware.js";
import { auth } from "../middleware/auth.js";
import { errorBoundary } from "../middleware/error-boundary.js";
import { forMethods } from "../middleware/for-methods.js";
import { logging } from "../middleware/logging.js";
import { requestId } from "../middleware/request-id.js";
import { startEcho } from "../test-room/echo-server.js";
import { recordLog } from "../testing/recorded-log.js";
import type { DirectCall } from "./direct-call.js";
import { directMethods } from "./direct-methods.js";
import type { DirectArrival } from "./direct-types.js";

type Handlers = Partial<ServiceImplementation<EchoServiceDefinition, KitContext>>;
const same = (message: unknown) => message;
const servers: { forceShutdown(): void }[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.forceShutdown();
});

function serve(middleware: readonly AnyMiddleware[] = [], handlers: Handlers = {}) {
  const server = createServer({ middleware });
  server.add(EchoServiceDefinition, { ...echoService(), ...handlers });
  servers.push(server);
  const open = (name: string, arrival: Partial<DirectArrival> = {}): DirectCall =>
    directMethods(server)
      .find(({ descriptor }) => descriptor.path.endsWith(`/${name}`))!
      .open({ metadata: Metadata(), peer: "192.0.2.1:5", authority: "localhost", ...arrival });
  return { server, open };
}

/** What a function throws, or its promise rejects with. */
async function failure(run: () => unknown): Promise<unknown> {
  try {
    await run();
    return undefined;
  } catch (error) {
    return error;
  }
}

/** The responses of a call to its end. */
async function all(call: DirectCall, read: () => unknown): Promise<unknown[]> {
  const list: unknown[] = [];
  await call.stream(read, (message) => void list.push(message));
  return list;
}

/** A stream under way: what it has sent, and its end. */
function startStream(call: DirectCall, read: () => unknown) {
  const arrivals = new EventEmitter();
  const sent: unknown[] = [];
  const ended = call.stream(read, (message) => {
    sent.push(message);
    arrivals.emit("sent");
  });
  return { sent, ended, next: () => once(arrivals, "sent") };
}

async function* stream(...texts: string[]): AsyncGenerator<{ text: string }> {
  for (const text of texts) yield { text };
}

describe("a direct call", () => {
  test("has the four shapes", async () => {
    const { open } = serve();
    const unary = open("EchoUnary");
    expect(await unary.unary(() => ({ text: "a" }), same)).toEqual({ text: "a" });
    expect(await all(open("EchoServerStream"), () => ({ text: "a", count: 2 }))).toEqual([
      { text: "a", index: 0 },
      { text: "a", index: 1 },
    ]);
    const up = open("EchoClientStream").unary(() => stream("a", "b"), same);
    expect(await up).toEqual({ text: "a,b", count: 2 });
    expect(await all(open("EchoBidiStream"), () => stream("a", "b"))).toEqual([{ text: "a" }, { text: "b" }]);
  });

  test("fails if its handler returns what is no message, as a call by gRPC does", async () => {
    const { logger, lines } = recordLog();
    const wrong = new Error("returned, not thrown") as never;
    const { open } = serve([logging({ logger }), errorBoundary({ logger })], {
      echoUnary: () => Promise.resolve(wrong),
      async *echoServerStream() {
        yield* [{ text: "a" }, wrong];
      },
    });
    const unary = open("EchoUnary");
    expect(await failure(() => unary.unary(() => ({}), same))).toMatchObject({ code: Status.INTERNAL });
    const sent: unknown[] = [];
    const responses = open("EchoServerStream");
    const error = await failure(() =>
      responses.stream(
        () => ({}),
        (message) => void sent.push(message),
      ),
    );
    expect(error).toMatchObject({ code: Status.INTERNAL });
    expect(sent).toMatchObject([{ text: "a" }]);
    const logged = lines.map((line) => JSON.stringify(line)).join("");
    expect(logged.split("errors are thrown, not returned").length - 1).toBeGreaterThanOrEqual(2);
  });

  test("logs the line that a call by gRPC does", async () => {
    const { logger, lines } = recordLog();
    const middleware = [requestId(), logging({ logger }), errorBoundary({ logger })] as const;
    await using echo = await startEcho({ middleware });
    const request = { text: "a", fault: { code: Status.NOT_FOUND, message: "no" } };
    const metadata = Metadata({ "x-request-id": "one" });
    await failure(() => echo.client.echoUnary(request, { metadata }));
    const call = directMethods(echo.server)[0]!.open({ metadata, peer: "p", authority: "a" });
    await failure(() => call.unary(() => request, same));
    expect(call.trailer.get("grpc-status-details-bin")).toBeInstanceOf(Uint8Array);
    call.end();
    call.end();
    const [grpc, direct, ...others] = lines.filter(({ msg }) => msg === "finished call");
    const times = { time: 0, "grpc.start_time": 0, "grpc.time_ms": 0, "peer.address": 0 };
    expect({ ...direct, ...times }).toEqual({ ...grpc, ...times });
    expect(Object.keys(direct ?? {})).toEqual(Object.keys(grpc ?? {}));
    expect(others).toEqual([]);
  });

  test("passes the phases in their order, and is refused before its request is read", async () => {
    const seen: string[] = [];
    const note = (name: string, refuse = false): AnyMiddleware => ({
      name,
      lazy: { [`lazy${name}`]: () => `made by ${name}` },
      async arrived() {
        await turn();
        seen.push(`${name} arrived`);
        if (refuse) throw permissionDenied();
      },
      request: (message: unknown) => (seen.push(`${name} request`), message),
      response: (message: unknown) => (seen.push(`${name} response`), message),
      failed: (thrown: unknown) => (seen.push(`${name} failed`), thrown),
      ended: (_call, code) => void seen.push(`${name} ended ${Status[code]}`),
    });
    const { open } = serve([note("A"), note("B")], {
      echoUnary: ({ text }, context) => {
        seen.push((context as unknown as { lazyB: string }).lazyB);
        return Promise.resolve({ text });
      },
    });
    const call = open("EchoUnary");
    await call.unary(() => (seen.push("read"), { text: "" }), same);
    call.end();
    expect(seen.splice(0)).toEqual([
      "A arrived",
      "B arrived",
      "read",
      "A request",
      "B request",
      "made by B",
      "B response",
      "A response",
      "B ended OK",
      "A ended OK",
    ]);
    const refused = serve([note("A"), note("B", true), note("C")]).open("EchoUnary");
    const read = () => (seen.push("read"), { text: "" });
    expect(await failure(() => refused.unary(read, same))).toMatchObject({ code: Status.PERMISSION_DENIED });
    refused.end();
    expect(seen).toEqual([
      "A arrived",
      "B arrived",
      "B failed",
      "A failed",
      "B ended PERMISSION_DENIED",
      "A ended PERMISSION_DENIED",
    ]);
  });

  test("has its one response at once, if nothing is waited for", () => {
    const { open } = serve([], { echoUnary: ({ text }) => ({ text }) as never });
    expect(open("EchoUnary").unary(() => ({ text: "a" }), same)).toEqual({ text: "a" });
    const fails = () => {
      throw new ServerError(Status.ABORTED, "not now");
    };
    expect(() => open("EchoUnary").unary(fails, same)).toThrow("not now");
  });

  test("takes what a ready iterator has, waits until it is woken, and closes it when the client goes", async () => {
    const texts = ["a", "b"];
    let wake = () => {};
    const log: string[] = [];
    const watch: ReadyIterator<{ text: string }> = {
      nextNow() {
        const text = texts.shift();
        log.push(`asked for ${text ?? "more"}`);
        return text === undefined ? undefined : { done: false, value: { text } };
      },
      onReady: (woken) => void (wake = woken),
      next: () => Promise.reject(new Error("not asked")),
      async return() {
        log.push("closed");
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]: () => watch,
    };
    const { open } = serve([], { echoServerStream: () => watch });
    const call = open("EchoServerStream");
    const { sent, ended } = startStream(call, () => ({ text: "" }));
    expect(sent).toEqual([{ text: "a" }, { text: "b" }]);
    // Woken for nothing, and then for something, which is sent before it returns.
    wake();
    texts.push("c");
    wake();
    expect(sent.slice(2)).toEqual([{ text: "c" }]);
    call.cancel();
    expect(await failure(() => ended)).toMatchObject({ code: Status.CANCELLED });
    texts.push("d");
    wake();
    const asked = ["a", "b", "more", "more", "c", "more"].map((what) => `asked for ${what}`);
    expect(log).toEqual([...asked, "closed"]);
  });

  test("runs generators of nice-grpc around the handler", async () => {
    const { open } = serve(
      [
        async function* around(call, context) {
          return yield* call.next(call.request, { ...context, added: "x" });
        },
      ],
      {
        echoUnary: (_, context) =>
          Promise.resolve({ text: `${context.peer} ${(context as unknown as { added: string }).added}` }),
      },
    );
    expect(await open("EchoUnary").unary(() => ({ text: "" }), same)).toEqual({ text: "192.0.2.1:5 x" });
  });

  test("hides what was not thrown on purpose, and what cannot be read or written", async () => {
    const { logger, lines } = recordLog();
    const { open } = serve([errorBoundary({ logger })]);
    const fails = () => {
      throw new Error("secret");
    };
    const unexpected = { text: "", fault: { unexpected: true, message: "secret" } };
    const outcomes = await Promise.all([
      failure(() => open("EchoUnary").unary(() => unexpected, same)),
      failure(() => open("EchoUnary").unary(fails, same)),
      failure(() => open("EchoUnary").unary(() => ({ text: "" }), fails)),
      failure(() => all(open("EchoServerStream"), () => ({ ...unexpected, count: 0 }))),
    ]);
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ code: Status.INTERNAL, details: "internal error" });
    }
    expect(lines.map(({ msg }) => msg)).toEqual(Array.from({ length: 4 }, () => "unexpected error"));
  });

  test("ends by its deadline, though its handler heeds no signal", async () => {
    const codes: Status[] = [];
    let signal: AbortSignal | undefined;
    const { open } = serve([{ name: "end", ended: (_call, code) => void codes.push(code) }], {
      echoUnary: (_request, context) => {
        ({ signal } = context);
        return new Promise(() => {});
      },
    });
    const call = open("EchoUnary", { timeoutMs: 200 });
    const outcome = await failure(() => call.unary(() => ({ text: "" }), same));
    expect(outcome).toMatchObject({ code: Status.DEADLINE_EXCEEDED });
    call.end();
    expect(signal!.aborted).toBe(true);
    expect(codes).toEqual([Status.DEADLINE_EXCEEDED]);
  });

  test("ends by its deadline, though a call of its handler's is the first to say so", async () => {
    const failed = jest.fn((thrown: unknown) => thrown);
    const { open } = serve([{ name: "fail", failed }], {
      echoUnary: (_request, { call }) => {
        while (call.deadline!.getTime() - Date.now() > 5);
        throw Object.assign(new Error("the deadline passed"), { code: Status.DEADLINE_EXCEEDED });
      },
    });
    const call = open("EchoUnary", { timeoutMs: 60 });
    const outcome = await failure(() => call.unary(() => ({ text: "" }), same));
    expect(outcome).toMatchObject({ code: Status.DEADLINE_EXCEEDED, details: "Deadline exceeded" });
    expect(failed).not.toHaveBeenCalled();
  });

  test("ends with the error that was made on purpose while a call of its handler's read the requests", async () => {
    const { open } = serve([], {
      echoUnary: () => {
        const cause = permissionDenied({ message: "not this one" });
        throw Object.assign(new Error("the requests could not be read", { cause }), {
          code: Status.CANCELLED,
        });
      },
    });
    const outcome = await failure(() => open("EchoUnary").unary(() => ({ text: "" }), same));
    expect(outcome).toMatchObject({ code: Status.PERMISSION_DENIED, details: "not this one" });
  });

  test("that is cancelled tells nobody of a call of its handler's that fails for that", async () => {
    const failed = jest.fn((thrown: unknown) => thrown);
    let over: Promise<unknown> = Promise.resolve();
    const { open } = serve([{ name: "fail", failed }], {
      echoUnary: (_request, { signal }) => {
        const thrown = once(signal, "abort").then(() => {
          throw new Error("the requests could not be read", { cause: signal.reason });
        });
        over = thrown.catch(() => {});
        return thrown;
      },
    });
    const call = open("EchoUnary");
    const outcome = failure(() => call.unary(() => ({ text: "" }), same));
    await turn();
    call.cancel();
    expect(await outcome).toMatchObject({ code: Status.CANCELLED });
    await over;
    await turn();
    expect(failed).not.toHaveBeenCalled();
  });

  test("that is cancelled aborts its signal, closes its stream and ends", async () => {
    const codes: Status[] = [];
    let closed = false;
    const { open } = serve([{ name: "end", ended: (_call, code) => void codes.push(code) }], {
      async *echoServerStream(_request, { signal }) {
        try {
          yield { text: "first", index: 0 };
          await once(signal, "abort");
        } finally {
          closed = true;
        }
      },
    });
    const call = open("EchoServerStream");
    const { ended, next } = startStream(call, () => ({ text: "", count: 0 }));
    await next();
    call.cancel();
    expect(await failure(() => ended)).toMatchObject({ code: Status.CANCELLED });
    await turn();
    expect(closed).toBe(true);
    expect(codes).toEqual([Status.CANCELLED]);
  });

  test("that is ended in the middle of a stream closes the handler's, and went well", async () => {
    const codes: Status[] = [];
    let closed = false;
    const { open } = serve([{ name: "end", ended: (_call, code) => void codes.push(code) }], {
      async *echoServerStream() {
        try {
          for (let index = 0; index < 100; index++) yield { text: "", index };
        } finally {
          closed = true;
        }
      },
    });
    const call = open("EchoServerStream");
    let sent = 0;
    const end = (): undefined => {
      sent++;
      call.end();
    };
    await call.stream(() => ({ text: "", count: 0 }), end);
    await turn();
    expect([sent, closed, codes]).toEqual([1, true, [Status.OK]]);
  });
});

test("a stream waits while what was sent waits, and fails with what cannot be sent", async () => {
  let given = 0;
  const { open } = serve([], {
    async *echoServerStream() {
      for (; ; given++) yield { text: "", index: given };
    },
  });
  const release: (() => void)[] = [];
  const call = open("EchoServerStream");
  const ended = call.stream(
    () => ({ text: "", count: 0 }),
    () => new Promise<void>((resolve) => release.push(resolve)),
  );
  await turn();
  expect([given, release.length]).toEqual([0, 1]);
  release[0]!();
  await turn();
  expect([given, release.length]).toEqual([1, 2]);
  call.cancel();
  expect(await failure(() => ended)).toMatchObject({ code: Status.CANCELLED });
  const refuse = () => {
    throw new ServerError(Status.OUT_OF_RANGE, "too long");
  };
  expect(
    await failure(() => open("EchoServerStream").stream(() => ({ text: "", count: 0 }), refuse)),
  ).toMatchObject({ code: Status.OUT_OF_RANGE });
});

test("a handler that never waits leaves others their turn", async () => {
  let isTurn = false;
  const { open } = serve([], {
    async *echoServerStream() {
      for (let index = 0; index < 300_000; index++) {
        if (isTurn) return;
        yield { text: "", index };
      }
    },
  });
  setImmediate(() => (isTurn = true));
  await open("EchoServerStream").stream(
    () => ({ text: "", count: 0 }),
    () => undefined,
  );
  expect(isTurn).toBe(true);
});

test("a stream that others wake runs where its own call does", async () => {
  const store = new AsyncLocalStorage<string>();
  let wake = () => {};
  const texts: string[] = [];
  const seen: unknown[] = [];
  const watch = {
    nextNow: () => {
      seen.push(store.getStore());
      const text = texts.shift();
      return text === undefined ? undefined : { done: false, value: { text } };
    },
    onReady: (woken: () => void) => void (wake = woken),
    next: () => Promise.reject(new Error("not asked")),
    [Symbol.asyncIterator]: () => watch,
  };
  const { open } = serve([], { echoServerStream: () => watch });
  const call = open("EchoServerStream");
  const { ended } = store.run("its own", () => startStream(call, () => ({ text: "" })));
  texts.push("a");
  store.run("another's", wake);
  call.cancel();
  await failure(() => ended);
  store.disable();
  expect(seen).toEqual(["its own", "its own", "its own"]);
});

describe("a server that stops", () => {
  test("waits for direct calls, and takes no more", async () => {
    let finish = () => {};
    const { server, open } = serve([], {
      echoUnary: () => new Promise((resolve) => (finish = () => resolve({ text: "late" }))),
    });
    const call = open("EchoUnary");
    const answer = call.unary(() => ({ text: "" }), same);
    await turn();
    const stopped = server.shutdown();
    await turn();
    expect(() => open("EchoUnary")).toThrow("the server is stopping");
    finish();
    expect(await answer).toEqual({ text: "late" });
    call.end();
    expect(await stopped).toEqual({ forced: false, cutOff: [] });
  });

  test("ends streams with a status that tells the client to come back", async () => {
    const { logger } = recordLog();
    const { server, open } = serve([errorBoundary({ logger })], {
      async *echoServerStream(_request, { signal }) {
        yield { text: "", index: 0 };
        await once(signal, "abort");
      },
    });
    const call = open("EchoServerStream");
    const { ended, next } = startStream(call, () => ({ text: "", count: 0 }));
    await next();
    const stopped = server.shutdown();
    expect(await failure(() => ended)).toMatchObject({ code: Status.UNAVAILABLE });
    expect(call.trailer.has("grpc-status-details-bin")).toBe(true);
    call.end();
    expect(await stopped).toEqual({ forced: false, cutOff: [] });
  });

  test("cuts off what still runs at the time limit, and names it", async () => {
    const { server, open } = serve([], { echoUnary: () => new Promise(() => {}) });
    const answer = failure(() => open("EchoUnary").unary(() => ({ text: "" }), same));
    const path = "/callwire.echo.v1.EchoService/EchoUnary";
    expect(await server.shutdown({ timeoutMs: 1 })).toEqual({ forced: true, cutOff: [path] });
    expect(await answer).toBeInstanceOf(ServerError);
  });

  test.each([
    ["shuts down", (server: { shutdown(): unknown }) => server.shutdown()],
    ["is cut off", (server: { forceShutdown(): unknown }) => server.forceShutdown()],
  ])("and %s, ends a few streams in each turn of the event loop", async (_what, stop) => {
    const COUNT = 40;
    const ended = new Set<AbortSignal>();
    const { server, open } = serve([], {
      async *echoServerStream(_request, { signal }) {
        yield { text: "begun" };
        await new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            ended.add(signal);
            // Takes a millisecond.
            const until = performance.now() + 1;
            while (performance.now() < until);
            reject(signal.reason as Error);
          });
        });
      },
    });
    const streams = Array.from({ length: COUNT }, () => startStream(open("EchoServerStream"), () => ({})));
    await Promise.all(streams.map(({ next }) => next()));
    await turn();
    const failures = Promise.allSettled(streams.map((each) => each.ended));
    stop(server);
    let most = ended.size;
    for (let before = ended.size; ended.size < COUNT; before = ended.size) {
      await turn();
      most = Math.max(most, ended.size - before);
    }
    expect(most).toBeLessThan(COUNT);
    await failures;
  });
});

test("directMethods names what is wrong", () => {
  expect(() => directMethods({})).toThrow("no server of @callwire/server-kit");
  const guard = forMethods("callwire.echo.v1.EchoService/EchoUnari", auth({ verify: () => true }));
  expect(() => serve([guard]).open("EchoUnary")).toThrow("EchoUnary");
});

test("a promise of a stream is none, as over gRPC", async () => {
  const promised = async () => [{ text: "a" }];
  const { open } = serve([requestId()], { echoServerStream: promised as never });
  const call = open("EchoServerStream");
  expect(await failure(() => all(call, () => ({})))).toMatchObject({ code: Status.UNKNOWN });
});
