import { AsyncLocalStorage } from "node:async_hooks";
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { describe, expect, jest, test } from "@jest/globals";
import { EchoServiceDefinition, type EchoUnaryRequest } from "@callwire/testkit";
import { lengthPrefixed } from "@callwire/testkit/wire";
import { ClientError, Metadata, Status } from "nice-grpc-common";
import type { ClientCallContext, ClientPhases, FailureOrigin } from "./client-phases.js";
import type { CallOptions } from "./client-types.js";
import { clientRuntime } from "./transport-runtime.js";
import { answer, echoOf, startHttp2, type Http2Peer } from "../testing/http2-peer.js";
import { collect, deferred, failureOf } from "../testing/outcomes.js";

type Handler = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;
type Unary = (request: Partial<EchoUnaryRequest>, options?: CallOptions) => Promise<{ text: string }>;
type Many = (request: unknown, options?: CallOptions) => AsyncIterableIterator<{ text: string }>;

/** A client over the runtime, with these phases, of a server that answers its streams in turn by these handlers. */
interface Room extends AsyncDisposable {
  peer: Http2Peer;
  unary: Unary;
  serverStream: Many;
  clientStream: (request: unknown, options?: CallOptions) => Promise<unknown>;
  bidi: Many;
  /** The header fields of each stream that came. */
  seen: IncomingHttpHeaders[];
  close(): void;
}

async function open(phases: ClientPhases | undefined, ...handlers: Handler[]): Promise<Room> {
  const seen: IncomingHttpHeaders[] = [];
  const peer = await startHttp2((stream, headers) => {
    seen.push(headers);
    const handler = handlers[Math.min(seen.length, handlers.length) - 1]!;
    handler(stream, headers);
  });
  const credentials = clientRuntime.createCredentials(undefined);
  const channel = clientRuntime.openChannel(peer.address, credentials, {});
  const client = channel.createClient(EchoServiceDefinition, () => phases);
  const { echoUnary, echoServerStream, echoClientStream, echoBidiStream } = client;
  return {
    peer,
    seen,
    unary: echoUnary as Unary,
    serverStream: echoServerStream as Many,
    clientStream: echoClientStream as Room["clientStream"],
    bidi: echoBidiStream as Many,
    close: () => channel.close(),
    async [Symbol.asyncDispose]() {
      channel.close();
      await peer[Symbol.asyncDispose]();
    },
  };
}

const ok: Handler = (stream) => answer(stream, "ok");
/** Answers with trailers alone. */
const refuse =
  (code: Status, fields: Record<string, string> = {}): Handler =>
  (stream) =>
    stream.respond(
      { ":status": 200, "content-type": "application/grpc", "grpc-status": String(code), ...fields },
      { endStream: true },
    );
const unavailable = refuse(Status.UNAVAILABLE);
const silent: Handler = () => {};
const headersOnly: Handler = (stream) => {
  stream.respond({ ":status": 200, "content-type": "application/grpc" });
};
/** Sends one message, and then fails. */
const failsLate: Handler = (stream) => {
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": String(Status.UNAVAILABLE) }));
  stream.end(lengthPrefixed(echoOf("late")));
};

/** Phases that write down what happens. */
function recorder(more: ClientPhases = {}): { log: string[]; phases: ClientPhases } {
  const log: string[] = [];
  const text = (message: unknown) => (message as { text: string }).text;
  const phases: ClientPhases = {
    began(call) {
      log.push("began");
      more.began?.(call);
    },
    attempted(call) {
      log.push(`attempted ${call.attempts}`);
      return more.attempted?.(call);
    },
    request(message, call) {
      log.push(`request ${text(message)}`);
      return more.request === undefined ? message : more.request(message, call);
    },
    response(message, call) {
      log.push(`response ${text(message)}`);
      return more.response === undefined ? message : more.response(message, call);
    },
    retryAfterMs(error, origin, call) {
      log.push(`retry? ${origin}`);
      return more.retryAfterMs?.(error, origin, call);
    },
    failed(error, origin, call) {
      log.push(`failed ${origin}`);
      return more.failed === undefined ? error : more.failed(error, origin, call);
    },
    ended(call, code) {
      log.push(`ended ${Status[code]}`);
      more.ended?.(call, code);
    },
  };
  return { log, phases };
}

