import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { EchoServiceDefinition, echoService, startServer, type TestServer } from "@callwire/testkit";
import * as niceGrpc from "nice-grpc";
import {
  Metadata,
  type CallOptions,
  type ClientMiddleware,
  type ClientMiddlewareCall,
} from "nice-grpc-common";
import { createChannel } from "./channel.js";
import { createClient, createClientFactory, type ClientFactory } from "./create-client.js";
import { collect, failureOf } from "../testing/outcomes.js";

let server: TestServer;

beforeAll(async () => {
  server = await startServer((each) => each.add(EchoServiceDefinition, echoService()));
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

async function* texts(...all: string[]): AsyncIterable<{ text: string }> {
  for (const text of all) yield { text };
}

// The same tests over nice-grpc: what holds here holds there.
describe.each([
  ["@callwire/transport", { createChannel, createClientFactory }],
  [
    "nice-grpc",
    niceGrpc as unknown as { createChannel: typeof createChannel; createClientFactory: () => ClientFactory },
  ],
])("middleware over %s", (_, runtime) => {
  /** A client with these middleware, the first attached first. */
  function clientWith(...middleware: ClientMiddleware[]) {
    const channel = runtime.createChannel(server.address);
    const client = middleware
      .reduce((factory, each) => factory.use(each), runtime.createClientFactory())
      .create(EchoServiceDefinition, channel);
    return { client, [Symbol.dispose]: () => channel.close() };
  }

  test("the one attached first is invoked last, and sees every shape", async () => {
    const log: string[] = [];
    const named = (name: string): ClientMiddleware =>
      async function* <Request, Response>(
        call: ClientMiddlewareCall<Request, Response>,
        options: CallOptions,
      ) {
        log.push(`${name} ${call.method.path.split("/")[2]} ${call.requestStream} ${call.responseStream}`);
        return yield* call.next(call.request, options);
      };
    using echo = clientWith(named("first"), named("second"));
    expect(await echo.client.echoUnary({ text: "a" })).toEqual({ text: "a" });
    expect(await collect(echo.client.echoServerStream({ text: "a", count: 2 }))).toHaveLength(2);
    expect(await echo.client.echoClientStream(texts("a", "b"))).toEqual({ text: "a,b", count: 2 });
    expect(await collect(echo.client.echoBidiStream(texts("a", "b")))).toEqual([
      { text: "a" },
      { text: "b" },
    ]);
    expect(log).toEqual([
      "second EchoUnary false false",
      "first EchoUnary false false",
      "second EchoServerStream false true",
      "first EchoServerStream false true",
      "second EchoClientStream true false",
      "first EchoClientStream true false",
      "second EchoBidiStream true true",
      "first EchoBidiStream true true",
    ]);
  });

  test("may change requests, options and responses, and may call more than once", async () => {
    const twice: ClientMiddleware = async function* <Request, Response>(
      call: ClientMiddlewareCall<Request, Response>,
      options: CallOptions,
    ) {
      const metadata = Metadata(options.metadata).set("x-added", "1");
      if (call.responseStream) {
        yield* call.next(call.request, { ...options, metadata });
        yield* call.next(call.request, { ...options, metadata });
        return;
      }
      const first = yield* call.next(call.request, options);
      await (async () => {
        for await (const _ of call.next({ ...call.request, text: "other" } as Request, {
          ...options,
          metadata,
        }))
          break;
      })();
      return { ...first, text: "changed" } as Response;
    };
    using echo = clientWith(twice);
    expect(await echo.client.echoUnary({ text: "a" })).toEqual({ text: "changed" });
    expect(await collect(echo.client.echoServerStream({ text: "a", count: 2 }))).toHaveLength(4);
  });

  test("ends a stream that is read no further, through its finally", async () => {
    let ended = 0;
    using echo = clientWith(async function* (call, options) {
      try {
        return yield* call.next(call.request, options);
      } finally {
        ended++;
      }
    });
    for await (const _ of echo.client.echoServerStream({ text: "a", count: 1000 })) break;
    expect(ended).toBe(1);
  });

  const yields = async function* () {
    yield { text: "wrong" };
  } as unknown as ClientMiddleware;
  // oxlint-disable-next-line require-yield
  const returns = async function* () {
    return { text: "wrong" };
  } as unknown as ClientMiddleware;
  const returnsNothing = async function* () {} as unknown as ClientMiddleware;
  const wrongRequests = async function* (call: ClientMiddlewareCall<unknown, unknown>, options: CallOptions) {
    return yield* call.next(call.requestStream ? {} : texts("a"), options);
  } as unknown as ClientMiddleware;

  test("is told what it does wrong", async () => {
    const messages: string[] = [];
    for (const middleware of [yields, returnsNothing, wrongRequests]) {
      using echo = clientWith(middleware);
      messages.push((await failureOf(echo.client.echoUnary({ text: "" }))).message);
      messages.push((await failureOf(echo.client.echoClientStream(texts("a")))).message);
    }
    for (const middleware of [returns, wrongRequests]) {
      using echo = clientWith(middleware);
      messages.push((await failureOf(collect(echo.client.echoServerStream({ text: "", count: 1 })))).message);
      messages.push((await failureOf(collect(echo.client.echoBidiStream(texts("a"))))).message);
    }
    expect(messages).toEqual([
      "A middleware yielded a message, but expected to only return a message for unary method",
      "A middleware yielded a message, but expected to only return a message for client streaming method",
      "A middleware returned void, but expected to return a message for unary method",
      "A middleware returned void, but expected to return a message for client streaming method",
      "A middleware passed invalid request to next(): expected a single message for unary method",
      "A middleware passed invalid request to next(): expected a single message for client streaming method",
      "A middleware returned a message, but expected to return void for server streaming method",
      "A middleware returned a message, but expected to return void for bidirectional streaming method",
      "A middleware passed invalid request to next(): expected a single message for server streaming method",
      "A middleware passed invalid request to next(): expected a single message for bidirectional streaming method",
    ]);
  });

  test("default options are those of all methods, then of the method, then of the call", async () => {
    const seen: (string | undefined)[] = [];
    const channel = runtime.createChannel(server.address);
    const record: ClientMiddleware = async function* <Request, Response>(
      call: ClientMiddlewareCall<Request, Response>,
      options: CallOptions,
    ) {
      seen.push(options.metadata?.get("from"));
      return yield* call.next(call.request, options);
    };
    const from = (text: string) => ({ metadata: Metadata({ from: text }) });
    const client = runtime
      .createClientFactory()
      .use(record)
      .create(EchoServiceDefinition, channel, { "*": from("all"), echoUnary: from("method") });
    await client.echoUnary({ text: "" });
    await client.echoUnary({ text: "" }, from("call"));
    await collect(client.echoServerStream({ text: "", count: 0 }));
    channel.close();
    expect(seen).toEqual(["method", "call", "all"]);
  });

  test("a stream begins when it is read, and is the same one each time", async () => {
    using echo = clientWith();
    const answers = echo.client.echoServerStream({ text: "a", count: 3 });
    const first = await answers[Symbol.asyncIterator]().next();
    const rest = await collect(answers);
    expect([first.value?.index, ...rest.map(({ index }) => index)]).toEqual([0, 1, 2]);
  });

  test("several messages may be asked for at once", async () => {
    using echo = clientWith();
    const answers = echo.client.echoServerStream({ text: "a", count: 2 })[Symbol.asyncIterator]();
    const results = await Promise.all([answers.next(), answers.next(), answers.next()]);
    expect(results.map(({ value, done }) => [value?.index, done])).toEqual([
      [0, false],
      [1, false],
      [undefined, true],
    ]);
  });
});

test("default options reach a call without middleware", async () => {
  const channel = createChannel(server.address);
  const client = createClient(EchoServiceDefinition, channel, { echoUnary: { deadline: new Date(1) } });
  expect((await failureOf(client.echoUnary({ text: "" }))).message).toContain("DEADLINE_EXCEEDED");
  expect((await failureOf(client.echoUnary({ text: "" }, { metadata: Metadata() }))).message).toContain(
    "DEADLINE_EXCEEDED",
  );
  expect(await client.echoClientStream(texts("a"))).toMatchObject({ count: 1 });
  channel.close();
});

test("a channel of another library is refused", () => {
  const channel = niceGrpc.createChannel(server.address);
  expect(() => createClient(EchoServiceDefinition, channel)).toThrow("@callwire/transport");
  channel.close();
});
