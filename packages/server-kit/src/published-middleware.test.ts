import { context, trace, type Span, type SpanStatus, type Tracer } from "@opentelemetry/api";
import { describe, expect, test } from "@jest/globals";
import { Metadata, ServerError, Status, type ServerMiddleware } from "nice-grpc-common";
import { errorDetailsServerMiddleware, ErrorInfo, RichServerError } from "nice-grpc-error-details";
import { prometheusServerMiddleware, registry } from "nice-grpc-prometheus";
import { auth } from "./middleware/auth.js";
import { errorBoundary } from "./middleware/error-boundary.js";
import { forMethods } from "./middleware/for-methods.js";
import { logging } from "./middleware/logging.js";
import { requestId } from "./middleware/request-id.js";
import { startEcho } from "./test-room/echo-server.js";
import { drain, failure } from "./test-room/errors.js";
import { recordLog } from "./testing/recorded-log.js";
import { runtimes } from "./test-room/runtimes.js";

// Middleware as others have published them for nice-grpc, unchanged, among the kit's own.

const outer = () => {
  const log = recordLog();
  const { logger } = log;
  return { log, list: [requestId(), logging({ logger }), errorBoundary({ logger })] as const };
};

/** How often a counter of prometheus was raised for a method. */
async function counted(name: string, method: string): Promise<Record<string, number>> {
  const metric = await registry.getSingleMetric(name)!.get();
  const counts = metric.values.filter(({ labels }) => labels["grpc_method"] === method);
  return Object.fromEntries(counts.map(({ labels, value }) => [String(labels["grpc_code"] ?? ""), value]));
}

/** What a tracer keeps of a span. */
interface KeptSpan {
  name: string;
  status: SpanStatus | undefined;
  attributes: object;
  ended: boolean;
}

/** Keeps all spans from now on. */
function keepSpans(): KeptSpan[] {
  const spans: KeptSpan[] = [];
  const startSpan: Tracer["startSpan"] = (name) => {
    const kept: KeptSpan = { name, status: undefined, attributes: {}, ended: false };
    spans.push(kept);
    const span = {
      setAttributes(attributes: object) {
        Object.assign(kept.attributes, attributes);
        return span;
      },
      setAttribute(key: string, value: unknown) {
        Object.assign(kept.attributes, { [key]: value });
        return span;
      },
      setStatus(status: SpanStatus) {
        kept.status = status;
        return span;
      },
      addEvent: () => span,
      end() {
        kept.ended = true;
      },
    };
    return span as unknown as Span;
  };
  const startActiveSpan = (name: string, ...rest: unknown[]) => {
    const run = rest.at(-1) as (span: Span) => unknown;
    const span = startSpan(name);
    return context.with(trace.setSpan(context.active(), span), () => run(span));
  };
  current.tracer = { startSpan, startActiveSpan };
  return spans;
}

// The package takes its tracer when it is loaded, and a program has one provider for good.
const current: { tracer?: Tracer } = {};
trace.setGlobalTracerProvider({
  getTracer: () => ({
    startSpan: (...args) => current.tracer!.startSpan(...args),
    startActiveSpan: (...args: unknown[]) =>
      (current.tracer!.startActiveSpan as (...args: unknown[]) => unknown)(...args),
  }),
});
const { openTelemetryServerMiddleware } = await import("nice-grpc-opentelemetry");

