import { expect, jest, test } from "@jest/globals";
import { EchoServiceDefinition, echoService } from "@callwire/testkit";
import { echoClient } from "../testing/echo-client.js";
import { start } from "../testing/echo-server.js";
import { deferred } from "../testing/outcomes.js";
import { connectionOptions } from "../grpc/connection-settings.js";
import { MAX_TIMER_MS } from "../http2/timers.js";
import { createServer } from "./create-server.js";
import { defaultServerLimits, serverLimits, type ServerOptions } from "./server-options.js";

test.each<[string, object]>([
  ["there is no limits.maxRecieveMessageBytes", { limits: { maxRecieveMessageBytes: 1 } }],
  ["limits.keepaliveTimeMs must be of type number", { limits: { keepaliveTimeMs: "1" } }],
  ["limits.keepaliveTimeMs must be of type number", { limits: { keepaliveTimeMs: null } }],
  ["limits.keepaliveTimeMs must not be under 0: NaN", { limits: { keepaliveTimeMs: NaN } }],
  ["limits.maxConcurrentStreams must not be under 0: -1", { limits: { maxConcurrentStreams: -1 } }],
  ["limits.compressResponses must be of type boolean", { limits: { compressResponses: 1 } }],
  ["grpc.keepalive_time_ms must be of type number", { "grpc.keepalive_time_ms": "1" }],
  ["grpc.keepalive_time_ms must not be under -1: NaN", { "grpc.keepalive_time_ms": NaN }],
  ["there is no http2.window", { http2: { window: 1 } }],
  ["http2.streamWindow must not be under 0: -1", { http2: { streamWindow: -1 } }],
  ["http2.streamWindow must be 2147483647 at most: 2147483648", { http2: { streamWindow: 2 ** 31 } }],
  ["http2.connectionWindow must be 2147483647 at most: Infinity", { http2: { connectionWindow: Infinity } }],
  ["http2.abuse must be of type object", { http2: { abuse: 1 } }],
  ["there is no http2.abuse.pongs", { http2: { abuse: { pongs: { burst: 1, perSecond: 1 } } } }],
  ["http2.abuse.pings.burst must not be under 0: -1", { http2: { abuse: { pings: { burst: -1 } } } }],
])("refuses what is wrong: %s", (message, options) => {
  expect(() => createServer(options as ServerOptions)).toThrow(message);
});

test("what is not given has its default", () => {
  const { keepaliveTimeMs } = defaultServerLimits;
  expect(serverLimits({}, { keepaliveTimeMs: undefined as unknown as number })).toEqual(defaultServerLimits);
  expect(serverLimits({ "grpc.keepalive_time_ms": -1 }, {}).keepaliveTimeMs).toBe(Infinity);
  const both = serverLimits({ "grpc.keepalive_time_ms": 1 }, { keepaliveTimeMs });
  expect(both.keepaliveTimeMs).toBe(keepaliveTimeMs);
  expect(connectionOptions({}).abuse).toEqual(connectionOptions({ abuse: undefined! }).abuse);
});

test("without any limit it serves; nothing that never comes comes at once", async () => {
  const timers = jest.spyOn(globalThis, "setTimeout");
  const limits = Object.fromEntries(
    Object.entries(defaultServerLimits).map(([name, value]) => [
      name,
      typeof value === "number" ? Infinity : value,
    ]),
  );
  const none = Infinity;
  const http2 = {
    maxHeaderListSize: none,
    maxUnreadBytes: none,
    maxQueuedBytes: none,
    handshakeTimeoutMs: none,
  };
  const arrived = deferred<() => void>();
  await using started = await start(
    (server) =>
      server.add(EchoServiceDefinition, {
        ...echoService(),
        echoUnary: ({ text }) =>
          new Promise((resolve) => {
            arrived.resolve(() => resolve({ text }));
          }),
      }),
    { limits, http2 },
  );
  using echo = echoClient(started.address, {
    "grpc.keepalive_time_ms": 2 ** 33,
    "grpc.keepalive_timeout_ms": none,
    "grpc.keepalive_permit_without_calls": 1,
    "grpc.initial_reconnect_backoff_ms": none,
    "grpc.min_reconnect_backoff_ms": 2 ** 40,
    "grpc.client_idle_timeout_ms": none,
  });
  const answer = echo.client.echoUnary({ text: "a" }, { deadline: new Date(8.64e15) });
  const finish = await arrived.promise;
  const drained = started.server.drain(none);
  // As long as a timer that overflows takes, and longer.
  await new Promise((resolve) => setTimeout(resolve, 20));
  finish();
  expect(await answer).toEqual({ text: "a" });
  expect(await drained).toEqual({ forced: false, cutOff: [] });
  const delays = timers.mock.calls.map(([, ms]) => ms ?? 0);
  timers.mockRestore();
  expect(delays.length).toBeGreaterThan(3);
  expect(Math.max(...delays)).toBe(MAX_TIMER_MS);
});
