import { once } from "node:events";
import { connect } from "node:http2";
import { connect as connectTcp, createServer as createNetServer, type AddressInfo } from "node:net";
import { describe, expect, jest, test } from "@jest/globals";
import { echoService, EchoServiceDefinition, EchoUnaryRequest } from "@callwire/testkit";
import type { ServerCallContext } from "@callwire/transport";
import { lengthPrefixed } from "@callwire/testkit/wire";
import { createChannel, createClient } from "nice-grpc";
import { ClientError, Metadata, ServerError, Status } from "nice-grpc-common";
import { createServer } from "./create-server.js";
import { errorBoundary } from "./middleware/error-boundary.js";
import { logging } from "./middleware/logging.js";
import { requestId } from "./middleware/request-id.js";
import { startEcho } from "./test-room/echo-server.js";
import { drain, failure } from "./test-room/errors.js";
import { recordLog } from "./testing/recorded-log.js";
import { rawCall } from "./test-room/raw-call.js";
import { runtimes } from "./test-room/runtimes.js";

const unaryPath = "/callwire.echo.v1.EchoService/EchoUnary";
const words = async function* () {
  yield { text: "a" };
  yield { text: "b" };
};

describe("add", () => {
  test.each([
    ["an object", (handlers: object) => handlers],
    ["a class", (handlers: object) => Object.create(handlers) as object],
  ])("names the function of %s that has nearly the name of a method", (_what, make) => {
    const { echoUnary, echoBidiStream, echoServerStream, echoClientStream } = echoService();
    const misspelt = {
      echoUnary,
      echoBidiStream,
      EchoServerStream: echoServerStream,
      echoClientStraem: echoClientStream,
    };
    const handlers = make(misspelt) as ReturnType<typeof echoService>;
    expect(() => createServer().add(EchoServiceDefinition, handlers)).toThrow(
      "no handler for echoServerStream (is 'EchoServerStream' misspelt?), echoClientStream (is 'echoClientStraem' misspelt?)",
    );
  });

  test("names every method without a handler", () => {
    const { echoUnary, echoBidiStream } = echoService();
    const incomplete = { echoUnary, echoBidiStream } as ReturnType<typeof echoService>;
    expect(() => createServer().add(EchoServiceDefinition, incomplete)).toThrow(
      "callwire.echo.v1.EchoService: no handler for echoServerStream, echoClientStream",
    );
  });

  test("takes a service once, and only before the server listens", async () => {
    const server = createServer().add(EchoServiceDefinition, echoService());
    expect(() => server.add(EchoServiceDefinition, echoService())).toThrow(
      "callwire.echo.v1.EchoService was added before",
    );
    await server.listen("127.0.0.1:0");
    expect(() => server.add(EchoServiceDefinition, echoService())).toThrow(/before the server listens/);
    server.forceShutdown();
  });
});

