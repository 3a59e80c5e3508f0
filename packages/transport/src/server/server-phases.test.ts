import { constants, type ClientHttp2Stream } from "node:http2";
import { afterEach, describe, expect, jest, test } from "@jest/globals";
import { EchoServiceDefinition, EchoUnaryRequest, echoService } from "@callwire/testkit";
import { lengthPrefixed } from "@callwire/testkit/wire";
import { ServerError, Status } from "nice-grpc-common";
import { phasedServer } from "../testing/echo-server.js";
import { deferred } from "../testing/outcomes.js";
import { rawClient } from "../testing/raw-client.js";
import { connectSocket, serverCredentials } from "../testing/raw-tls.js";
import type { ServerCallContext } from "./server-call-context.js";
import type { ServerOptions } from "./server-options.js";
import type { ServerPhases } from "./server-phases.js";

const UNARY = "/callwire.echo.v1.EchoService/EchoUnary";
const SERVER_STREAM = "/callwire.echo.v1.EchoService/EchoServerStream";
const CLIENT_STREAM = "/callwire.echo.v1.EchoService/EchoClientStream";
const BIDI = "/callwire.echo.v1.EchoService/EchoBidiStream";
const ALL = [UNARY, SERVER_STREAM, CLIENT_STREAM, BIDI];
const request = (text: string): Buffer =>
  lengthPrefixed(EchoUnaryRequest.encode(EchoUnaryRequest.fromPartial({ text })).finish());

/** What a test is told, in order, and can wait for. */
class Story {
  readonly lines: string[] = [];
  #waiting: [line: string, resolve: () => void][] = [];