describe("the order of phases", () => {
  test("of a unary call", async () => {
    const { log, phases } = recorder();
    await using room = await open(phases, ok);
    expect(await room.unary({ text: "hi" })).toEqual({ text: "ok" });
    expect(log).toEqual(["began", "attempted 1", "request hi", "response ok", "ended OK"]);
  });

  test("of a stream, which begins when it is first read", async () => {
    const { log, phases } = recorder();
    await using room = await open(phases, ok);
    const answers = room.serverStream({ text: "hi", count: 1 });
    expect(log).toEqual([]);
    expect(await collect(answers)).toHaveLength(1);
    expect(log).toEqual(["began", "attempted 1", "request hi", "response ok", "ended OK"]);
  });

  test("of calls that stream their requests", async () => {
    const { log, phases } = recorder();
    await using room = await open(phases, (stream) => {
      stream.resume();
      stream.on("end", () => answer(stream, "ok"));
    });
    await room.clientStream([{ text: "a" }, { text: "b" }]);
    expect(log.splice(0)).toEqual([
      "began",
      "attempted 1",
      "request a",
      "request b",
      "response ok",
      "ended OK",
    ]);
    expect(await collect(room.bidi([{ text: "a" }]))).toEqual([{ text: "ok" }]);
    expect(log).toEqual(["began", "attempted 1", "request a", "response ok", "ended OK"]);
  });

  test("of a call that fails", async () => {
    const { log, phases } = recorder();
    await using room = await open(phases, refuse(Status.NOT_FOUND));
    expect((await failureOf(room.unary({ text: "hi" }))).code).toBe(Status.NOT_FOUND);
    expect(log).toEqual([
      "began",
      "attempted 1",
      "request hi",
      "retry? status",
      "failed status",
      "ended NOT_FOUND",
    ]);
  });

  test("each method is asked once for its phases, and one without works as ever", async () => {
    await using room = await open(undefined, ok);
    expect(await room.unary({ text: "hi" })).toEqual({ text: "ok" });
  });
});

test("phases change what goes out, what comes in, and what is thrown", async () => {
  const mine = new Error("mine");
  const { phases } = recorder({
    began: (call) => {
      call.deadlineMs = performance.now() + 60_000;
      call.metadata.set("x-began", "1");
    },
    async attempted(call) {
      await Promise.resolve();
      call.metadata.set("x-attempted", String(call.attempts));
    },
    response: (message) => ({ ...(message as object), text: "changed" }),
    failed: () => mine,
  });
  await using room = await open(phases, ok, refuse(Status.ABORTED));
  const metadata = Metadata({ "x-own": "o" });
  expect(await room.unary({ text: "hi" }, { metadata })).toEqual({ text: "changed" });
  expect(await failureOf(room.unary({ text: "hi" }))).toBe(mine);
  expect(room.seen[0]).toMatchObject({ "x-own": "o", "x-began": "1", "x-attempted": "1" });
  expect(room.seen[0]!["grpc-timeout"]).toMatch(/^(60000|59\d\d\d)m$/);
  expect(room.seen[1]).not.toHaveProperty("x-own");
  // The caller's own are as they were.
  expect([...metadata]).toEqual([["x-own", ["o"]]]);
});