describe.each(runtimes)("over %s", (_name, runtime) => {
  test("serves a service without methods beside others", async () => {
    const server = createServer({ runtime })
      .add({ name: "Empty", fullName: "a.Empty", methods: {} }, {})
      .add(EchoServiceDefinition, echoService());
    await expect(server.listen("127.0.0.1:0")).resolves.toBeGreaterThan(0);
    expect(server.health.get("a.Empty")).toBe("SERVING");
    server.forceShutdown();
  });

  test("serves the four call shapes through the whole chain", async () => {
    const { logger } = recordLog();
    await using echo = await startEcho({
      runtime,
      middleware: [requestId(), logging({ logger }), errorBoundary({ logger })],
    });
    expect(await echo.client.echoUnary({ text: "a" })).toEqual({ text: "a" });
    expect(await drain(echo.client.echoServerStream({ text: "a", count: 2 }))).toEqual([
      { text: "a", index: 0 },
      { text: "a", index: 1 },
    ]);
    expect(await echo.client.echoClientStream(words())).toEqual({ text: "a,b", count: 2 });
    expect(await drain(echo.client.echoBidiStream(words()))).toEqual([{ text: "a" }, { text: "b" }]);
  });

  describe("listen", () => {
    test("says which address is taken; the server can listen on another", async () => {
      const other = createNetServer().listen(0, "127.0.0.1");
      await once(other, "listening");
      const taken = `127.0.0.1:${(other.address() as AddressInfo).port}`;
      const server = createServer({ runtime, reflection: new Uint8Array() });
      await expect(server.listen(taken)).rejects.toThrow(
        `cannot listen on ${taken}: the address is already in use`,
      );
      await expect(server.listen("127.0.0.1:0")).resolves.toBeGreaterThan(0);
      await expect(server.listen("127.0.0.1:0")).rejects.toThrow(/the server listens already/);
      server.forceShutdown();
      other.close();
    });

    test.each([
      ["127.0.0.1", "the port is missing, as in '127.0.0.1:50051'"],
      ["localhost", "the port is missing, as in 'localhost:50051'"],
      ["127.0.0.1:", "the port is missing"],
      ["[::1]", "the port is missing, as in '[::1]:50051'"],
      ["::1:50051", "an IPv6 address stands in brackets"],
      [":50051", "the host is missing, as in '0.0.0.0:50051'"],
      ["50051", "the host is missing, as in '127.0.0.1:50051'"],
      ["127.0.0.1:70000", "a port is 65535 at most"],
      ["http://127.0.0.1:50051", "has no scheme"],
      ["tcp://127.0.0.1:50051", "has no scheme"],
      ["", "the port is missing"],
      ["unix:", "the path is missing"],
      ["unix:/no-such-folder/s", "its folder must exist"],
      [50051, "the address is 50051: it must be a text"],
      [undefined, "the address is missing"],
      [{ port: 1 }, "the address is an object"],
    ])("refuses %p", async (address, message) => {
      const server = createServer({ runtime });
      await expect(server.listen(address as string)).rejects.toThrow(message);
      await expect(server.listen("127.0.0.1:0")).resolves.toBeGreaterThan(0);
      server.forceShutdown();
    });

    test.each<[string, unknown, string]>([
      [
        "PEM",
        { cert: "x", key: "y" },
        "credentials is an object: it must be credentials that tlsCredentials(",
      ],
      ["a promise", Promise.resolve(), "credentials is a promise, which was not awaited"],
      ["null", null, "credentials is null"],
      ["a number", 5, "credentials is 5"],
    ])("refuses %s as credentials", async (_, credentials, message) => {
      const server = createServer({ runtime });
      await expect(server.listen("127.0.0.1:0", credentials as object)).rejects.toThrow(message);
    });

    test("without a word of a library on standard error", async () => {
      const written = jest.spyOn(console, "error").mockImplementation(() => {});
      const other = createNetServer().listen(0, "127.0.0.1");
      await once(other, "listening");
      const taken = `127.0.0.1:${(other.address() as AddressInfo).port}`;
      await expect(createServer({ runtime }).listen(taken)).rejects.toThrow("or give another port");
      expect(written).not.toHaveBeenCalled();
      written.mockRestore();
      other.close();
    });

    test("says which address is none", async () => {
      await expect(createServer({ runtime }).listen("256.0.0.1.invalid:0")).rejects.toThrow(
        /^cannot listen on 256\.0\.0\.1\.invalid:0: ./,
      );
    });
  });

  describe("context.call", () => {
    const start = async () => {
      const seen: ServerCallContext[] = [];
      const echo = await startEcho(
        { runtime },
        {
          async echoUnary({ text }, { call }) {
            seen.push(call);
            return { text };
          },
          async *echoServerStream(_request, { call }) {
            seen.push(call);
            yield { text: "", index: 0 };
          },
        },
      );
      return { ...echo, seen };
    };

    test("tells the method, its options, the metadata, the peer and the authority", async () => {
      await using echo = await start();
      const metadata = Metadata({ "x-tag": "1", "x-blob-bin": new Uint8Array([0, 255]) });
      await echo.client.echoUnary({}, { metadata });
      await drain(echo.client.echoServerStream({}));
      const [unary, stream] = echo.seen;
      expect(unary).toMatchObject({
        method: { path: unaryPath, requestStream: false, responseStream: false },
        peer: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
        authority: echo.address,
        deadline: undefined,
        peerCertificate: undefined,
      });
      expect(unary?.method.options.idempotencyLevel).toBe("IDEMPOTENT");
      expect(unary?.metadata.get("x-tag")).toBe("1");
      expect(Array.from(unary?.metadata.get("x-blob-bin") ?? [])).toEqual([0, 255]);
      expect(stream?.method).toMatchObject({
        responseStream: true,
        options: { idempotencyLevel: "NO_SIDE_EFFECTS" },
      });
    });

    test("tells the deadline that came as grpc-timeout", async () => {
      await using echo = await start();
      const before = Date.now();
      using call = rawCall(echo.address, unaryPath, { "grpc-timeout": "30S" });
      call.stream.end(lengthPrefixed(new Uint8Array()));
      expect((await call.response).trailers?.["grpc-status"]).toBe("0");
      const deadline = echo.seen[0]?.deadline?.getTime() ?? 0;
      expect(deadline).toBeGreaterThanOrEqual(before + 30_000);
      expect(deadline).toBeLessThanOrEqual(Date.now() + 30_000);
    });
  });

  test("a deadline aborts the handler's signal, and the client sees DEADLINE_EXCEEDED", async () => {
    let reason: unknown;
    await using echo = await startEcho(
      { runtime },
      {
        async echoUnary(_request, { signal }) {
          await once(signal, "abort");
          reason = signal.reason;
          throw reason;
        },
      },
    );
    // Long enough for the handler to begin, on a busy machine too.
    using call = rawCall(echo.address, unaryPath, { "grpc-timeout": "500m" });
    call.stream.end(lengthPrefixed(new Uint8Array()));
    expect((await call.response).headers["grpc-status"]).toBe(String(Status.DEADLINE_EXCEEDED));
    expect(reason).toMatchObject({ name: "AbortError" });
  });

  describe("a call of its handler's that fails by the same deadline, and is the first to say so", () => {
    const nested = Object.assign(new Error("the deadline passed"), { code: Status.DEADLINE_EXCEEDED });
    const untilNearly = ({ deadline }: { deadline?: Date | undefined }) => {
      while (deadline!.getTime() - Date.now() > 5);
    };
    const answered = async (thrown: Error, path: string) => {
      const log = jest.fn();
      const errors = { error: log, warn: log };
      await using echo = await startEcho(
        { runtime, middleware: [errorBoundary({ logger: errors })] },
        {
          async echoUnary(_request, context) {
            untilNearly(context);
            throw thrown;
          },
          async *echoServerStream(_request, context) {
            yield { text: "first" };
            untilNearly(context);
            throw thrown;
          },
        },
      );
      // Long enough for the handler to begin, on a busy machine too.
      using call = rawCall(echo.address, path, { "grpc-timeout": "200m" });
      call.stream.end(lengthPrefixed(new Uint8Array()));
      call.stream.resume();
      const { headers, trailers } = await call.response;
      const fields = { ...headers, ...trailers };
      return {
        code: fields["grpc-status"],
        text: decodeURIComponent(String(fields["grpc-message"])),
        logged: log.mock.calls.length,
      };
    };

    test.each([unaryPath, unaryPath.replace("EchoUnary", "EchoServerStream")])(
      "is the end of %s by its own",
      async (path) => {
        expect(await answered(nested, path)).toEqual({
          code: String(Status.DEADLINE_EXCEEDED),
          text: "Deadline exceeded",
          logged: 0,
        });
      },
    );

    test("is told from an error with the same code that the handler has made", async () => {
      const made = new ServerError(Status.DEADLINE_EXCEEDED, "slow-disk");
      expect(await answered(made, unaryPath)).toMatchObject({ text: "slow-disk" });
    });

    test("is told from one long before it", async () => {
      await using echo = await startEcho(
        { runtime, middleware: [errorBoundary({ logger: { error() {}, warn() {} } })] },
        {
          async echoUnary() {
            throw nested;
          },
        },
      );
      const failed = await failure((options) => echo.client.echoUnary({ text: "a" }, options));
      expect(failed.code).toBe(Status.INTERNAL);
    });
  });

  test("messages that say when they are closed that their call was cancelled, as those of another call do, are no fault", async () => {
    const log = jest.fn();
    const errors = { error: log, warn: log };
    const cancel = new AbortController();
    let closed = () => {};
    const isClosed = new Promise<void>((resolve) => (closed = resolve));
    await using echo = await startEcho(
      { runtime, middleware: [errorBoundary({ logger: errors })] },
      {
        echoServerStream(_request, { signal }) {
          let count = 0;
          return {
            [Symbol.asyncIterator]: () => ({
              next: async () =>
                count++ === 0 ? { done: false, value: { text: "a" } } : await new Promise<never>(() => {}),
              return: () => {
                closed();
                return Promise.reject(signal.reason as Error);
              },
            }),
          };
        },
      },
    );
    const messages = echo.client.echoServerStream({}, { signal: cancel.signal })[Symbol.asyncIterator]();
    await messages.next();
    cancel.abort();
    await messages.next().catch(() => {});
    await isClosed;
    await new Promise((resolve) => setImmediate(resolve));
    expect(log).not.toHaveBeenCalled();
  });

  test.each(["connection", "te", "transfer-encoding", "grpc-status", "content-length"])(
    "a handler that sets %p in its metadata harms nothing",
    async (key) => {
      await using echo = await startEcho(
        { runtime },
        {
          async echoUnary({ text }, { header, trailer }) {
            header.set(key, "99").set("x-good", "1");
            trailer.set(key, "99").set("x-good", "2");
            if (text === "fail") throw new ServerError(Status.ABORTED, "meant");
            return { text };
          },
        },
      );
      let trailer = Metadata();
      const answer = await echo.client.echoUnary({ text: "a" }, { onTrailer: (value) => (trailer = value) });
      expect(answer).toEqual({ text: "a" });
      expect(trailer.get("x-good")).toBe("2");
      const failed = await failure((options) => echo.client.echoUnary({ text: "fail" }, options));
      expect(failed.code).toBe(Status.ABORTED);
    },
  );

  describe("limits", () => {
    test("a message too large, either way, fails its call and no other", async () => {
      await using echo = await startEcho(
        { runtime, limits: { maxReceiveMessageBytes: 1000, maxSendMessageBytes: 2000 } },
        {
          async echoUnary({ text }) {
            return { text: text === "big" ? "x".repeat(3000) : text };
          },
        },
      );
      const messages = echo.client.echoServerStream({ count: 1, fault: { waitForAbort: true } });
      const stream = messages[Symbol.asyncIterator]();
      await stream.next();
      const received = await failure((options) => echo.client.echoUnary({ text: "x".repeat(2000) }, options));
      expect(received.code).toBe(Status.RESOURCE_EXHAUSTED);
      const sent = await failure((options) => echo.client.echoUnary({ text: "big" }, options));
      expect(sent.code).toBe(Status.RESOURCE_EXHAUSTED);
      expect(await echo.client.echoUnary({ text: "small" })).toEqual({ text: "small" });
      let ended = false;
      const next = stream.next().then(
        () => (ended = true),
        () => (ended = true),
      );
      expect(await echo.client.echoUnary({ text: "small" })).toEqual({ text: "small" });
      expect(ended).toBe(false);
      echo.server.forceShutdown();
      await next;
    });

    test("calls above the number that a connection may carry wait for a place", async () => {
      const running: (() => void)[] = [];
      let arrived = () => {};
      await using echo = await startEcho(
        { runtime, limits: { maxConcurrentStreams: 2 } },
        {
          async echoUnary({ text }) {
            await new Promise<void>((resolve) => {
              running.push(resolve);
              arrived();
            });
            return { text };
          },
        },
      );
      const calls = (count: number) =>
        new Promise<void>((resolve) => {
          arrived = () => running.length === count && resolve();
          arrived();
        });
      const one = echo.client.echoUnary({ text: "1" });
      await calls(1);
      const others = [echo.client.echoUnary({ text: "2" }), echo.client.echoUnary({ text: "3" })];
      await calls(2);
      // A call over another connection shows that the third was not merely slow.
      const probe = echo.connect().echoUnary({ text: "probe" });
      await calls(3);
      running[2]?.();
      expect(await probe).toEqual({ text: "probe" });
      running[0]?.();
      await one;
      await calls(4);
      for (const finish of running) finish();
      expect(await Promise.all(others)).toEqual([{ text: "2" }, { text: "3" }]);
    });

    test("a connection without calls is closed", async () => {
      await using echo = await startEcho({ runtime, limits: { maxConnectionIdleMs: 50 } });
      const session = connect(`http://${echo.address}`);
      session.on("error", () => {});
      await once(session, "close");
      expect(session.closed).toBe(true);
    });

    test("a silent connection is sent a PING, and ended if it does not answer", async () => {
      await using echo = await startEcho({
        runtime,
        limits: { keepaliveTimeMs: 50, keepaliveTimeoutMs: 50 },
      });
      const socket = connectTcp(echo.port, "127.0.0.1");
      // HTTP/2's preface and an empty SETTINGS frame; then silence.
      socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0");
      socket.resume();
      socket.on("error", () => {});
      await once(socket, "close");
      await expect(echo.client.echoUnary({ text: "a" })).resolves.toEqual({ text: "a" });
    });
  });

  test("1,000 calls that their clients cancel leave nothing running", async () => {
    const signals: AbortSignal[] = [];
    let ended = 0;
    let began = 0;
    await using echo = await startEcho(
      { runtime },
      {
        async *echoServerStream(_request, { signal }) {
          began++;
          signals.push(signal);
          try {
            yield { text: "", index: 0 };
            await once(signal, "abort");
          } finally {
            ended++;
          }
        },
      },
    );
    const cancelOne = async () => {
      const cancel = new AbortController();
      const messages = echo.client.echoServerStream({}, { signal: cancel.signal });
      const stream = messages[Symbol.asyncIterator]();
      await stream.next();
      cancel.abort();
      await stream.next().catch((error: unknown) => expect(error).not.toBeInstanceOf(ClientError));
    };
    for (let round = 0; round < 10; round++) await Promise.all(Array.from({ length: 100 }, cancelOne));
    expect(began).toBe(1000);
    expect(await echo.server.shutdown()).toEqual({ forced: false, cutOff: [] });
    expect(ended).toBe(1000);
    expect(signals.every((signal) => signal.aborted)).toBe(true);
    // Over node:http2 it is 2 s of work.
  }, 60_000);

  test.each<[string, unknown, unknown]>([
    ["an error", new Error("returned"), "an error (returned): errors are thrown"],
    ["a text", "x", "a text"],
    ["an iterable", words(), "an iterable"],
  ])("%s in place of a message fails the call, and the log says why", async (_what, returned, why) => {
    const { logger, text } = recordLog();
    await using echo = await startEcho(
      { runtime, middleware: [errorBoundary({ logger })] },
      { echoUnary: async () => returned as object },
    );
    const channel = createChannel(echo.address);
    await expect(createClient(EchoServiceDefinition, channel).echoUnary({})).rejects.toMatchObject({
      code: Status.INTERNAL,
    });
    expect(text()).toContain(why);
    channel.close();
  });

  test("a message that cannot be read is INTERNAL, and the server goes on", async () => {
    await using echo = await startEcho({ runtime });
    const whole = EchoUnaryRequest.encode(EchoUnaryRequest.fromPartial({ text: "hello" })).finish();
    using call = rawCall(echo.address, unaryPath);
    call.stream.end(lengthPrefixed(whole.subarray(0, 3)));
    expect((await call.response).headers["grpc-status"]).toBe(String(Status.INTERNAL));
    const channel = createChannel(echo.address);
    expect(await createClient(EchoServiceDefinition, channel).echoUnary({ text: "a" })).toEqual({
      text: "a",
    });
    channel.close();
  });
});