  readonly tell = (line: string): void => {
    this.lines.push(line);
    for (const [wanted, resolve] of this.#waiting) if (line.startsWith(wanted)) resolve();
  };

  /** Resolves when a line that begins so has been told. */
  async until(start: string): Promise<void> {
    if (this.lines.some((line) => line.startsWith(start))) return;
    await new Promise<void>((resolve) => this.#waiting.push([start, resolve]));
  }
}

function errorText(error: unknown): string {
  try {
    return error instanceof ServerError ? `${Status[error.code]} ${error.details}` : String(error);
  } catch {
    return "no text";
  }
}

/** Phases that tell their story. */
function telling({ tell }: Story, more: ServerPhases = {}): ServerPhases {
  return {
    ...more,
    arrived: (call) => {
      tell("arrived");
      return more.arrived?.(call);
    },
    failed: (thrown, call) => {
      tell(`failed: ${errorText(thrown)}`);
      return more.failed === undefined ? thrown : more.failed(thrown, call);
    },
    ended: (call, code, error) => {
      tell(`ended: ${Status[code]}${error === undefined ? "" : `, ${errorText(error)}`}`);
      more.ended?.(call, code, error);
    },
  };
}

async function serve(phases: ServerPhases, handlers: object = {}, options: ServerOptions = {}) {
  const server = phasedServer(phases, options);
  server.add(EchoServiceDefinition, { ...echoService(), ...handlers });
  const port = await server.listen("127.0.0.1:0", await serverCredentials());
  const client = rawClient(`127.0.0.1:${port}`, await connectSocket(port));
  return {
    server,
    client,
    /** Opens a call, whose client does what the test wants. */
    open(path: string, headers: Record<string, string> = {}): ClientHttp2Stream {
      const stream = client.session.request({
        ":method": "POST",
        ":path": path,
        "content-type": "application/grpc",
        te: "trailers",
        ...headers,
      });
      stream.on("error", () => {});
      stream.resume();
      return stream;
    },
    [Symbol.asyncDispose]: async () => {
      client[Symbol.dispose]();
      server.forceShutdown();
    },
  };
}

const warnings = jest.spyOn(process, "emitWarning").mockImplementation(() => {});
const unhandled = jest.fn();
process.on("unhandledRejection", unhandled);
afterEach(async () => {
  await new Promise((resolve) => setImmediate(resolve));
  expect(unhandled).not.toHaveBeenCalled();
  warnings.mockClear();
});

const never = async (): Promise<never> => new Promise(() => {});

describe("the order of phases", () => {
  test.each(ALL)("of a call that ends well: %s", async (path) => {
    const story = new Story();
    const phases = telling(story, {
      request: (message) => {
        story.tell("request");
        return message;
      },
      response: (message) => {
        story.tell("response");
        return message;
      },
    });
    await using served = await serve(phases, {
      async *echoServerStream({ text }: { text: string }) {
        yield { text, index: 0 };
      },
    });
    const answer = await served.client.call(path, {}, request("a"));
    expect(answer.trailers["grpc-status"]).toBe("0");
    await story.until("ended");
    expect(story.lines).toEqual(["arrived", "request", "response", "ended: OK"]);
  });

  test("messages are what the phases make of them", async () => {
    await using served = await serve({
      request: (message) => ({ ...(message as EchoUnaryRequest), text: "asked" }),
      response: (message) => ({ text: `${(message as { text: string }).text}, answered` }),
    });
    for (const path of [UNARY, BIDI]) {
      const { messages } = await served.client.call(path, {}, request("a"));
      expect(EchoUnaryRequest.decode(messages[0]![1]).text).toBe("asked, answered");
    }
  });

  test("one object goes through all phases and the handler", async () => {
    const story = new Story();
    const seen: object[] = [];
    let made = 0;
    const phases: ServerPhases<ServerCallContext & { name?: string; part?: string }> = {
      lazy: { part: (call) => `${call.name}${++made}` },
      arrived: (call) => {
        seen.push(call);
        call.name = "who";
      },
      ended: (call) => {
        seen.push(call);
        story.tell(`${call.part}`);
      },
    };
    await using served = await serve(phases, {
      async echoUnary(_: object, context: { part: string; name: string }) {
        seen.push(context);
        return { text: `${context.part} ${context.part} ${context.name}` };
      },
    });
    const { messages } = await served.client.call(UNARY, {}, request("a"));
    expect(EchoUnaryRequest.decode(messages[0]![1]).text).toBe("who1 who1 who");
    await story.until("who1");
    expect(new Set(seen).size).toBe(1);
    expect(seen).toHaveLength(3);
  });

  test("a part may be undefined, and may be set; nobody makes what nobody reads", async () => {
    const make = jest.fn(() => undefined);
    await using served = await serve(
      { lazy: { nothing: make, set: make, unread: make } },
      {
        async echoUnary(_: object, context: { nothing: undefined; set: string }) {
          context.set = "set";
          return { text: [context.nothing, context.nothing, context.set].join() };
        },
      },
    );
    const { messages } = await served.client.call(UNARY, {}, request("a"));
    expect(EchoUnaryRequest.decode(messages[0]![1]).text).toBe(",,set");
    expect(make).toHaveBeenCalledTimes(1);
  });

  test("what is known of a call is known when it arrives", async () => {
    let seen: ServerCallContext | undefined;
    await using served = await serve({ arrived: (call) => void (seen = call) });
    await served.client.call(
      UNARY,
      { "x-key": "v", "grpc-timeout": "1M", ":authority": "who.example" },
      request("a"),
    );
    expect(seen!.method).toMatchObject({ path: UNARY, options: { idempotencyLevel: "IDEMPOTENT" } });
    expect(seen!.metadata.get("x-key")).toBe("v");
    expect(seen!.authority).toBe("who.example");
    expect(seen!.peer).toMatch(/^127\.0\.0\.1:/);
    expect(seen!.deadline!.getTime()).toBeGreaterThan(Date.now());
    expect(seen!.arrivedMs).toBeLessThan(performance.now());
    expect(seen!.deadlineMs).toBe(seen!.arrivedMs! + 60_000);
    expect(seen!.peerCertificate).toBeUndefined();
    expect(seen!.signal.aborted).toBe(false);
  });
});

describe("arrival", () => {
  const refusal = new ServerError(Status.UNAUTHENTICATED, "no token");
  const refuse = () => {
    throw refusal;
  };

  test.each([
    ["now", refuse],
    ["later", async () => refuse()],
  ])("refuses a call before its body is read, %s", async (_, arrived) => {
    const story = new Story();
    const phases = telling(story, {
      arrived,
      failed: (thrown, call) => {
        call.trailer.set("x-why", "none");
        return thrown;
      },
    });
    await using served = await serve(phases);
    for (const path of ALL) {
      story.lines.length = 0;
      const answer = await served.client.call(path, {}, Buffer.from([9, 9, 9, 9, 9]));
      expect(answer.trailers).toMatchObject({
        "grpc-status": "16",
        "grpc-message": "no token",
        "x-why": "none",
      });
      expect(story.lines).toEqual([
        "arrived",
        "failed: UNAUTHENTICATED no token",
        "ended: UNAUTHENTICATED, UNAUTHENTICATED no token",
      ]);
    }
    expect(served.server.stats.messagesReceived).toBe(0);
  });

  test.each([UNARY, CLIENT_STREAM])("holds the body back until it is decided: %s", async (path) => {
    const verdict = deferred();
    await using served = await serve({ arrived: async () => verdict.promise });
    const answer = served.client.call(path, {}, request("a"));
    // A turn of its own for the body.
    await new Promise((resolve) => served.client.session.ping(resolve as never));
    expect(served.server.stats.messagesReceived).toBe(0);
    verdict.resolve(undefined);
    expect(EchoUnaryRequest.decode((await answer).messages[0]![1]).text).toBe("a");
  });

  test.each(["resolve", "reject"])("does not run a call that is over meanwhile: %s", async (end) => {
    const story = new Story();
    const verdict = deferred();
    const handler = jest.fn();
    let signal: AbortSignal | undefined;
    const phases = telling(story, {
      arrived: async (call) => {
        ({ signal } = call);
        await verdict.promise;
        if (end === "reject") throw new Error("too late");
      },
    });
    await using served = await serve(phases, { echoUnary: handler });
    const answer = await served.client.call(UNARY, { "grpc-timeout": "20m" }, request("a"));
    expect(answer.trailers["grpc-status"]).toBe(String(Status.DEADLINE_EXCEEDED));
    expect(signal!.aborted).toBe(true);
    verdict.resolve(undefined);
    await new Promise((resolve) => setImmediate(resolve));
    expect(handler).not.toHaveBeenCalled();
    expect(story.lines.slice(0, 2)).toEqual(["arrived", "ended: DEADLINE_EXCEEDED"]);
    // An error that nobody expected must not pass in silence.
    expect(story.lines.slice(2)).toEqual(end === "reject" ? ["failed: Error: too late"] : []);
  });

  test("a call that came too late arrives, and is not run", async () => {
    const story = new Story();
    const handler = jest.fn();
    await using served = await serve(telling(story), { echoUnary: handler });
    const answer = await served.client.call(UNARY, { "grpc-timeout": "0m" }, request("a"));
    expect(answer.trailers["grpc-status"]).toBe(String(Status.DEADLINE_EXCEEDED));
    expect(story.lines).toEqual(["arrived", "ended: DEADLINE_EXCEEDED"]);
    expect(handler).not.toHaveBeenCalled();
  });
});

/** A handler of a stream that ignores its signal, and never comes to its first message. */
function hanging(story: Story) {
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: async () => {
      story.tell("next");
      return never();
    },
    return: async () => {
      story.tell("return");
      return never();
    },
  };
}

describe("a call ends once, though its handler never does", () => {
  const cases: [
    how: string,
    path: string,
    end: (served: Awaited<ReturnType<typeof serve>>, call: ClientHttp2Stream) => void,
    line: string,
  ][] = [UNARY, SERVER_STREAM, CLIENT_STREAM, BIDI].flatMap((path) => [
    ["its client cancels", path, (_, call) => call.close(constants.NGHTTP2_CANCEL), "CANCELLED"],
    ["its connection is lost", path, (served) => served.client.session.destroy(), "CANCELLED"],
    ["the server is forced to stop", path, (served) => served.server.forceShutdown(), "CANCELLED"],
    [
      "its client breaks the rules",
      path,
      (_, call) => call.close(constants.NGHTTP2_PROTOCOL_ERROR),
      "INTERNAL",
    ],
    ["its deadline passes", path, () => {}, "DEADLINE_EXCEEDED"],
  ]);
  test.each(cases)("%s: %s", async (how, path, end, code) => {
    const story = new Story();
    let signal: AbortSignal | undefined;
    const hang = (_: unknown, context: ServerCallContext) => {
      ({ signal } = context);
      story.tell("runs");
      return never();
    };
    await using served = await serve(telling(story), {
      echoUnary: hang,
      echoClientStream: hang,
      echoServerStream: (_: unknown, context: ServerCallContext) => {
        ({ signal } = context);
        return hanging(story);
      },
      echoBidiStream: (_: unknown, context: ServerCallContext) => {
        ({ signal } = context);
        return hanging(story);
      },
    });
    // Long enough for the handler to begin, on a busy machine too.
    const call = served.open(path, how === "its deadline passes" ? { "grpc-timeout": "500m" } : {});
    call.end(request("a"));
    const streams = path === SERVER_STREAM || path === BIDI;
    await story.until(streams ? "next" : "runs");
    end(served, call);
    await story.until("ended");
    await new Promise((resolve) => setImmediate(resolve));
    expect(story.lines).toEqual(["arrived", ...(streams ? ["next", "return"] : ["runs"]), `ended: ${code}`]);
    expect(signal!.aborted).toBe(true);
  });

  test("its status waits behind messages that the client does not take", async () => {
    const story = new Story();
    await using served = await serve(telling(story), {
      async *echoServerStream() {
        yield { text: "x".repeat(70_000), index: 0 };
      },
    });
    const paused = served.client.session.request({
      ":method": "POST",
      ":path": SERVER_STREAM,
      "content-type": "application/grpc",
    });
    paused.end(request("a"));
    paused.on("error", () => {});
    await new Promise((resolve) => paused.once("response", resolve));
    await new Promise((resolve) => served.client.session.ping(resolve as never));
    expect(story.lines).toEqual(["arrived"]);
    paused.resume();
    await story.until("ended");
    expect(story.lines).toEqual(["arrived", "ended: OK"]);
  });

  test.each(["cancel", "deadline"])("its status never gets to the client: %s", async (how) => {
    const story = new Story();
    await using served = await serve(telling(story), {
      async *echoServerStream() {
        yield { text: "x".repeat(70_000), index: 0 };
      },
    });
    const paused = served.client.session.request({
      ":method": "POST",
      ":path": SERVER_STREAM,
      "content-type": "application/grpc",
      ...(how === "deadline" && { "grpc-timeout": "50m" }),
    });
    paused.end(request("a"));
    paused.on("error", () => {});
    await new Promise((resolve) => paused.once("response", resolve));
    if (how === "cancel") paused.close(constants.NGHTTP2_CANCEL);
    await story.until("ended");
    const code = how === "cancel" ? "CANCELLED" : "DEADLINE_EXCEEDED";
    expect(story.lines).toEqual(["arrived", `ended: ${code}`]);
  });
});

describe("the end says what the client got", () => {
  const long = "v".repeat(20_000);
  const cases: [
    what: string,
    handler: (request: unknown, context: ServerCallContext) => unknown,
    code: Status,
  ][] = [
    [
      "a response that cannot be encoded",
      async () => ({
        get text() {
          throw new Error("no text");
        },
      }),
      Status.INTERNAL,
    ],
    ["a response that is too large", async () => ({ text: "x".repeat(2000) }), Status.RESOURCE_EXHAUSTED],
    ["no response", async () => undefined, Status.UNKNOWN],
    [
      "a header that is too long",
      async (_, { header }) => {
        header.set("x-long", long);
        return { text: "" };
      },
      Status.RESOURCE_EXHAUSTED,
    ],
    [
      "a trailer that is too long",
      async (_, { trailer }) => {
        trailer.set("x-long", long);
        return { text: "" };
      },
      Status.RESOURCE_EXHAUSTED,
    ],
    [
      "an error whose trailer is too long",
      async (_, { trailer }) => {
        trailer.set("x-long", long);
        throw new ServerError(Status.NOT_FOUND, "none");
      },
      Status.RESOURCE_EXHAUSTED,
    ],
    [
      "an error that was made on purpose",
      async () => {
        throw new ServerError(Status.NOT_FOUND, "none");
      },
      Status.NOT_FOUND,
    ],
    [
      "an unexpected error",
      async () => {
        throw new TypeError("oops");
      },
      Status.UNKNOWN,
    ],
  ];
  test.each(cases)("%s", async (_, handler, code) => {
    const ended: [Status, unknown][] = [];
    const failed = jest.fn((thrown: unknown) => thrown);
    const story = new Story();
    await using served = await serve(
      {
        failed,
        ended: (_call, status, error) => {
          ended.push([status, error]);
          story.tell("ended");
        },
      },
      { echoUnary: handler },
      { limits: { maxSendMessageBytes: 1000 } },
    );
    served.client.session.settings({ maxHeaderListSize: 16_000 });
    await new Promise((resolve) => served.client.session.once("localSettings", resolve));
    const answer = await served.client.call(UNARY, {}, request("a"));
    expect(answer.trailers["grpc-status"]).toBe(String(code));
    await story.until("ended");
    expect(ended).toEqual([[code, expect.anything()]]);
    expect(failed).toHaveBeenCalledTimes(1);
  });

  test("what `failed` returns goes out, with the trailers that it set", async () => {
    const story = new Story();
    const phases = telling(story, {
      failed: (thrown, call) => {
        call.trailer.set("x-thrown", errorText(thrown));
        return new ServerError(Status.INTERNAL, "sorry");
      },
    });
    await using served = await serve(phases, {
      echoUnary: async () => {
        throw new Error("secret");
      },
    });
    const { trailers } = await served.client.call(UNARY, {}, request("a"));
    expect(trailers).toMatchObject({
      "grpc-status": "13",
      "grpc-message": "sorry",
      "x-thrown": "Error: secret",
    });
    await story.until("ended");
    expect(story.lines).toEqual(["arrived", "failed: Error: secret", "ended: INTERNAL, INTERNAL sorry"]);
    expect(warnings).not.toHaveBeenCalled();
  });

  test.each([SERVER_STREAM, BIDI])(
    "a phase for responses that throws ends %s, and its iterator",
    async (path) => {
      const story = new Story();
      const phases = telling(story, {
        response: () => {
          throw new ServerError(Status.DATA_LOSS, "no");
        },
      });
      const stream = async function* () {
        try {
          yield { text: "a", index: 0 };
          yield { text: "b", index: 0 };
        } finally {
          story.tell("finally");
        }
      };
      await using served = await serve(phases, { echoServerStream: stream, echoBidiStream: stream });
      const { trailers } = await served.client.call(path, {}, request("a"));
      expect(trailers["grpc-status"]).toBe(String(Status.DATA_LOSS));
      await story.until("finally");
      await story.until("ended");
      expect(story.lines.toSorted()).toEqual([
        "arrived",
        "ended: DATA_LOSS, DATA_LOSS no",
        "failed: DATA_LOSS no",
        "finally",
      ]);
    },
  );
});

describe("what must not do harm", () => {
  const hostile: [what: string, thrown: unknown, code?: Status][] = [
    ["undefined", undefined],
    ["null", null],
    ["a number", 5],
    ["an object without a prototype", Object.create(null)],
    [
      "an object whose name throws",
      {
        get name() {
          throw new Error("no name");
        },
      },
    ],
    ["an error without details", new ServerError(Status.NOT_FOUND, undefined as never), Status.NOT_FOUND],
    ["details that are a number", new ServerError(Status.NOT_FOUND, 7 as never), Status.NOT_FOUND],
    [
      "details without a text",
      Object.assign(new ServerError(Status.NOT_FOUND, ""), { details: Object.create(null) }),
      Status.NOT_FOUND,
    ],
    ["an error that is OK", new ServerError(Status.OK, "")],
    ["a code that is none", new ServerError(99 as never, "")],
  ];
  test.each(hostile)("a handler that throws %s", async (_, thrown, code = Status.UNKNOWN) => {
    const story = new Story();
    const rejecting = async () => {
      throw thrown;
    };
    const throwing = () => {
      throw thrown;
    };
    const streaming = () => ({ [Symbol.asyncIterator]: () => ({ next: throwing }) });
    const failing = async function* () {
      yield* [];
      throw thrown;
    };
    for (const handlers of [
      { echoUnary: rejecting, echoServerStream: failing },
      { echoUnary: throwing, echoServerStream: throwing },
      { echoUnary: throwing, echoServerStream: streaming },
    ]) {
      await using served = await serve(telling(story), handlers);
      for (const path of [UNARY, SERVER_STREAM]) {
        const { trailers } = await served.client.call(path, {}, request("a"));
        expect(trailers["grpc-status"]).toBe(String(code));
      }
    }
    expect(story.lines.filter((line) => line.startsWith("ended"))).toHaveLength(6);
  });

  const iterators: [string, () => unknown][] = [
    ["undefined", () => undefined],
    ["a number", () => 5],
    [
      "a thenable that throws",
      () => ({
        // oxlint-disable-next-line unicorn/no-thenable -- what is tested
        get then() {
          throw new Error("no then");
        },
      }),
    ],
    // oxlint-disable-next-line unicorn/no-thenable -- what is tested
    ["a thenable of undefined", () => ({ then: (resolve: (value: unknown) => void) => resolve(undefined) })],
  ];
  test.each(iterators)("an iterator whose next gives %s", async (_, next) => {
    const story = new Story();
    await using served = await serve(telling(story), {
      echoServerStream: () => ({ [Symbol.asyncIterator]: () => ({ next }) }),
    });
    const { trailers } = await served.client.call(SERVER_STREAM, {}, request("a"));
    expect(trailers["grpc-status"]).toBe(String(Status.UNKNOWN));
    await story.until("ended");
  });

  test.each([
    [
      "throws",
      () => {
        throw new Error("from return");
      },
    ],
    [
      "rejects",
      async () => {
        throw new Error("from return");
      },
    ],
    ["gives a number", () => 5],
  ])("an iterator whose return %s", async (_, returns) => {
    const story = new Story();
    await using served = await serve(telling(story), {
      echoServerStream: () => ({
        [Symbol.asyncIterator]: () => ({
          next: async () => {
            story.tell("next");
            return never();
          },
          return: returns,
        }),
      }),
    });
    const call = served.open(SERVER_STREAM);
    call.end(request("a"));
    await story.until("next");
    call.close(constants.NGHTTP2_CANCEL);
    await story.until("failed");
    const [first, second, ...rest] = story.lines;
    expect([first, second]).toEqual(["arrived", "next"]);
    expect(rest).toHaveLength(2);
  });

  test("a handler's error after the end of its call reaches `failed`; a cancellation does not", async () => {
    const story = new Story();
    const handlers = deferred();
    await using served = await serve(telling(story), {
      async echoUnary({ text }: { text: string }, { signal }: ServerCallContext) {
        story.tell("runs");
        await handlers.promise;
        if (text === "abort") signal.throwIfAborted();
        throw new TypeError("late");
      },
    });
    for (const text of ["abort", "throw"]) {
      const call = served.open(UNARY);
      call.end(request(text));
      await story.until("runs");
      call.close(constants.NGHTTP2_CANCEL);
      await story.until("ended");
      story.lines.length = 0;
    }
    handlers.resolve(undefined);
    await story.until("failed");
    expect(story.lines).toEqual(["failed: TypeError: late"]);
  });

  test.each(["arrived", "request", "response", "failed", "ended"] as const)(
    "a phase that throws harms its own call alone: %s",
    async (phase) => {
      const story = new Story();
      const phases: ServerPhases = {
        [phase]: (...args: unknown[]) => {
          const call = args.find(
            (arg) => typeof arg === "object" && arg !== null && "peer" in arg,
          ) as ServerCallContext;
          if (call.metadata.has("x-bad")) throw new Error("a bad phase");
          return args[0];
        },
      };
      await using served = await serve(phases, {
        async echoUnary({ text }: { text: string }) {
          if (phase === "failed") throw new ServerError(Status.NOT_FOUND, "none");
          return { text };
        },
      });
      const good = served.client.call(UNARY, {}, request("a"));
      const bad = served.client.call(UNARY, { "x-bad": "1" }, request("b"));
      const expected = { arrived: "2", request: "2", response: "2", failed: "5", ended: "0" }[phase];
      expect((await bad).trailers["grpc-status"]).toBe(expected);
      expect((await good).trailers["grpc-status"]).toBe(phase === "failed" ? "5" : "0");
      expect(warnings).toHaveBeenCalledTimes(1);
      void story;
    },
  );
});

describe("streams that are ended from outside", () => {
  const reason = new ServerError(Status.UNAVAILABLE, "come back");

  test("fail with the reason, running and later ones; others run on", async () => {
    const story = new Story();
    const reasons: unknown[] = [];
    const unary = deferred();
    const stream = (_: unknown, { signal }: ServerCallContext) => {
      signal.addEventListener("abort", () => reasons.push(signal.reason));
      return hanging(story);
    };
    await using served = await serve(telling(story), {
      echoServerStream: stream,
      echoBidiStream: stream,
      async echoUnary() {
        story.tell("unary");
        await unary.promise;
        return { text: "a" };
      },
    });
    const running = [SERVER_STREAM, BIDI].map(async (path) => served.client.call(path, {}, request("a")));
    const other = served.client.call(UNARY, {}, request("a"));
    await story.until("unary");
    await new Promise((resolve) => served.client.session.ping(resolve as never));
    expect(served.server.running.toSorted()).toEqual([BIDI, SERVER_STREAM, UNARY]);

    served.server.endStreams(reason);
    for (const { trailers } of await Promise.all(running)) {
      expect(trailers).toMatchObject({ "grpc-status": "14", "grpc-message": "come back" });
    }
    expect(reasons).toEqual([reason, reason]);
    expect(served.server.running).toEqual([UNARY]);
    expect(story.lines.filter((line) => line === "return")).toHaveLength(2);
    expect(story.lines.filter((line) => line === "failed: UNAVAILABLE come back")).toHaveLength(2);

    story.lines.length = 0;
    const later = await served.client.call(SERVER_STREAM, {}, request("a"));
    expect(later.trailers["grpc-message"]).toBe("come back");
    expect(story.lines).toEqual([
      "arrived",
      "failed: UNAVAILABLE come back",
      "ended: UNAVAILABLE, UNAVAILABLE come back",
    ]);
    unary.resolve(undefined);
    expect((await other).trailers["grpc-status"]).toBe("0");
  });

  test("what a stream has written and its client has not taken is dropped", async () => {
    const story = new Story();
    await using served = await serve(telling(story), {
      async *echoServerStream() {
        for (;;) yield { text: "x".repeat(30_000), index: 0 };
      },
    });
    const paused = served.client.session.request({
      ":method": "POST",
      ":path": SERVER_STREAM,
      "content-type": "application/grpc",
    });
    paused.end(request("a"));
    await new Promise((resolve) => paused.once("response", resolve));
    await new Promise((resolve) => served.client.session.ping(resolve as never));
    const trailers = new Promise((resolve) => paused.once("trailers", resolve));
    served.server.endStreams(reason);
    paused.resume();
    expect(await trailers).toMatchObject({ "grpc-status": "14" });
    await story.until("ended: UNAVAILABLE");
  });
});