describe("attempts", () => {
  const again: ClientPhases = {
    retryAfterMs: (error, _origin, call) =>
      (error as ClientError).code === Status.UNAVAILABLE && call.attempts < 3 ? 1 : undefined,
  };

  test("are made anew, each on a stream of its own, and say how many came before", async () => {
    const { log, phases } = recorder(again);
    await using room = await open(phases, unavailable, unavailable, ok);
    const trailers: Metadata[] = [];
    const headers: Metadata[] = [];
    const options: CallOptions = {
      onHeader: (header) => headers.push(header),
      onTrailer: (trailer) => trailers.push(trailer),
    };
    expect(await room.unary({ text: "hi" }, options)).toEqual({ text: "ok" });
    expect(room.seen.map((fields) => fields["grpc-previous-rpc-attempts"])).toEqual([undefined, "1", "2"]);
    expect([headers.length, trailers.length]).toEqual([1, 1]);
    const attempt = (n: number) => [`attempted ${n}`, "request hi"];
    expect(log).toEqual([
      "began",
      ...attempt(1),
      "retry? status",
      ...attempt(2),
      "retry? status",
      ...attempt(3),
      "response ok",
      "ended OK",
    ]);
  });

  test("the last one is what the caller hears of, with its trailers", async () => {
    const { phases } = recorder(again);
    let attempt = 0;
    await using room = await open(phases, (stream, headers) =>
      refuse(Status.UNAVAILABLE, { "x-attempt": String(++attempt) })(stream, headers),
    );
    const trailers: Metadata[] = [];
    const error = await failureOf(
      room.unary({ text: "" }, { onTrailer: (trailer) => trailers.push(trailer) }),
    );
    expect([error.code, (error as { origin?: string }).origin]).toEqual([Status.UNAVAILABLE, "status"]);
    expect(trailers.map((trailer) => trailer.get("x-attempt"))).toEqual(["3"]);
  });

  test("phases see the trailers of the attempt that failed", async () => {
    const pushbacks: unknown[] = [];
    const { phases } = recorder({
      retryAfterMs(_error, _origin, call) {
        pushbacks.push(call.trailer.get("grpc-retry-pushback-ms"));
        return pushbacks.length === 1 ? 0 : undefined;
      },
    });
    await using room = await open(
      phases,
      refuse(Status.UNAVAILABLE, { "grpc-retry-pushback-ms": "7" }),
      unavailable,
    );
    await failureOf(room.unary({ text: "" }));
    expect(pushbacks).toEqual(["7", undefined]);
  });

  test("a stream is tried again too, while nothing of an answer has come", async () => {
    const { log, phases } = recorder(again);
    await using room = await open(phases, unavailable, failsLate);
    const seen: string[] = [];
    const error = await failureOf(
      (async () => {
        for await (const { text } of room.serverStream({ text: "hi" })) seen.push(text);
      })(),
    );
    expect(seen).toEqual(["late"]);
    expect(error.code).toBe(Status.UNAVAILABLE);
    expect(log.filter((line) => line.startsWith("retry?"))).toHaveLength(1);
    expect(log.slice(-2)).toEqual(["failed status", "ended UNAVAILABLE"]);
  });

  test("are not made again for calls that stream their requests", async () => {
    const { log, phases } = recorder(again);
    await using room = await open(phases, unavailable);
    await failureOf(room.clientStream([{ text: "a" }]));
    expect(log.some((line) => line.startsWith("retry?"))).toBe(false);
    expect(room.seen).toHaveLength(1);
  });

  test("are made again after a reset and after a lost connection", async () => {
    const { log, phases } = recorder(again);
    await using room = await open(
      phases,
      (stream) => stream.close(11 /* ENHANCE_YOUR_CALM */),
      (stream) => stream.session!.destroy(),
      ok,
    );
    const all: ClientPhases = { ...phases, retryAfterMs: (_, origin) => (log.push(`retry? ${origin}`), 1) };
    await using other = await open(
      all,
      (stream) => stream.close(11),
      (stream) => stream.session!.destroy(),
      ok,
    );
    expect((await failureOf(room.unary({ text: "" }))).code).toBe(Status.RESOURCE_EXHAUSTED);
    log.length = 0;
    expect(await other.unary({ text: "" })).toEqual({ text: "ok" });
    expect(log.filter((line) => line.startsWith("retry?"))).toEqual(["retry? reset", "retry? connection"]);
  });

  test("one that the server refused without a look goes out again, at most once, and does not count", async () => {
    const { log, phases } = recorder();
    const refused: Handler = (stream) => stream.close(7 /* REFUSED_STREAM */);
    await using room = await open(phases, refused, ok, refused, refused);
    expect(await room.unary({ text: "hi" })).toEqual({ text: "ok" });
    expect(log.splice(0)).toEqual([
      "began",
      "attempted 1",
      "request hi",
      "request hi",
      "response ok",
      "ended OK",
    ]);
    expect((await failureOf(room.unary({ text: "hi" }))).code).toBe(Status.UNAVAILABLE);
    expect(log.slice(-3)).toEqual(["retry? reset", "failed reset", "ended UNAVAILABLE"]);
    expect(room.seen.map((fields) => fields["grpc-previous-rpc-attempts"])).toEqual(
      Array.from({ length: 4 }, () => undefined),
    );
  });
});