test.each<[string, unknown, string]>([
  ["null", null, "createServer takes an object of options, and was given null"],
  ["an array", [requestId()], "createServer takes an object of options, and was given an array"],
  [
    "one middleware",
    { middleware: requestId() },
    "createServer: middleware is an object: it must be an array",
  ],
  [
    "a hole",
    { middleware: [undefined] },
    "createServer: middleware[0] is undefined: it must be a middleware",
  ],
  [
    "a factory",
    { middleware: [requestId] },
    "middleware[0] is requestId itself: call it, as in requestId({ … })",
  ],
  [
    "an async function",
    { middleware: [async () => {}] },
    "createServer: middleware[0] is an async function: a middleware is an async generator",
  ],
  ["a name", { middleware: [{ arrived() {} }] }, "createServer: middleware[0] has no name"],
  [
    "a misspelt phase",
    { middleware: [{ name: "a", arived() {} }] },
    "no phase 'arived'; did you mean 'arrived'?",
  ],
  [
    "a phase that is none",
    { middleware: [{ name: "a", failed: true }] },
    "failed is a boolean: it must be a function",
  ],
  ["a misplaced limit", { maxReceiveMessageBytes: 1 }, "createServer has no option 'maxReceiveMessageBytes'"],
  ["no runtime", { runtime: "nice-grpc" }, 'createServer: runtime is "nice-grpc": it must be an object with'],
  [
    "a reflection that is none",
    { reflection: true },
    "createServer: reflection is true: it must be a Uint8Array, or",
  ],
])("createServer refuses %s", (_what, options, message) => {
  expect(() => createServer(options as object)).toThrow(message);
});

