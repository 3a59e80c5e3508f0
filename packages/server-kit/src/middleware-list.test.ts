import { describe, expect, test } from "@jest/globals";
import { echoService, EchoServiceDefinition } from "@callwire/testkit";
import { ServerError, Status, type ServerMiddleware } from "nice-grpc-common";
import { createServer } from "./create-server.js";
import { except, forMethods } from "./middleware/for-methods.js";
import { logging } from "./middleware/logging.js";
import { requestId } from "./middleware/request-id.js";
import type { AnyMiddleware, Middleware } from "./middleware.js";
import { startEcho } from "./test-room/echo-server.js";
import { drain, failure } from "./test-room/errors.js";
import { recordLog } from "./testing/recorded-log.js";
import { runtimes } from "./test-room/runtimes.js";

/** Lists whose types the compiler cannot check. */
const serve = (middleware: readonly AnyMiddleware[]) =>
  createServer<readonly AnyMiddleware[]>({ middleware }).add(EchoServiceDefinition, echoService());
const adds: Middleware = { name: "adds", adds: ["tenant"] as never[], arrived() {} };

describe("a wrong order is an error of add, by name", () => {
  test("of what needs and does not find", () => {
    const needs: Middleware = { name: "needs", needs: ["tenant"] };
    expect(() => serve([needs, adds])).toThrow(
      "/callwire.echo.v1.EchoService/EchoUnary: the middleware needs needs 'tenant' in its context, and must come after adds, which adds it",
    );
    expect(() => serve([needs])).toThrow(/needs 'tenant' in its context, and no middleware adds it/);
    expect(() => serve([adds, needs])).not.toThrow();
  });

  test("of what uses another that comes later", () => {
    const { logger } = recordLog();
    expect(() => serve([logging({ logger }), requestId()])).toThrow(
      /the middleware logging uses 'requestId' of its context, and must come after requestId, which adds it/,
    );
    expect(() => serve([logging({ logger })])).not.toThrow();
  });
});

describe("a name that no method has is an error of listen, with the nearest right one", () => {
  test.each([
    [
      "callwire.echo.v1.EchoService/EchoUnaray",
      "'callwire.echo.v1.EchoService/EchoUnaray'; did you mean 'callwire.echo.v1.EchoService/EchoUnary'?",
    ],
    [
      "callwire.echo.EchoService/*",
      "'callwire.echo.EchoService/*'; did you mean 'callwire.echo.v1.EchoService/*'?",
    ],
    ["x", "is named 'x'"],
  ])("%s", async (name, message) => {
    await expect(serve([forMethods(name, adds)]).listen("127.0.0.1:0")).rejects.toThrow(message);
    const inside = forMethods(() => true, forMethods(except([name]), adds));
    await expect(serve([inside]).listen("127.0.0.1:0")).rejects.toThrow(message);
  });
});

test("a misspelt option is an error, with the nearest right one", () => {
  expect(() => createServer({ middelware: [] } as object)).toThrow(
    "createServer has no option 'middelware'; did you mean 'middleware'?",
  );
  expect(() => requestId({ generat: () => "" } as object)).toThrow(/did you mean 'generate'\?/);
});