describe("the wait between two attempts ends with", () => {
  const waits = (onWait: () => void): ClientPhases => ({
    retryAfterMs: () => {
      onWait();
      return 60_000;
    },
  });

  test("the deadline", async () => {
    const { log, phases } = recorder(waits(() => {}));
    await using room = await open(phases, unavailable);
    const error = await failureOf(room.unary({ text: "" }, { timeoutMs: 2_000 }));
    expect(error.code).toBe(Status.DEADLINE_EXCEEDED);
    expect(log.slice(-3)).toEqual(["retry? status", "failed deadline", "ended DEADLINE_EXCEEDED"]);
  });

  test("the caller's signal", async () => {
    const controller = new AbortController();
    const { log, phases } = recorder(waits(() => setImmediate(() => controller.abort())));
    await using room = await open(phases, unavailable);
    const error = await failureOf(room.unary({ text: "" }, { signal: controller.signal }));
    expect(error.name).toBe("AbortError");
    expect(log.slice(-2)).toEqual(["failed local", "ended CANCELLED"]);
  });

  test("the client", async () => {
    const waiting = deferred();
    const { log, phases } = recorder(waits(waiting.resolve));
    await using room = await open(phases, unavailable);
    const failure = failureOf(room.unary({ text: "" }));
    await waiting.promise;
    room.close();
    expect(await failure).toMatchObject({ code: Status.CANCELLED, details: "the client is closed" });
    expect(log.slice(-2)).toEqual(["failed local", "ended CANCELLED"]);
  });
});

describe("each way to end tells `ended` once, with", () => {
  const cases: [string, Handler, CallOptions, FailureOrigin, keyof typeof Status][] = [
    ["a status", refuse(Status.DATA_LOSS), {}, "status", "DATA_LOSS"],
    [
      "an HTTP status",
      (stream) => stream.respond({ ":status": 503 }, { endStream: true }),
      {},
      "reset",
      "UNAVAILABLE",
    ],
    ["what is not gRPC", (stream) => stream.respond({ ":status": 200 }), {}, "reset", "UNKNOWN"],
    ["a reset", (stream) => stream.close(2), {}, "reset", "INTERNAL"],
    ["a reset by CANCEL", (stream) => stream.close(8), {}, "reset", "CANCELLED"],
    ["a lost connection", (stream) => stream.session!.destroy(), {}, "connection", "UNAVAILABLE"],
    ["the deadline", silent, { timeoutMs: 100 }, "deadline", "DEADLINE_EXCEEDED"],
    ["a deadline that has passed", silent, { deadline: new Date(1) }, "deadline", "DEADLINE_EXCEEDED"],
    ["a signal that is aborted", silent, { signal: AbortSignal.abort() }, "local", "CANCELLED"],
    [
      "a message that cannot be read",
      (stream) => {
        stream.respond({ ":status": 200, "content-type": "application/grpc" });
        stream.write(lengthPrefixed(Buffer.from([255])));
      },
      {},
      "local",
      "INTERNAL",
    ],
    ["an option that is wrong", silent, { timeoutMs: -1 }, "local", "UNKNOWN"],
    [
      "a callback that throws",
      headersOnly,
      {
        onHeader: () => {
          throw new Error("mine");
        },
      },
      "local",
      "UNKNOWN",
    ],
  ];
  const shapes = [
    ["unary", (room: Room, options: CallOptions) => room.unary({ text: "a" }, options)],
    [
      "server stream",
      (room: Room, options: CallOptions) => collect(room.serverStream({ text: "a" }, options)),
    ],
    ["client stream", (room: Room, options: CallOptions) => room.clientStream([{ text: "a" }], options)],
    ["bidi", (room: Room, options: CallOptions) => collect(room.bidi([{ text: "a" }], options))],
  ] as const;

  describe.each(cases)("%s", (_, handler, options, origin, code) => {
    test.each(shapes)("%s", async (__, call) => {
      const { log, phases } = recorder();
      await using room = await open(phases, handler);
      const error = await failureOf(call(room, options));
      if (error instanceof ClientError) expect((error as { origin?: string }).origin).toBe(origin);
      expect(log.filter((line) => /^(began|failed|ended)/.test(line))).toEqual([
        "began",
        `failed ${origin}`,
        `ended ${code}`,
      ]);
    });
  });

  test("no connection", async () => {
    const { log, phases } = recorder();
    const room = await open(phases, ok);
    await room.peer[Symbol.asyncDispose]();
    expect((await failureOf(room.unary({ text: "a" }))).code).toBe(Status.UNAVAILABLE);
    room.close();
    expect(log.slice(-3)).toEqual(["retry? connection", "failed connection", "ended UNAVAILABLE"]);
  });

  test("a reader that wants no more", async () => {
    const { log, phases } = recorder();
    await using room = await open(phases, (stream) => {
      stream.respond({ ":status": 200, "content-type": "application/grpc" });
      stream.write(lengthPrefixed(echoOf("a")));
    });
    for await (const _ of room.serverStream({ text: "" })) break;
    expect(log.slice(-2)).toEqual(["response a", "ended CANCELLED"]);
  });

  test("nothing at all, for a stream that is never read", async () => {
    const { log, phases } = recorder();
    await using room = await open(phases, ok);
    await room.serverStream({ text: "" }).return!();
    expect(log).toEqual([]);
  });

  test("a source that throws, whatever it throws", async () => {
    for (const thrown of [new Error("mine"), undefined, null, 7, Object.create(null)]) {
      const { log, phases } = recorder();
      await using room = await open(phases, silent);
      const source = (async function* () {
        yield { text: "a" };
        throw thrown;
      })();
      expect(await failureOf(room.clientStream(source))).toBe(thrown);
      expect(log.slice(-2)).toEqual(["failed local", "ended UNKNOWN"]);
    }
  });
});

