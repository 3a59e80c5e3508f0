import { once } from "node:events";
import { afterEach, describe, expect, jest, test } from "@jest/globals";
import { EchoServiceDefinition, EchoUnaryRequest, echoService } from "@callwire/testkit";
import { lengthPrefixed } from "@callwire/testkit/wire";
import * as grpcJs from "@grpc/grpc-js";
import {
  ChannelCredentials,
  createChannel,
  createClient,
  Metadata,
  ServerError,
  Status,
  type CallContext,
  type Channel,
  type Client,
  type ServerMiddleware,
} from "nice-grpc";
import type { ServiceImplementation } from "../grpc/service-implementation.js";
import { start } from "../testing/echo-server.js";
import { collect, deferred } from "../testing/outcomes.js";
import { rawClient } from "../testing/raw-client.js";

// With nice-grpc's client, which stands for every other one.
const channels: Channel[] = [];
afterEach(() => {
  for (const channel of channels.splice(0)) channel.close();
});

function echo(address: string): Client<typeof EchoServiceDefinition> {
  const channel = createChannel(address, ChannelCredentials.createInsecure(), {
    "grpc.use_local_subchannel_pool": 1,
  });
  channels.push(channel);
  return createClient(EchoServiceDefinition, channel);
}

type Handlers = Partial<ServiceImplementation<typeof EchoServiceDefinition>>;
const serve = (handlers: Handlers, ...middleware: ServerMiddleware[]) =>
  start((server) => {
    let builder: Pick<typeof server, "with" | "add"> = server;
    for (const one of middleware) builder = builder.with(one) as typeof server;
    builder.add(EchoServiceDefinition, { ...echoService(), ...handlers });
  });

async function* texts(...all: string[]) {
  for (const text of all) yield { text };
}

const failure = (call: Promise<unknown>): Promise<{ code: Status; details: string }> =>
  call.then(
    () => Promise.reject(new Error("the call has succeeded")),
    (error) => error,
  );

const aborted = (signal: AbortSignal) => new Promise((resolve) => signal.addEventListener("abort", resolve));

/** The next warning of the process; jest's own process object does not hear of it. */
function nextWarning(): Promise<string> {
  return new Promise((resolve) => {
    const spy = jest.spyOn(process, "emitWarning").mockImplementation((warning) => {
      spy.mockRestore();
      resolve(String(warning));
    });
  });
}

const passing: ServerMiddleware = async function* passing(call, context) {
  return yield* call.next(call.request, { ...context });
};

