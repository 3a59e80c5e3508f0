import { describe, expect, test } from "@jest/globals";
import { EchoServiceDefinition, echoService, startServer } from "@callwire/testkit";
import { type CallContext, Metadata, ServerError, Status } from "nice-grpc-common";
import { createClient } from "../testing/clients.js";
import { isRepeatable, pushback, retry } from "./retry.js";

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
])("options out of their limits are refused: %j", (options) => {
  expect(() => retry(options)).toThrow(RangeError);
});