describe("a phase that throws fails its call alone", () => {
  const thrown = new Error("mine");
  const fail = (): never => {
    throw thrown;
  };
  test.each([
    ["began", { began: fail }],
    ["attempted", { attempted: fail }],
    ["attempted, later", { attempted: async () => fail() }],
    ["request", { request: fail }],
    ["response", { response: fail }],
  ] as [string, ClientPhases][])("%s", async (_, more) => {
    const { log, phases } = recorder(more);
    await using room = await open(phases, ok);
    expect(await failureOf(room.unary({ text: "a" }))).toBe(thrown);
    expect(log.slice(-2)).toEqual(["failed local", "ended UNKNOWN"]);
    expect(log.filter((line) => line.startsWith("ended"))).toHaveLength(1);
  });

  test("retryAfterMs, failed and ended must not throw, and are held if they do", async () => {
    const { phases } = recorder({ retryAfterMs: fail });
    await using first = await open(phases, unavailable);
    expect(await failureOf(first.unary({ text: "a" }))).toBe(thrown);
    await using second = await open({ failed: fail }, unavailable);
    expect(await failureOf(second.unary({ text: "a" }))).toBe(thrown);
    await using third = await open({ ended: fail }, ok);
    const warn = jest.spyOn(process, "emitWarning").mockReturnValue();
    expect(await third.unary({ text: "a" })).toEqual({ text: "ok" });
    expect(warn).toHaveBeenCalledWith(thrown);
    warn.mockRestore();
  });
});

test("closing ends the calls that run, wherever they are, and all later ones", async () => {
  const { log, phases } = recorder();
  const began = deferred();
  await using room = await open(phases, headersOnly, (stream) => {
    headersOnly(stream, {});
    began.resolve();
  });
  const calls = [
    failureOf(room.unary({ text: "a" })),
    failureOf(collect(room.serverStream({ text: "b" }))),
    failureOf(
      room.clientStream(
        (async function* () {
          yield { text: "c" };
          await new Promise(() => {});
        })(),
      ),
    ),
  ];
  await began.promise;
  room.close();
  calls.push(
    failureOf(room.unary({ text: "later" })),
    failureOf(collect(room.serverStream({ text: "later" }))),
  );
  for (const error of await Promise.all(calls)) {
    expect(error).toMatchObject({ code: Status.CANCELLED, details: "the client is closed", origin: "local" });
  }
  expect(log.filter((line) => line === "ended CANCELLED")).toHaveLength(5);
});