describe("the four shapes", () => {
  test.each([
    ["without middleware", []],
    ["inside of middleware", [passing, passing]],
  ])("%s", async (_name, middleware) => {
    await using started = await serve({}, ...middleware);
    const client = echo(started.address);
    expect(await client.echoUnary({ text: "grüße" })).toEqual({ text: "grüße" });
    expect(await collect(client.echoServerStream({ text: "a", count: 3 }))).toHaveLength(3);
    expect(await client.echoClientStream(texts("a", "b"))).toEqual({ text: "a,b", count: 2 });
    expect(await collect(client.echoBidiStream(texts("a", "b")))).toEqual([{ text: "a" }, { text: "b" }]);
    expect(started.server.stats).toMatchObject({ callsStarted: 4, callsSucceeded: 4, callsFailed: 0 });
  });

  test("take partial messages", async () => {
    await using started = await serve({
      echoUnary: async () => ({}),
      async *echoServerStream() {
        yield { index: 1 };
        yield {};
      },
    });
    const client = echo(started.address);
    expect(await client.echoUnary({})).toEqual({ text: "" });
    expect(await collect(client.echoServerStream({}))).toEqual([
      { text: "", index: 1 },
      { text: "", index: 0 },
    ]);
  });

  test("answer at once, without a promise, or fail so", async () => {
    await using started = await serve({
      echoUnary: ({ text }) => {
        if (text === "throw") throw new ServerError(Status.NOT_FOUND, "at once");
        return text === "nothing" ? (undefined as never) : { text: `${text}!` };
      },
    });
    const client = echo(started.address);
    // Many arrive in one read: each gets its own answer.
    const all = Array.from({ length: 100 }, (_, i) => client.echoUnary({ text: `${i}` }));
    expect((await Promise.all(all)).map(({ text }) => text)).toEqual(all.map((_, i) => `${i}!`));
    expect(await failure(client.echoUnary({ text: "throw" }))).toMatchObject({
      code: Status.NOT_FOUND,
      details: "at once",
    });
    const warned = nextWarning();
    expect(await failure(client.echoUnary({ text: "nothing" }))).toMatchObject({ code: Status.UNKNOWN });
    expect(await warned).toContain("returned no message");
  });

  test("answer by a promise that was made by hand, whatever its `then` does", async () => {
    await using started = await serve({
      echoUnary: ({ text }) =>
        ({
          // oxlint-disable-next-line unicorn/no-thenable -- what is tested
          then(onDone: (response: object) => void) {
            if (text === "throw") throw new ServerError(Status.ABORTED, "by then");
            onDone({ text: "later" });
            onDone({ text: "twice" });
          },
        }) as Promise<EchoUnaryRequest>,
    });
    const client = echo(started.address);
    expect(await client.echoUnary({ text: "" })).toMatchObject({ text: "later" });
    expect(await failure(client.echoUnary({ text: "throw" }))).toMatchObject({
      code: Status.ABORTED,
      details: "by then",
    });
  });

  test("take iterables that are not generators", async () => {
    await using started = await serve({
      echoServerStream: () => ({
        [Symbol.asyncIterator]() {
          let index = 0;
          return {
            next: async () =>
              index++ < 2 ? { value: { index }, done: false } : { value: undefined, done: true },
          };
        },
      }),
      // As `yield*` does.
      echoBidiStream: () => [{ text: "plain" }] as never,
    });
    const client = echo(started.address);
    expect(await collect(client.echoServerStream({}))).toHaveLength(2);
    expect(await collect(client.echoBidiStream(texts()))).toEqual([{ text: "plain" }]);
  });

  test("by definitions of grpc-js, and of nice-grpc's own form", async () => {
    const codec = {
      requestSerialize: (value: string) => Buffer.from(value),
      requestDeserialize: (bytes: Uint8Array) => Buffer.from(bytes).toString(),
      responseSerialize: (value: string) => Buffer.from(value),
      responseDeserialize: (bytes: Uint8Array) => Buffer.from(bytes).toString(),
    };
    const method = {
      path: "/raw.Service/Call",
      requestStream: false,
      responseStream: false,
      ...codec,
    } as const;
    for (const definition of [{ call: method }, { call: { ...method, options: {} } }]) {
      await using started = await start((server) =>
        server.add(definition, { call: async (text: string) => `${text}!` }),
      );
      const client = new grpcJs.Client(started.address, grpcJs.credentials.createInsecure());
      const answer = await new Promise((resolve, reject) => {
        client.makeUnaryRequest(
          method.path,
          codec.requestSerialize,
          codec.responseDeserialize,
          "a",
          (error, value) => (error ? reject(error) : resolve(value)),
        );
      });
      client.close();
      expect(answer).toBe("a!");
    }
  });
});