describe.each(runtimes)("over %s", (_name, runtime) => {
  test.each(["keepAliveTimeMs", "maxRecvMessageBytes"])(
    "a limit %s that there is not is an error",
    (name) => {
      expect(() => createServer({ runtime, limits: { [name]: 1 } })).toThrow(new RegExp(name));
    },
  );

  /** Phases and generators that say what they see. */
  function recorders(told: string[]) {
    const phases = (name: string): Middleware => ({
      name,
      arrived: () => void told.push(`${name} arrived`),
      failed(thrown) {
        told.push(`${name} failed ${(thrown as Error).message}`);
        return new Error(`${(thrown as Error).message} ${name}`);
      },
      ended: (_call, code) => void told.push(`${name} ended ${Status[code]}`),
    });
    const generator = (name: string): ServerMiddleware =>
      async function* generator(call, context) {
        told.push(`${name} in`);
        try {
          return yield* call.next(call.request, context);
        } catch (error) {
          told.push(`${name} caught ${(error as Error).message}`);
          throw error;
        } finally {
          told.push(`${name} out`);
        }
      };
    return [phases("a"), generator("g"), phases("b"), generator("h"), phases("c")] as const;
  }

  test("phases and generators see a call in their order, a failure innermost first", async () => {
    const told: string[] = [];
    await using echo = await startEcho(
      {
        runtime,
        middleware: [
          { name: "final", failed: () => new ServerError(Status.ABORTED, "") },
          ...recorders(told),
        ],
      },
      {
        async echoUnary() {
          throw new Error("0");
        },
        async *echoServerStream() {
          yield { text: "", index: 0 };
          throw new Error("0");
        },
      },
    );
    const expected = [
      ["a arrived", "b arrived", "c arrived", "g in", "h in"],
      ["c failed 0", "h caught 0 c", "h out", "b failed 0 c", "g caught 0 c b", "g out", "a failed 0 c b"],
      ["c ended ABORTED", "b ended ABORTED", "a ended ABORTED"],
    ].flat();
    expect((await failure((options) => echo.client.echoUnary({}, options))).code).toBe(Status.ABORTED);
    expect(told.splice(0)).toEqual(expected);
    expect((await failure((options) => drain(echo.client.echoServerStream({}, options)))).code).toBe(
      Status.ABORTED,
    );
    expect(told).toEqual(expected);
  });

  test("a generator that is not reached by a refused call hears nothing of it; phases inside of it do", async () => {
    const told: string[] = [];
    const [a, g, b] = recorders(told);
    const denies: Middleware = {
      name: "denies",
      arrived() {
        throw new ServerError(Status.PERMISSION_DENIED, "no");
      },
    };
    const keep: Middleware = { name: "keep", failed: () => new ServerError(Status.PERMISSION_DENIED, "no") };
    await using echo = await startEcho({ runtime, middleware: [keep, a, g, b, denies] });
    expect((await failure((options) => echo.client.echoUnary({}, options))).code).toBe(
      Status.PERMISSION_DENIED,
    );
    expect(told).toEqual([
      "a arrived",
      "b arrived",
      "b failed PERMISSION_DENIED: no",
      "a failed PERMISSION_DENIED: no b",
      "b ended PERMISSION_DENIED",
      "a ended PERMISSION_DENIED",
    ]);
  });

  test("a generator's copy of the context has what phases added, and the handler what the generator passes on", async () => {
    const who: Middleware<{ who: string; made: string }> = {
      name: "who",
      adds: ["who"],
      lazy: { made: () => "lazily" },
      arrived(call) {
        call.who = "ann";
      },
    };
    const copies: ServerMiddleware<{ tenant: string }, { who: string }> = async function* copies(
      call,
      context,
    ) {
      return yield* call.next(call.request, { ...context, who: context.who.toUpperCase(), tenant: "t1" });
    };
    const seen: unknown[] = [];
    await using echo = await startEcho(
      { runtime, middleware: [who, copies] },
      {
        async echoUnary({ text }, { who, made, tenant, call, signal, method, metadata, header }) {
          seen.push(who, made, tenant, call.method === method, signal.aborted, metadata.has("x"));
          header.set("x-from", "handler");
          return { text };
        },
      },
    );
    let header: unknown;
    await echo.client.echoUnary({ text: "a" }, { onHeader: (value) => (header = value.get("x-from")) });
    expect(seen).toEqual(["ANN", "lazily", "t1", true, false, false]);
    expect(header).toBe("handler");
  });

  test("messages pass phases and generators in their order", async () => {
    const mark = (name: string): Middleware => ({
      name,
      request: (message) => ({
        ...(message as object),
        text: `${(message as { text: string }).text}${name}`,
      }),
      response: (message) => ({
        ...(message as object),
        text: `${(message as { text: string }).text}${name}`,
      }),
    });
    const generator: ServerMiddleware = async function* generator(call, context) {
      if (call.responseStream) return yield* call.next(call.request, context);
      const response = yield* call.next(call.request, context);
      return { ...response, text: `${(response as { text: string }).text}g` };
    };
    await using echo = await startEcho({ runtime, middleware: [mark("a"), generator, mark("b")] });
    expect(await echo.client.echoUnary({ text: "" })).toMatchObject({ text: "abbga" });
    const words = async function* () {
      yield { text: "1" };
      yield { text: "2" };
    };
    expect(await drain(echo.client.echoServerStream({ text: "", count: 1 }))).toMatchObject([
      { text: "abba" },
    ]);
    expect(await echo.client.echoClientStream(words())).toMatchObject({ text: "1ab,2abbga" });
    expect(await drain(echo.client.echoBidiStream(words()))).toMatchObject([
      { text: "1abba" },
      { text: "2abba" },
    ]);
  });

  test("only methods that pass a generator have one", async () => {
    const ran: string[] = [];
    const record: ServerMiddleware = async function* record(call, context) {
      ran.push(call.method.path);
      return yield* call.next(call.request, context);
    };
    const middleware = [forMethods("callwire.echo.v1.EchoService/EchoUnary", record)] as const;
    await using echo = await startEcho({ runtime, middleware });
    await echo.client.echoUnary({});
    await echo.client.echoClientStream((async function* () {})());
    expect(ran).toEqual(["/callwire.echo.v1.EchoService/EchoUnary"]);
  });

  test.each<[string, unknown]>([
    ["undefined", undefined],
    ["null", null],
    ["an object without a prototype", Object.create(null)],
    [
      "an error whose parts throw",
      Object.defineProperty({}, "name", {
        get: () => {
          throw new Error("no");
        },
      }),
    ],
    ["a ServerError without text", new ServerError(Status.ABORTED, undefined as unknown as string)],
    ["a ServerError of a code that is none", new ServerError(99 as Status, "no")],
    ["a ServerError of a code in a text", new ServerError("5" as unknown as Status, "no")],
  ])("a handler that throws %s fails its call, and no other", async (what, thrown) => {
    await using echo = await startEcho(
      { runtime, middleware: [requestId()] },
      {
        async echoUnary() {
          throw thrown;
        },
      },
    );
    const failed = await failure((options) => echo.client.echoUnary({}, options));
    expect(failed.code).toBe(what === "a ServerError without text" ? Status.ABORTED : Status.UNKNOWN);
    expect(await drain(echo.client.echoServerStream({ text: "a", count: 1 }))).toHaveLength(1);
  });
});
