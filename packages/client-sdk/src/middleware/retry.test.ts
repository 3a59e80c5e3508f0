import { once } from "node:events";
import { connect, createServer as createTcpServer, type AddressInfo, type Socket } from "node:net";
import { describe, expect, test } from "@jest/globals";
import { EchoServiceDefinition, echoService, type EchoUnaryRequest, startServer } from "@callwire/testkit";
import { type CallContext, Metadata, ServerError, Status } from "nice-grpc-common";
import { createClient } from "../test-room/clients.js";
import { sleep as sleepFor } from "../internal/abort.js";
import { isRepeatable, pushback } from "../internal/retry-policy.js";
import { retry } from "./retry.js";

const sleep = (ms: number) => sleepFor(ms, undefined);

const quick = { initialBackoffMs: 5 };

/** An echo server whose unary and server-streaming calls run `attempt` first, with the number of the attempt from 1. */
async function startFlaky(attempt: (n: number, context: CallContext) => void) {
  let attempts = 0;
  const server = await startServer((s) =>
    s.add(
      EchoServiceDefinition,
      echoService((context) => attempt(++attempts, context)),
    ),
  );
  return { ...server, attempts: () => attempts, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

const unavailable = () => new ServerError(Status.UNAVAILABLE, "not now");

describe("a call that fails with UNAVAILABLE", () => {
  test("is tried again, with the number of attempts before and the same request id", async () => {
    const sent: (string | undefined)[][] = [];
    await using server = await startFlaky((n, { metadata }) => {
      sent.push([metadata.get("grpc-previous-rpc-attempts"), metadata.get("x-request-id")]);
      if (n < 4) throw unavailable();
    });
    await using client = createClient(EchoServiceDefinition, { address: server.address, retry: quick });
    expect(await client.echoUnary({ text: "at last" }, { requestId: "r" })).toEqual({ text: "at last" });
    expect(sent).toEqual([
      [undefined, "r"],
      ["1", "r"],
      ["2", "r"],
      ["3", "r"],
    ]);
  });

  test("fails after the last attempt, and its header and trailer callbacks hear of that one only", async () => {
    await using server = await startFlaky((n, { trailer }) => {
      trailer.set("x-attempt", String(n));
      throw unavailable();
    });
    await using client = createClient(EchoServiceDefinition, {
      address: server.address,
      retry: { ...quick, maxAttempts: 2 },
    });
    const trailers: (string | undefined)[] = [];
    const onTrailer = (trailer: Metadata) => void trailers.push(trailer.get("x-attempt"));
    await expect(client.echoUnary({}, { onTrailer })).rejects.toMatchObject({ description: "not now" });
    expect(server.attempts()).toBe(2);
    expect(trailers).toEqual(["2"]);
  });

  test("is tried again as a stream too, but not once it has begun to answer", async () => {
    await using server = await startFlaky((n) => {
      if (n === 1) throw unavailable();
    });
    await using client = createClient(EchoServiceDefinition, { address: server.address, retry: quick });
    const fault = { code: Status.UNAVAILABLE, message: "broke off" };
    const indexes: number[] = [];
    const read = async () => {
      for await (const { index } of client.echoServerStream({ count: 2, fault })) indexes.push(index);
    };
    await expect(read()).rejects.toMatchObject({ description: "broke off" });
    expect(indexes).toEqual([0, 1]);
    expect(server.attempts()).toBe(2);
  });

  test("is not tried again once a header has come", async () => {
    await using server = await startFlaky((_, { header, sendHeader }) => {
      header.set("x-begun", "yes");
      sendHeader();
      throw unavailable();
    });
    await using client = createClient(EchoServiceDefinition, { address: server.address, retry: quick });
    await expect(client.echoUnary({})).rejects.toMatchObject({ code: Status.UNAVAILABLE });
    expect(server.attempts()).toBe(1);
  });

  test.each([
    ["by the call", { retry: false }, {}],
    ["by the client", {}, { retry: false as const }],
  ])("is not tried again if that is refused %s", async (_, callOptions, clientOptions) => {
    await using server = await startFlaky(() => {
      throw unavailable();
    });
    await using client = createClient(EchoServiceDefinition, { address: server.address, ...clientOptions });
    await expect(client.echoUnary({}, callOptions)).rejects.toMatchObject({ code: Status.UNAVAILABLE });
    expect(server.attempts()).toBe(1);
  });

  test("waits as long as the server asks, and stops if it asks for that", async () => {
    await using server = await startFlaky((n, { trailer }) => {
      trailer.set("grpc-retry-pushback-ms", n < 3 ? "1" : "-1");
      throw unavailable();
    });
    // With a wait of its own the test would time out.
    const retry = { initialBackoffMs: 1e6, maxBackoffMs: 1e6 };
    await using client = createClient(EchoServiceDefinition, { address: server.address, retry });
    await expect(client.echoUnary({}, { timeoutMs: Infinity })).rejects.toMatchObject({
      code: Status.UNAVAILABLE,
    });
    expect(server.attempts()).toBe(3);
  });

  test("fails at once if its deadline would pass before the next attempt", async () => {
    await using server = await startFlaky(() => {
      throw unavailable();
    });
    const retry = { initialBackoffMs: 60_000, maxBackoffMs: 60_000 };
    await using client = createClient(EchoServiceDefinition, { address: server.address, retry });
    await expect(client.echoUnary({}, { timeoutMs: 10_000 })).rejects.toMatchObject({
      code: Status.UNAVAILABLE,
    });
    expect(server.attempts()).toBe(1);
  });

  test("stops waiting when its signal is aborted", async () => {
    const controller = new AbortController();
    await using server = await startFlaky((_, { trailer }) => {
      trailer.set("grpc-retry-pushback-ms", "100000");
      setTimeout(() => controller.abort("enough"), 50);
      throw unavailable();
    });
    await using client = createClient(EchoServiceDefinition, { address: server.address });
    const { signal } = controller;
    const call = client.echoUnary({}, { signal, timeoutMs: Infinity });
    await expect(call).rejects.toBe("enough");
    expect(server.attempts()).toBe(1);
  });

  test("is not tried again while most calls of the client fail, until some succeed", async () => {
    let healthy = false;
    await using server = await startFlaky(() => {
      if (!healthy) throw unavailable();
    });
    const retry = { ...quick, maxTokens: 4, tokenRatio: 1 };
    await using client = createClient(EchoServiceDefinition, { address: server.address, retry });
    const attemptsOf = async () => {
      const before = server.attempts();
      await client.echoUnary({}).catch(() => {});
      return server.attempts() - before;
    };
    expect(await attemptsOf()).toBe(2);
    expect(await attemptsOf()).toBe(1);
    healthy = true;
    for (let call = 0; call < 4; call++) await client.echoUnary({});
    healthy = false;
    expect(await attemptsOf()).toBe(2);
  });
});

test("a call outlives a restart of the server, with the default waits", async () => {
  const start = (port?: number) => startServer((s) => s.add(EchoServiceDefinition, echoService()), port);
  const first = await start();
  await using client = createClient(EchoServiceDefinition, { address: first.address });
  await client.echoUnary({});
  first.server.forceShutdown();
  await expect(client.echoUnary({}, { retry: false })).rejects.toMatchObject({ code: Status.UNAVAILABLE });
  const call = client.echoUnary({ text: "still here" });
  await using _second = await start(Number(first.address.split(":")[1]));
  expect(await call).toEqual({ text: "still here" });
});

/** A way to a server, which can be cut off without a word, as by the death of its process, and opened again. */
class Way {
  readonly #sockets = new Set<Socket>();
  readonly #server = createTcpServer((socket) => {
    const other = connect(Number(this.target.split(":")[1]), "127.0.0.1");
    for (const each of [socket, other]) {
      this.#sockets.add(each);
      each.on("error", () => {});
      each.on("close", () => this.#sockets.delete(each));
    }
    socket.pipe(other).pipe(socket);
  });
  #port = 0;
  readonly target: string;

  constructor(target: string) {
    this.target = target;
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  async open(): Promise<void> {
    this.#server.listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  cut(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

/** Calls under way on a server that is killed, and comes back after a while. */
async function restart(calls: number, awayMs: number) {
  let begun = 0;
  let isBack = false;
  let allBegun = (): void => {};
  const begin = new Promise<void>((resolve) => {
    allBegun = resolve;
  });
  const service = echoService();
  const server = await startServer((s) =>
    s.add(EchoServiceDefinition, {
      ...service,
      async echoUnary(request, context) {
        if (isBack) return service.echoUnary(request, context);
        if (++begun === calls) allBegun();
        await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
        return {};
      },
    }),
  );
  const way = new Way(server.address);
  await way.open();
  const client = createClient(EchoServiceDefinition, { address: way.address });
  const running = Array.from({ length: calls }, (_, i) => client.echoUnary({ text: String(i) }));
  const settled = Promise.allSettled(running);
  await begin;
  way.cut();
  await sleep(awayMs / 2);
  // This one finds no server at all.
  const late = Promise.allSettled([client.echoUnary({ text: "late" })]);
  await sleep(awayMs / 2);
  isBack = true;
  await way.open();
  return {
    client,
    outcomes: [...(await settled), ...(await late)],
    async [Symbol.asyncDispose]() {
      client.close();
      way.cut();
      await server[Symbol.asyncDispose]();
    },
  };
}

test("a server that is gone for 0.8 s loses none of 200 calls, and takes no tokens for those that it has not seen", async () => {
  await using restarted = await restart(200, 800);
  expect(restarted.outcomes.filter(({ status }) => status !== "fulfilled")).toEqual([]);
  // Retries are still on.
  const { client } = restarted;
  const fault = { code: Status.UNAVAILABLE, message: "not now" };
  const began = performance.now();
  await expect(client.echoUnary({ fault })).rejects.toMatchObject({ code: Status.UNAVAILABLE });
  // At least two waits, the first of at least 160 ms: it was tried again.
  expect(performance.now() - began).toBeGreaterThan(300);
});

test("a call that no server has seen waits within its deadline, longer than its attempts would", async () => {
  const first = await startServer((s) => s.add(EchoServiceDefinition, echoService()));
  await using client = createClient(EchoServiceDefinition, {
    address: first.address,
    retry: { initialBackoffMs: 1, maxBackoffMs: 1, maxTokens: 2 },
    channelOptions: { "grpc.initial_reconnect_backoff_ms": 100, "grpc.max_reconnect_backoff_ms": 100 },
  });
  await client.echoUnary({});
  first.server.forceShutdown();
  const calls = Array.from({ length: 20 }, () => client.echoUnary({ text: "a" }));
  await expect(client.echoUnary({}, { timeoutMs: 50 })).rejects.toMatchObject({
    code: expect.any(Number),
  });
  await using _second = await startServer(
    (s) => s.add(EchoServiceDefinition, echoService()),
    Number(first.address.split(":")[1]),
  );
  expect(await Promise.all(calls)).toEqual(Array.from({ length: 20 }, () => ({ text: "a" })));
});

test("a client that has never reached a server gives up after its attempts", async () => {
  await using client = createClient(EchoServiceDefinition, { address: "127.0.0.1:1", retry: quick });
  await expect(client.echoUnary({}, { timeoutMs: Infinity })).rejects.toMatchObject({
    code: Status.UNAVAILABLE,
    origin: "connection",
  });
});

test("a wait for a connection has a limit, also without a deadline", async () => {
  const first = await startServer((s) => s.add(EchoServiceDefinition, echoService()));
  await using client = createClient(EchoServiceDefinition, {
    address: first.address,
    retry: { ...quick, maxWaitMs: 50 },
  });
  await client.echoUnary({});
  first.server.forceShutdown();
  await expect(client.echoUnary({}, { timeoutMs: Infinity })).rejects.toMatchObject({
    code: Status.UNAVAILABLE,
  });
});

test.each([Status.INTERNAL, Status.UNKNOWN, Status.ABORTED, Status.CANCELLED, Status.RESOURCE_EXHAUSTED])(
  "a call that fails with code %d is not tried again",
  async (code) => {
    await using server = await startFlaky(() => {
      throw new ServerError(code, "no");
    });
    await using client = createClient(EchoServiceDefinition, { address: server.address, retry: quick });
    await expect(client.echoUnary({})).rejects.toMatchObject({ code });
    expect(server.attempts()).toBe(1);
  },
);

/** The unary method as a definition that is not ts-proto's, with its options. */
function definitionWith(options: object | undefined) {
  const { requestType, responseType } = EchoServiceDefinition.methods.echoUnary;
  return {
    echoUnary: {
      path: `/${EchoServiceDefinition.fullName}/EchoUnary`,
      requestStream: false,
      responseStream: false,
      requestSerialize: (message: Partial<EchoUnaryRequest>) =>
        Buffer.from(requestType.encode(requestType.fromPartial(message)).finish()),
      requestDeserialize: (bytes: Uint8Array) => requestType.decode(bytes),
      responseSerialize: (message: object) =>
        Buffer.from(responseType.encode(responseType.fromPartial(message)).finish()),
      responseDeserialize: (bytes: Uint8Array) => responseType.decode(bytes),
      ...(options !== undefined && { options }),
    },
  } as const;
}

test.each([
  ["proto-loader", { idempotency_level: "NO_SIDE_EFFECTS", deprecated: false }, 2],
  ["proto-loader", { idempotency_level: "IDEMPOTENT" }, 2],
  ["proto-loader with enums as numbers", { idempotency_level: 1 }, 2],
  ["proto-loader", { idempotency_level: "IDEMPOTENCY_UNKNOWN" }, 1],
  ["proto-loader with enums as numbers", { idempotency_level: 0 }, 1],
  ["nice-grpc", { idempotencyLevel: "IDEMPOTENT" }, 2],
  ["grpc-tools", undefined, 1],
])("a definition of %s with the options %j: %d attempts", async (_, options, attempts) => {
  await using server = await startFlaky((n) => {
    if (n === 1) throw unavailable();
  });
  await using client = createClient(definitionWith(options), { address: server.address, retry: quick });
  await client.echoUnary({ text: "a" }).catch(() => {});
  expect(server.attempts()).toBe(attempts);
});

test("a call may be repeated if the contract or the caller says so, but never one that streams its requests", () => {
  const method = { path: "/a.B/C", requestStream: false, responseStream: false, options: {} };
  const idempotent = { ...method, options: { idempotencyLevel: "IDEMPOTENT" as const } };
  expect(isRepeatable(method, undefined)).toBe(false);
  expect(isRepeatable(method, true)).toBe(true);
  expect(isRepeatable(idempotent, undefined)).toBe(true);
  expect(isRepeatable(idempotent, false)).toBe(false);
  expect(isRepeatable({ ...idempotent, requestStream: true }, true)).toBe(false);
});

test.each([
  ["250", 250],
  ["0", 0],
  ["-1", "stop"],
  ["soon", "stop"],
  ["1.5", "stop"],
  ["", "stop"],
  ["99999999999999", "stop"],
])("a pushback of %j is %p", (value, wish) => {
  expect(pushback(Metadata({ "grpc-retry-pushback-ms": value }))).toBe(wish);
  expect(pushback(Metadata())).toBeUndefined();
});

test.each([
  { maxAttempts: 0 },
  { maxAttempts: 6 },
  { maxAttempts: 1.5 },
  { initialBackoffMs: 0 },
  { maxTokens: 0 },
  { maxTokens: 1001 },
  { tokenRatio: 0 },
  { maxWaitMs: -1 },
  { maxWaitMs: NaN },
])("options out of their limits are refused: %j", (options) => {
  expect(() => retry(options)).toThrow(RangeError);
});