describe("metadata", () => {
  test("goes both ways, binary too, and reserved keys do not", async () => {
    let seen: CallContext | undefined;
    await using started = await serve({
      async echoUnary({ text }, context) {
        seen = context;
        context.header.set("x-header", ["a", "b"]).set("x-header-bin", [Buffer.from([0]), Buffer.from("ÿ")]);
        context.header.set("grpc-status", "5").set("connection", "close");
        context.trailer.set("x-trailer", " spaced ").set("x-trailer-bin", Buffer.alloc(0));
        return { text };
      },
    });
    const got: Record<string, Metadata> = {};
    await echo(started.address).echoUnary(
      {},
      {
        metadata: Metadata({ "x-Key": "value", "x-key-bin": [Buffer.from([1, 2, 3, 4]), Buffer.from([5])] }),
        onHeader: (header) => (got["header"] = header),
        onTrailer: (trailer) => (got["trailer"] = trailer),
      },
    );
    expect(seen!.metadata.get("X-KEY")).toBe("value");
    expect(seen!.metadata.getAll("x-key-bin").map((value) => [...value])).toEqual([[1, 2, 3, 4], [5]]);
    expect(seen!.metadata.get("user-agent")).toMatch(/^grpc-node-js/);
    for (const key of ["te", "content-type", ":path", "grpc-accept-encoding"])
      expect(seen!.metadata.has(key)).toBe(false);
    expect(seen!.peer).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(got["header"]!.get("x-header")).toBe("a, b");
    expect(got["header"]!.getAll("x-header-bin").map((value) => [...value])).toEqual([[0], [195, 191]]);
    expect(got["header"]!.has("connection")).toBe(false);
    expect(got["trailer"]!.get("x-trailer")).toBe("spaced");
    expect(got["trailer"]!.get("x-trailer-bin")).toHaveLength(0);
  });

  test("of binary keys is taken with padding, without, and joined by commas", async () => {
    let seen: Metadata | undefined;
    await using started = await serve({
      async echoUnary(_, { metadata }) {
        seen = metadata;
        return {};
      },
    });
    using client = rawClient(started.address);
    const data = lengthPrefixed(EchoUnaryRequest.encode(EchoUnaryRequest.fromPartial({})).finish());
    await client.call(
      "/callwire.echo.v1.EchoService/EchoUnary",
      { "x-bin": ["AQ==", "AQI", "AQID,AQIDBA=="] },
      data,
    );
    expect(seen!.getAll("x-bin").map((value) => [...value])).toEqual([[1], [1, 2], [1, 2, 3], [1, 2, 3, 4]]);
  });

  test("of the header comes when it is sent, also if it is empty, and what is set later does not", async () => {
    const go = deferred();
    await using started = await serve({
      async echoUnary(_, context) {
        context.sendHeader();
        context.header.set("x-late", "1");
        context.sendHeader();
        await go.promise;
        return {};
      },
    });
    const header = deferred<Metadata>();
    const call = echo(started.address).echoUnary({}, { onHeader: header.resolve });
    expect((await header.promise).has("x-late")).toBe(false);
    go.resolve();
    await call;
  });

  test("of an error goes out with it, header and trailer", async () => {
    await using started = await serve({
      async echoUnary(_, { header, trailer }) {
        header.set("x-header", "h");
        trailer.set("grpc-status-details-bin", Buffer.from("details"));
        throw new ServerError(Status.NOT_FOUND, "100% ☃\n");
      },
    });
    const got: Record<string, Metadata> = {};
    const failed = await failure(
      echo(started.address).echoUnary(
        {},
        {
          onHeader: (header) => (got["header"] = header),
          onTrailer: (trailer) => (got["trailer"] = trailer),
        },
      ),
    );
    expect(failed).toMatchObject({ code: Status.NOT_FOUND, details: "100% ☃\n" });
    expect(got["header"]!.get("x-header")).toBe("h");
    expect(String(got["trailer"]!.get("grpc-status-details-bin"))).toBe(String(Buffer.from("details")));
  });
});

describe("errors", () => {
  test("that are not ServerError are UNKNOWN, and warned of", async () => {
    await using started = await serve({
      echoUnary: () => Promise.reject(new Error("secret")),
      // oxlint-disable-next-line require-yield
      async *echoServerStream() {
        throw new Error("secret");
      },
    });
    const client = echo(started.address);
    for (const call of [() => client.echoUnary({}), () => collect(client.echoServerStream({}))]) {
      const warned = nextWarning();
      expect(await failure(call())).toMatchObject({
        code: Status.UNKNOWN,
        details: "Unknown server error occurred",
      });
      expect(await warned).toMatch(
        /^\/callwire.*: Uncaught error in server implementation method\. .*Error: secret/s,
      );
    }
  });

  test("named AbortError are CANCELLED", async () => {
    await using started = await serve({
      echoUnary: () => Promise.reject(Object.assign(new Error(), { name: "AbortError" })),
    });
    expect(await failure(echo(started.address).echoUnary({}))).toMatchObject({
      code: Status.CANCELLED,
      details: "The operation was cancelled",
    });
  });

  const misuse: [name: string, middleware: ServerMiddleware, call: keyof Handlers, message: string][] = [
    [
      "a message yielded",
      async function* () {
        yield {} as never;
      },
      "echoUnary",
      "A middleware yielded a message, but expected to only return a message for unary method",
    ],
    [
      "a message yielded",
      async function* () {
        yield {} as never;
      },
      "echoClientStream",
      "A middleware yielded a message, but expected to only return a message for client streaming method",
    ],
    [
      "nothing returned",
      async function* () {},
      "echoUnary",
      "A middleware returned void, but expected to return a message for unary method",
    ],
    [
      "a message returned",
      // oxlint-disable-next-line require-yield -- the misuse itself
      async function* () {
        return {};
      } as unknown as ServerMiddleware,
      "echoServerStream",
      "A middleware returned a message, but expected to return void for server streaming method",
    ],
    [
      "a wrong request",
      async function* (call, context) {
        return yield* call.next((async function* () {})() as never, context);
      },
      "echoUnary",
      "A middleware passed invalid request to next(): expected a single message for unary method",
    ],
    [
      "a wrong request",
      async function* (call, context) {
        return yield* call.next({} as never, context);
      },
      "echoBidiStream",
      "A middleware passed invalid request to next(): expected a single message for bidirectional streaming method",
    ],
  ];
  test.each(misuse)("of misuse: %s", async (_name, middleware, method, message) => {
    await using started = await serve({}, middleware);
    const client = echo(started.address);
    const warned = nextWarning();
    const call = client[method](
      (method.includes("Client") || method.includes("Bidi") ? texts() : {}) as never,
    );
    expect(
      (await failure(Symbol.asyncIterator in call ? collect(call as never) : (call as Promise<unknown>)))
        .code,
    ).toBe(Status.UNKNOWN);
    expect(await warned).toContain(message);
  });

  test("of a message that cannot be encoded reach the generator, and are INTERNAL", async () => {
    const seen = deferred<unknown>();
    await using started = await serve({
      async *echoServerStream() {
        try {
          yield { index: "not a number" as never };
        } catch (error) {
          seen.resolve(error);
          throw error;
        }
      },
    });
    expect((await failure(collect(echo(started.address).echoServerStream({})))).code).toBe(Status.INTERNAL);
    expect(await seen.promise).toBeInstanceOf(ServerError);
  });
});