describe("the async context", () => {
  const storage = new AsyncLocalStorage<string>();

  test("is the caller's in every phase, callback and source, whoever woke it", async () => {
    const seen = new Map<string, Set<string | undefined>>();
    const note = (what: string): void => {
      const all = seen.get(what) ?? new Set();
      seen.set(what, all.add(storage.getStore()));
    };
    const phases: ClientPhases = {
      began: () => note("began"),
      attempted: () => note("attempted"),
      request: (message) => (note("request"), message),
      response: (message) => (note("response"), message),
      retryAfterMs: (_error, _origin, call) => (note("retryAfterMs"), call.attempts === 1 ? 0 : undefined),
      failed: (error) => (note("failed"), error),
      ended: () => note("ended"),
    };
    await using room = await open(phases, (stream, headers) => {
      if (headers[":path"]!.endsWith("EchoUnary")) unavailable(stream, headers);
      else {
        stream.resume();
        stream.on("end", () => answer(stream, "ok"));
      }
    });
    const options: CallOptions = {
      compression: "gzip",
      onHeader: () => note("onHeader"),
      onTrailer: () => note("onTrailer"),
      compressMessage: () => (note("compressMessage"), true),
    };
    const source = (): AsyncIterable<unknown> => ({
      [Symbol.asyncIterator]() {
        note("source");
        let left = 2;
        return {
          async next() {
            note("next");
            return left-- > 0 ? { done: false, value: { text: "a" } } : { done: true, value: undefined };
          },
        };
      },
    });
    // The connection is made, and read from, in another context.
    await storage.run("other", () => room.clientStream([], {}));
    seen.clear();
    await storage.run("mine", async () => {
      await failureOf(room.unary({ text: "a" }, options));
      await room.clientStream(source(), options);
      await collect(room.bidi(source(), options));
    });
    expect(Object.fromEntries([...seen].map(([what, contexts]) => [what, [...contexts]]))).toEqual(
      Object.fromEntries(
        [
          "began",
          "attempted",
          "compressMessage",
          "request",
          "retryAfterMs",
          "onTrailer",
          "failed",
          "ended",
          "source",
          "next",
          "onHeader",
          "response",
        ].map((what) => [what, ["mine"]]),
      ),
    );
  });

  test("of a source that waits for its connection, and is ended from elsewhere, is its own call's", async () => {
    await using room = await open(undefined, silent);
    const seen: unknown[] = [];
    const returned = deferred();
    const source: AsyncIterable<unknown> = {
      [Symbol.asyncIterator]() {
        seen.push(storage.getStore());
        return {
          next: () => new Promise(() => {}),
          return: async () => {
            seen.push(storage.getStore());
            returned.resolve();
            return { done: true, value: undefined };
          },
        };
      },
    };
    const controller = new AbortController();
    const { signal } = controller;
    const began = storage.run("first", () => failureOf(room.unary({ text: "a" }, { signal })));
    const failure = storage.run("second", () => failureOf(room.clientStream(source, { signal })));
    while (room.seen.length < 2) await new Promise((resolve) => setImmediate(resolve));
    storage.run("third", () => controller.abort());
    await returned.promise;
    await Promise.all([began, failure]);
    expect(seen).toEqual(["second", "second"]);
  });
});

test("the context is one object for all attempts", async () => {
  const contexts = new Set<ClientCallContext>();
  const note = (call: ClientCallContext): void => void contexts.add(call);
  const options = { waitForReady: true };
  await using room = await open(
    {
      began: note,
      attempted: note,
      retryAfterMs: (_error, _origin, call) => (note(call), 0),
      ended: note,
    },
    unavailable,
    ok,
  );
  await room.unary({ text: "a" }, options);
  expect(contexts.size).toBe(1);
  const [call] = contexts;
  expect(call).toMatchObject({ attempts: 2, isCommitted: true, deadlineMs: Infinity });
  expect(call!.options).toBe(options);
  expect(call!.method.path).toBe("/callwire.echo.v1.EchoService/EchoUnary");
});
