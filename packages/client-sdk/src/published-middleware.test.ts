import { describe, expect, test } from "@jest/globals";
import { ErrorInfo, Status as RpcStatus } from "@callwire/contracts/google/rpc";
import { echoService, EchoServiceDefinition, startServer } from "@callwire/testkit";
import { type Span, SpanStatusCode, trace, type Tracer, type TracerProvider } from "@opentelemetry/api";
import { deadlineMiddleware } from "nice-grpc-client-middleware-deadline";
import { retryMiddleware } from "nice-grpc-client-middleware-retry";
import { type CallContext, Metadata, ServerError, Status } from "nice-grpc-common";
import { errorDetailsClientMiddleware, RichClientError } from "nice-grpc-error-details";
import { prometheusClientMiddleware, registry } from "nice-grpc-prometheus";
import { createClient } from "./test-room/clients.js";

// Middleware that others publish for nice-grpc, as they are, in clients of this package.

function startEcho(observe: (context: CallContext) => void = () => {}) {
  return startServer((s) => s.add(EchoServiceDefinition, echoService(observe)));
}

async function* texts(...all: string[]) {
  for (const text of all) yield { text };
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe("nice-grpc-client-middleware-retry", () => {
  test("repeats a call by its own options, each with a whole call inside it", async () => {
    const ids: (string | undefined)[] = [];
    await using server = await startEcho(({ metadata }) => {
      ids.push(metadata.get("x-request-id"));
      if (ids.length < 3) throw new ServerError(Status.INTERNAL, "not yet");
    });
    await using client = createClient(EchoServiceDefinition, {
      address: server.address,
      retry: false,
      middleware: [retryMiddleware],
    });
    const retried: number[] = [];
    const response = await client.echoUnary(
      { text: "hi" },
      {
        retryBaseDelayMs: 1,
        retryMaxAttempts: 5,
        onRetryableError: (_, attempt) => void retried.push(attempt),
      },
    );
    expect(response).toEqual({ text: "hi" });
    expect(retried).toEqual([0, 1]);
    expect(ids).toEqual([ids[0], ids[0], ids[0]]);
  });

  test("does not take a call that its caller ended for one to repeat", async () => {
    let calls = 0;
    const controller = new AbortController();
    await using server = await startEcho(() => {
      calls++;
      controller.abort("enough");
    });
    await using client = createClient(EchoServiceDefinition, {
      address: server.address,
      middleware: [retryMiddleware],
    });
    const call = client.echoUnary({ fault: { waitForAbort: true } }, { signal: controller.signal });
    await expect(call).rejects.toBe("enough");
    expect(calls).toBe(1);
  });
});

describe("nice-grpc-client-middleware-deadline", () => {
  test("ends a call, and a stream that is being read", async () => {
    await using server = await startEcho();
    await using client = createClient(EchoServiceDefinition, {
      address: server.address,
      middleware: [deadlineMiddleware],
    });
    const late = { name: "CallError", code: Status.DEADLINE_EXCEEDED, description: "Deadline exceeded" };
    const fault = { waitForAbort: true };
    await expect(client.echoUnary({ fault }, { deadline: 50 })).rejects.toMatchObject(late);
    const stream = client.echoServerStream({ count: 2, fault }, { deadline: new Date(Date.now() + 100) });
    await expect(collect(stream)).rejects.toMatchObject(late);
  });
});

test("nice-grpc-prometheus counts calls and messages of every shape", async () => {
  registry.resetMetrics();
  await using server = await startEcho();
  await using client = createClient(EchoServiceDefinition, {
    address: server.address,
    middleware: [prometheusClientMiddleware()],
  });
  await client.echoUnary({ text: "a" });
  await client.echoUnary({ fault: { code: Status.NOT_FOUND } }).catch(() => {});
  expect(await client.echoClientStream(texts("a", "b", "c"))).toMatchObject({ count: 3 });
  expect(await collect(client.echoServerStream({ count: 2 }))).toHaveLength(2);
  expect(await collect(client.echoBidiStream(texts("a", "b")))).toHaveLength(2);
  for await (const _ of client.echoServerStream({ count: 2 })) break;
  const valuesOf = async (name: string) => {
    const metric = await registry.getSingleMetric(name)!.get();
    return Object.fromEntries(
      metric.values.map(({ labels, value }) => [
        [labels["grpc_method"], labels["grpc_code"]].filter((label) => label !== undefined).join(" "),
        value,
      ]),
    );
  };
  expect(await valuesOf("grpc_client_handled_total")).toEqual({
    "EchoUnary OK": 1,
    "EchoUnary NOT_FOUND": 1,
    "EchoClientStream OK": 1,
    "EchoServerStream OK": 1,
    "EchoServerStream CANCELLED": 1,
    "EchoBidiStream OK": 1,
  });
  expect(await valuesOf("grpc_client_msg_sent_total")).toMatchObject({
    EchoClientStream: 3,
    EchoBidiStream: 2,
  });
});

test("nice-grpc-opentelemetry makes a span of each call, with its status", async () => {
  const spans: { name: string; status?: number; ended: boolean }[] = [];
  const startSpan = (name: string) => {
    const recorded: (typeof spans)[number] = { name, ended: false };
    spans.push(recorded);
    const span: Partial<Span> = {
      setAttributes: () => span as Span,
      addEvent: () => span as Span,
      recordException: () => {},
      setStatus({ code }) {
        recorded.status = code;
        return span as Span;
      },
      end: () => void (recorded.ended = true),
      spanContext: () => ({ traceId: "0".repeat(32), spanId: "0".repeat(16), traceFlags: 1 }),
    };
    return span as Span;
  };
  const startActiveSpan = ((name: string, _: unknown, run: (span: Span) => unknown) =>
    run(startSpan(name))) as Tracer["startActiveSpan"];
  const provider: TracerProvider = { getTracer: () => ({ startSpan, startActiveSpan }) };
  // It takes the provider that there is when it is loaded.
  trace.setGlobalTracerProvider(provider);
  try {
    const { openTelemetryClientMiddleware } = await import("nice-grpc-opentelemetry");
    await using server = await startEcho();
    await using client = createClient(EchoServiceDefinition, {
      address: server.address,
      middleware: [openTelemetryClientMiddleware()],
    });
    expect(await client.echoUnary({ text: "hi" })).toEqual({ text: "hi" });
    await client.echoUnary({ fault: { code: Status.NOT_FOUND } }).catch(() => {});
    expect(await collect(client.echoServerStream({ count: 2 }))).toHaveLength(2);
    const name = (method: string) => `callwire.echo.v1.EchoService/${method}`;
    expect(spans).toEqual([
      { name: name("EchoUnary"), ended: true },
      { name: name("EchoUnary"), ended: true, status: SpanStatusCode.ERROR },
      { name: name("EchoServerStream"), ended: true },
    ]);
  } finally {
    trace.disable();
  }
});

test("nice-grpc-error-details sees the trailers, and its error is the cause", async () => {
  const errorInfo = { reason: "NO_STOCK", domain: "shop", metadata: {} };
  await using server = await startEcho(({ trailer }) => {
    const value = ErrorInfo.encode(ErrorInfo.fromPartial({ reason: "NO_STOCK", domain: "shop" })).finish();
    const details = [{ typeUrl: "type.googleapis.com/google.rpc.ErrorInfo", value }];
    const status = RpcStatus.encode({ code: Status.ABORTED, message: "no", details }).finish();
    trailer.set("grpc-status-details-bin", status);
    throw new ServerError(Status.ABORTED, "no");
  });
  await using client = createClient(EchoServiceDefinition, {
    address: server.address,
    middleware: [errorDetailsClientMiddleware],
  });
  const error = await client.echoUnary({}, { metadata: Metadata({ "x-a": "1" }) }).catch((e: unknown) => e);
  expect(error).toMatchObject({
    name: "CallError",
    code: Status.ABORTED,
    origin: "status",
    details: { errorInfo: { reason: "NO_STOCK" } },
  });
  const { cause } = error as { cause: unknown };
  expect(cause).toBeInstanceOf(RichClientError);
  expect((cause as RichClientError).extra).toEqual([expect.objectContaining(errorInfo)]);
});
