import { describe, expect, test } from "@jest/globals";
import { EchoUnaryRequest } from "@callwire/testkit";
import { lengthPrefixed } from "@callwire/testkit/wire";
import { Metadata, Status, type ServerMiddleware } from "nice-grpc-common";
import { startEcho } from "../test-room/echo-server.js";
import { drain, failure } from "../test-room/errors.js";
import { recordLog } from "../testing/recorded-log.js";
import { rawCall } from "../test-room/raw-call.js";
import { runtimes } from "../test-room/runtimes.js";
import { errorBoundary } from "./error-boundary.js";
import { levelOf, logging, type LoggingContext } from "./logging.js";
import { requestId } from "./request-id.js";

test.each([
  [Status.OK, "info"],
  [Status.NOT_FOUND, "info"],
  [Status.CANCELLED, "info"],
  [Status.INTERNAL, "error"],
  [Status.UNKNOWN, "error"],
  [Status.UNAVAILABLE, "warn"],
  [Status.DEADLINE_EXCEEDED, "warn"],
] as const)("code %p is at level %p", (code, level) => {
  expect(levelOf(code)).toBe(level);
});

describe.each(runtimes)("over %s", (_name, runtime) => {
  const start = async () => {
    const log = recordLog();
    const { logger } = log;
    const echo = await startEcho({
      runtime,
      middleware: [requestId(), logging({ logger }), errorBoundary({ logger })],
    });
    return { ...echo, log };
  };
  const two = async function* () {
    yield { text: "secret text" };
    yield { text: "b" };
  };

  test("writes one line for a call of each shape, without what was said", async () => {
    await using echo = await start();
    const metadata = Metadata({ "x-request-id": "id-1", authorization: "Bearer abc" });
    await echo.client.echoUnary({ text: "secret text" }, { metadata });
    await drain(echo.client.echoServerStream({ text: "secret text", count: 3 }, { metadata }));
    await echo.client.echoClientStream(two(), { metadata });
    await drain(echo.client.echoBidiStream(two(), { metadata }));
    await echo.log.line({ "grpc.method_type": "bidi_stream" });
    expect(echo.log.lines.map((line) => line["grpc.method_type"])).toEqual([
      "unary",
      "server_stream",
      "client_stream",
      "bidi_stream",
    ]);
    for (const line of echo.log.lines) {
      expect(line).toMatchObject({
        level: 30,
        msg: "finished call",
        "grpc.code": "OK",
        "grpc.service": "callwire.echo.v1.EchoService",
        "grpc.start_time": expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
        "grpc.time_ms": expect.any(Number),
        "peer.address": expect.stringMatching(/^127\.0\.0\.1:\d+$/),
        request_id: "id-1",
      });
      expect(line).not.toHaveProperty(["grpc.request.deadline"]);
    }
    expect(echo.log.text()).not.toMatch(/secret text|Bearer/);
  });

  test("writes the code and message of an error made on purpose", async () => {
    await using echo = await start();
    await failure((options) =>
      echo.client.echoUnary({ fault: { code: Status.UNAVAILABLE, message: "later" } }, options),
    );
    expect(echo.log.lines).toEqual([
      expect.objectContaining({ level: 40, "grpc.code": "UNAVAILABLE", "grpc.error": "later" }),
    ]);
  });

  test("writes an unexpected error as it went out", async () => {
    await using echo = await start();
    await failure((options) =>
      echo.client.echoUnary({ fault: { unexpected: true, message: "bug" } }, options),
    );
    expect(echo.log.lines.filter((line) => line["msg"] === "finished call")).toEqual([
      expect.objectContaining({ level: 50, "grpc.code": "INTERNAL", "grpc.error": "internal error" }),
    ]);
  });

  test("writes a call that its client cancelled, of each kind of response", async () => {
    await using echo = await start();
    const cancel = new AbortController();
    const stream = echo.client.echoServerStream(
      { count: 1, fault: { waitForAbort: true } },
      { signal: cancel.signal },
    );
    const reading = stream[Symbol.asyncIterator]();
    await reading.next();
    const pending = expect(reading.next()).rejects.toThrow();
    cancel.abort();
    await pending;
    expect(await echo.log.line({ "grpc.method": "EchoServerStream" })).toMatchObject({
      level: 30,
      "grpc.code": "CANCELLED",
    });
    expect(echo.log.lines).toHaveLength(1);
  });

  test("writes a call that ran into its deadline", async () => {
    await using echo = await start();
    using call = rawCall(echo.address, "/callwire.echo.v1.EchoService/EchoUnary", { "grpc-timeout": "50m" });
    const request = EchoUnaryRequest.fromPartial({ fault: { waitForAbort: true } });
    call.stream.end(lengthPrefixed(EchoUnaryRequest.encode(request).finish()));
    expect((await call.response).headers["grpc-status"]).toBe(String(Status.DEADLINE_EXCEEDED));
    expect(await echo.log.line({ "grpc.method": "EchoUnary" })).toMatchObject({
      level: 40,
      "grpc.code": "DEADLINE_EXCEEDED",
      "grpc.request.deadline": expect.stringMatching(/^\d{4}-/),
    });
  });

  test("writes a stream that the server's stop ended", async () => {
    await using echo = await start();
    const messages = echo.client.echoServerStream({ count: 1, fault: { waitForAbort: true } });
    const stream = messages[Symbol.asyncIterator]();
    await stream.next();
    const ended = expect(stream.next()).rejects.toThrow(/UNAVAILABLE/);
    await echo.server.shutdown();
    await ended;
    expect(echo.log.lines).toEqual([
      expect.objectContaining({
        "grpc.code": "UNAVAILABLE",
        "grpc.error": expect.stringContaining("stopping"),
      }),
    ]);
  });

  test("writes what an inner middleware adds", async () => {
    const log = recordLog();
    const { logger } = log;
    const whoCalled: ServerMiddleware<{}, LoggingContext> = async function* whoCalled(call, context) {
      context.addLogFields({ subject: "alice" });
      return yield* call.next(call.request, context);
    };
    await using echo = await startEcho({ runtime, middleware: [logging({ logger }), whoCalled] });
    await echo.client.echoUnary({ text: "a" });
    expect(await log.line({ "grpc.method": "EchoUnary" })).toMatchObject({
      "grpc.code": "OK",
      subject: "alice",
    });
  });
});