describe.each(runtimes)("over %s", (_name, runtime) => {
  test("nice-grpc-prometheus counts calls, streams' messages and codes", async () => {
    registry.resetMetrics();
    await using echo = await startEcho({
      runtime,
      middleware: [prometheusServerMiddleware(), ...outer().list],
    });
    await echo.client.echoUnary({ text: "a" });
    await failure((options) =>
      echo.client.echoUnary({ fault: { code: Status.ABORTED, message: "" } }, options),
    );
    await failure((options) => echo.client.echoUnary({ fault: { unexpected: true } }, options));
    await drain(echo.client.echoServerStream({ text: "a", count: 3 }));
    expect(await counted("grpc_server_started_total", "EchoUnary")).toEqual({ "": 3 });
    expect(await counted("grpc_server_handled_total", "EchoUnary")).toEqual({
      OK: 1,
      ABORTED: 1,
      INTERNAL: 1,
    });
    expect(await counted("grpc_server_msg_sent_total", "EchoServerStream")).toEqual({ "": 3 });
  });

  test("nice-grpc-opentelemetry makes a span for each call, with its code", async () => {
    const spans = keepSpans();
    const { log, list } = outer();
    await using echo = await startEcho({ runtime, middleware: [...list, openTelemetryServerMiddleware()] });
    await echo.client.echoUnary({ text: "a" });
    await failure((options) =>
      echo.client.echoUnary({ fault: { code: Status.ABORTED, message: "m" } }, options),
    );
    await drain(echo.client.echoServerStream({ text: "a", count: 1 }));
    expect(spans).toEqual([
      expect.objectContaining({ name: "callwire.echo.v1.EchoService/EchoUnary", ended: true }),
      expect.objectContaining({ status: expect.objectContaining({ message: expect.stringContaining("m") }) }),
      expect.objectContaining({ name: "callwire.echo.v1.EchoService/EchoServerStream", ended: true }),
    ]);
    await log.line({ "grpc.method": "EchoServerStream" });
    expect(log.lines.map((line) => line["grpc.code"])).toEqual(["OK", "ABORTED", "OK"]);
  });

  test("nice-grpc-error-details sends its details, also inside of errorBoundary", async () => {
    const { log, list } = outer();
    await using echo = await startEcho(
      { runtime, middleware: [...list, errorDetailsServerMiddleware] },
      {
        async echoUnary() {
          const info = ErrorInfo.fromPartial({ reason: "ITS_OWN", domain: "example.com" });
          throw new RichServerError(Status.FAILED_PRECONDITION, "rich", [info]);
        },
      },
    );
    const failed = await failure((options) => echo.client.echoUnary({}, options));
    expect(failed).toMatchObject({ code: Status.FAILED_PRECONDITION, message: "rich" });
    expect(failed.details.ErrorInfo).toMatchObject({ reason: "ITS_OWN", domain: "example.com" });
    expect(failed.trailer.get("x-request-id")).toBeDefined();
    expect(await log.line({ "grpc.error": "rich" })).toMatchObject({ "grpc.code": "FAILED_PRECONDITION" });
  });

  test("one that races a stream with a stop ends it, as nice-grpc-server-middleware-terminator does", async () => {
    let terminate = () => {};
    const terminated = new Promise<never>((_, reject) => {
      terminate = () => reject(new ServerError(Status.UNAVAILABLE, "terminated"));
    });
    terminated.catch(() => {});
    const terminator: ServerMiddleware = async function* terminator(call, callContext) {
      if (!call.responseStream) return yield* call.next(call.request, callContext);
      const messages = call.next(call.request, callContext);
      for (;;) {
        const result = await Promise.race([messages.next(), terminated]);
        if (result.done) return undefined;
        yield result.value;
      }
    };
    const { log, list } = outer();
    await using echo = await startEcho({ runtime, middleware: [...list, terminator] });
    const messages = echo.client.echoServerStream({ count: 1, fault: { waitForAbort: true } });
    const stream = messages[Symbol.asyncIterator]();
    await stream.next();
    terminate();
    await expect(stream.next()).rejects.toThrow(/UNAVAILABLE: terminated/);
    expect(await log.line({ "grpc.method": "EchoServerStream" })).toMatchObject({
      "grpc.code": "UNAVAILABLE",
    });
  });

  test("an auth inside of a generator still decides before the body, and forMethods goes around one", async () => {
    registry.resetMetrics();
    const middleware = [
      forMethods("callwire.echo.v1.EchoService/EchoUnary", prometheusServerMiddleware()),
      auth({ verify: (token) => ({ name: token }) }),
    ] as const;
    await using echo = await startEcho({ runtime, middleware });
    const refused = await failure((options) => echo.client.echoUnary({}, options));
    expect(refused.code).toBe(Status.UNAUTHENTICATED);
    expect(await counted("grpc_server_started_total", "EchoUnary")).toEqual({});
    const metadata = Metadata({ authorization: "Bearer a" });
    await echo.client.echoUnary({}, { metadata });
    await drain(echo.client.echoServerStream({}, { metadata }));
    expect(await counted("grpc_server_started_total", "EchoUnary")).toEqual({ "": 1 });
    expect(await counted("grpc_server_started_total", "EchoServerStream")).toEqual({});
  });
});