describe("a call that ends early", () => {
  test("by the client: the signal is aborted, requests fail, and finally runs", async () => {
    const ended: string[] = [];
    const all = [deferred(), deferred(), deferred()];
    const arrived = deferred();
    let count = 0;
    const arrive = () => ++count === 3 && arrived.resolve();
    await using started = await serve({
      async echoUnary(_, { signal }) {
        arrive();
        await aborted(signal);
        ended.push("unary");
        all[0]!.resolve();
        return {};
      },
      async *echoServerStream(_, { signal }) {
        try {
          arrive();
          yield {};
          await aborted(signal);
          yield {};
          ended.push("not reached");
        } finally {
          ended.push("stream");
          all[1]!.resolve();
        }
      },
      async echoClientStream(requests) {
        arrive();
        try {
          await collect(requests);
        } catch (error) {
          ended.push((error as Error).name);
          all[2]!.resolve();
        }
        return {};
      },
    });
    const client = echo(started.address);
    const controller = new AbortController();
    const { signal } = controller;
    using raw = rawClient(started.address);
    const stream = raw.session.request({
      ":method": "POST",
      ":path": "/callwire.echo.v1.EchoService/EchoClientStream",
      "content-type": "application/grpc",
    });
    stream.on("error", () => {});
    const calls = [client.echoUnary({}, { signal }), collect(client.echoServerStream({}, { signal }))].map(
      (call) => failure(call as Promise<unknown>),
    );
    await arrived.promise;
    controller.abort();
    // Not by close(): node:http2 would first end the request in good order.
    raw.session.destroy();
    await Promise.all(all.map(({ promise }) => promise));
    await Promise.all(calls);
    expect(ended.toSorted()).toEqual(["AbortError", "stream", "unary"]);
    expect(started.server.stats.callsFailed).toBe(3);
  });

  test("by its deadline, also when the client does not read", async () => {
    const ended = deferred();
    await using started = await serve({
      async *echoServerStream() {
        try {
          for (;;) yield { text: "x".repeat(10_000) };
        } finally {
          ended.resolve();
        }
      },
    });
    using client = rawClient(started.address);
    await once(client.session, "connect");
    const stream = client.session.request({
      ":method": "POST",
      ":path": "/callwire.echo.v1.EchoService/EchoServerStream",
      "content-type": "application/grpc",
      te: "trailers",
      // Long enough for the handler to begin, on a busy machine too.
      "grpc-timeout": "1000m",
    });
    stream.on("error", () => {});
    stream.end(lengthPrefixed(Buffer.alloc(0)));
    const trailers = once(stream, "trailers");
    await ended.promise;
    stream.resume();
    expect(((await trailers) as [Record<string, string>])[0]["grpc-status"]).toBe(
      String(Status.DEADLINE_EXCEEDED),
    );
  });

  test("by a handler that does not read its requests", async () => {
    await using started = await serve({ echoClientStream: async () => ({ text: "enough" }) });
    const forever = (async function* () {
      for (;;) yield { text: "x".repeat(1000) };
    })();
    expect(await echo(started.address).echoClientStream(forever)).toMatchObject({ text: "enough" });
  });

  test("by its handler does not abort the signal", async () => {
    let signal: AbortSignal | undefined;
    await using started = await serve({
      async echoUnary(_, context) {
        ({ signal } = context);
        return {};
      },
    });
    await echo(started.address).echoUnary({});
    expect(signal!.aborted).toBe(false);
  });

  test("tells the deadline to the handler", async () => {
    const seen: (Date | undefined)[] = [];
    await using started = await start((server) =>
      server.add(EchoServiceDefinition, {
        ...echoService(),
        async echoUnary(_, { deadline }) {
          seen.push(deadline);
          return {};
        },
      }),
    );
    using client = rawClient(started.address);
    const path = "/callwire.echo.v1.EchoService/EchoUnary";
    const before = Date.now();
    await client.call(path, { "grpc-timeout": "1H" }, lengthPrefixed(Buffer.alloc(0)));
    await client.call(path, {}, lengthPrefixed(Buffer.alloc(0)));
    expect(seen[0]!.getTime() - before).toBeGreaterThanOrEqual(3_600_000);
    expect(seen[1]).toBeUndefined();
  });
});