test("the settings of connections are the transport's, and refused elsewhere", () => {
  expect(() => createServer({ http2: { maxQueuedByte: 1 } } as object)).toThrow(
    "did you mean 'http2.maxQueuedBytes'?",
  );
  expect(() => createServer({ http2: { handshakeTimeoutMs: NaN } })).toThrow(
    "http2.handshakeTimeoutMs is NaN",
  );
  const niceGrpcRuntime = runtimes.find(([name]) => name === "nice-grpc")![1];
  expect(() => createServer({ runtime: niceGrpcRuntime, http2: { streamWindow: 1 } })).toThrow(
    "servers of nice-grpc have no option 'http2'",
  );
  const server = createServer({ http2: { maxHeaderListSize: 2_000 }, limits: { requestTimeoutMs: 5 } });
  expect(() => server.shutdown({ timeoutMs: -1 })).toThrow("shutdown: timeoutMs is -1");
  expect(() => server.shutdown({ timeout: 1 } as object)).toThrow("did you mean 'timeoutMs'?");
});

test.each(runtimes)("a method named as the prototype is served over %s", async (_name, runtime) => {
  const { echoUnary } = EchoServiceDefinition.methods;
  const definition = {
    name: "S",
    fullName: "a.S",
    methods: { ["__proto__"]: { ...echoUnary, name: "__proto__" } },
  } as const;
  const server = createServer({ runtime }).add(definition, { ["__proto__"]: async ({ text }) => ({ text }) });
  const port = await server.listen("127.0.0.1:0");
  using call = rawCall(`127.0.0.1:${port}`, "/a.S/__proto__");
  call.stream.end(Buffer.from([0, 0, 0, 0, 3, 10, 1, 97]));
  expect((await call.response).data).toEqual(Buffer.from([0, 0, 0, 0, 3, 10, 1, 97]));
  server.forceShutdown();
});
