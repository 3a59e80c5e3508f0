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
  [
    "createServer has no option 'limits.maxRecieveMessageBytes'; did you mean 'limits.maxReceiveMessageBytes'?",
    { limits: { maxRecieveMessageBytes: 1 } },
  ],
  [
    'limits.keepaliveTimeMs is "1": it must be a number of milliseconds of at least 0',
    { limits: { keepaliveTimeMs: "1" } },
  ],
  ["limits.keepaliveTimeMs is null: it must be", { limits: { keepaliveTimeMs: null } }],
  ["limits.keepaliveTimeMs is NaN: it must be", { limits: { keepaliveTimeMs: NaN } }],
  [
    "limits.maxConcurrentStreams is -1: it must be a whole number of at least 0",
    { limits: { maxConcurrentStreams: -1 } },
  ],
  ["limits.maxConnections is 0: it must be a whole number of at least 1", { limits: { maxConnections: 0 } }],
  ["limits.compressResponses is 1: it must be true or false", { limits: { compressResponses: 1 } }],
  ['grpc.keepalive_time_ms is "1": it must be a number', { "grpc.keepalive_time_ms": "1" }],
  ["grpc.keepalive_time_ms is NaN: it must be a number", { "grpc.keepalive_time_ms": NaN }],
  ["createServer has no option 'http2.window'", { http2: { window: 1 } }],
  [
    "http2.streamWindow is -1: it must be a whole number from 0 to 2147483647",
    { http2: { streamWindow: -1 } },
  ],
  ["http2.streamWindow is 2147483648: it must be", { http2: { streamWindow: 2 ** 31 } }],
  ["http2.connectionWindow is Infinity: it must be", { http2: { connectionWindow: Infinity } }],
  ["http2.abuse is 1: it must be an object of options", { http2: { abuse: 1 } }],
  [
    "createServer has no option 'http2.abuse.pongs'; did you mean 'http2.abuse.pings'?",
    { http2: { abuse: { pongs: { burst: 1, perSecond: 1 } } } },
  ],
  ["http2.abuse.pings.burst is -1: it must be", { http2: { abuse: { pings: { burst: -1 } } } }],
  ["createServer: options is null", null as unknown as object],
  ["createServer: limits is 5: it must be an object of options", { limits: 5 }],
  [
    "limits.maxReceiveMessageBytes is 1.5: it must be a whole number",
    { limits: { maxReceiveMessageBytes: 1.5 } },
  ],
  ["did you mean 'limits.maxReceiveMessageBytes'?", { http2: { maxReceiveMessageBytes: 1 } }],
  ["createServer: http is an object: it must be an object with the method handler", { http: {} }],
  [
    "createServer has no option 'http1.keepAliveTimeMs'; did you mean 'http1.keepAliveTimeoutMs'?",
    { http1: { keepAliveTimeMs: 1 } },
  ],
  ["createServer: http1.maxHeaderBytes is -1: it must be", { http1: { maxHeaderBytes: -1 } }],
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