describe("flow control", () => {
  test("a slow handler stops its sender", async () => {
    const go = deferred();
    await using started = await start(
      (server) =>
        server.add(EchoServiceDefinition, {
          ...echoService(),
          async echoClientStream(requests) {
            await go.promise;
            return { count: (await collect(requests)).length };
          },
        }),
      { http2: { streamWindow: 64 * 1024, maxStreamWindow: 64 * 1024 } },
    );
    let sent = 0;
    const requests = (async function* () {
      for (; sent < 500; sent++) yield { text: "x".repeat(10_000) };
    })();
    const call = echo(started.address).echoClientStream(requests);
    // Another call on the connection is served meanwhile.
    await echo(started.address).echoUnary({});
    expect(sent).toBeLessThan(250);
    go.resolve();
    expect((await call).count).toBe(500);
  });

  test("a message larger than the windows arrives, behind one that was not read at once", async () => {
    const first = deferred();
    await using started = await start(
      (server) =>
        server.add(EchoServiceDefinition, {
          ...echoService(),
          async echoClientStream(requests) {
            await first.promise;
            const lengths: number[] = [];
            for await (const { text } of requests) lengths.push(text.length);
            return { text: lengths.join() };
          },
        }),
      { http2: { streamWindow: 65_536, maxStreamWindow: 65_536 } },
    );
    using client = rawClient(started.address);
    const message = (length: number) =>
      lengthPrefixed(
        EchoUnaryRequest.encode(EchoUnaryRequest.fromPartial({ text: "x".repeat(length) })).finish(),
      );
    const call = client.call(
      "/callwire.echo.v1.EchoService/EchoClientStream",
      {},
      message(1),
      message(3_000_000),
      message(2),
    );
    await client.call("/callwire.echo.v1.EchoService/EchoUnary", {}, message(0));
    first.resolve();
    expect(EchoUnaryRequest.decode((await call).messages[0]![1]).text).toBe("1,3000000,2");
  });

  test("many tiny messages wait as bytes, and come in order", async () => {
    const go = deferred();
    await using started = await start((server) =>
      server.add(EchoServiceDefinition, {
        ...echoService(),
        async echoClientStream(requests) {
          await go.promise;
          const all = await collect(requests);
          return { count: all.length, text: all.at(-1)!.text };
        },
      }),
    );
    using client = rawClient(started.address);
    const last = lengthPrefixed(
      EchoUnaryRequest.encode(EchoUnaryRequest.fromPartial({ text: "last" })).finish(),
    );
    const call = client.call(
      "/callwire.echo.v1.EchoService/EchoClientStream",
      {},
      Buffer.alloc(5 * 20_000),
      last,
    );
    await client.call("/callwire.echo.v1.EchoService/EchoUnary", {}, lengthPrefixed(Buffer.alloc(0)));
    expect(started.server.stats.messagesReceived).toBeLessThan(6_000);
    go.resolve();
    expect(EchoUnaryRequest.decode((await call).messages[0]![1]).text).toBe("last");
  });

  test("a handler that never waits lets other calls run", async () => {
    let sent = 0;
    await using started = await serve({
      async *echoServerStream() {
        for (;;) yield { index: sent++ };
      },
    });
    const client = echo(started.address);
    const controller = new AbortController();
    const stream = failure(collect(client.echoServerStream({}, { signal: controller.signal })));
    expect(await client.echoUnary({ text: "a" })).toEqual({ text: "a" });
    controller.abort();
    await stream;
    expect(sent).toBeGreaterThan(0);
  });
});
