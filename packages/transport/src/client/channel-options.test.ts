import { expect, test } from "@jest/globals";
import { Backoff } from "./backoff.js";
import { channelSettings } from "./channel-options.js";

test("the defaults are gRPC's", () => {
  expect(channelSettings({})).toMatchObject({
    maxReceiveBytes: 4 * 1024 * 1024,
    maxSendBytes: 0x7fffffff,
    keepaliveTimeMs: Infinity,
    keepaliveTimeoutMs: 20_000,
    keepaliveWithoutCalls: false,
    initialBackoffMs: 1000,
    maxBackoffMs: 120_000,
    connectTimeoutMs: 20_000,
    idleTimeoutMs: 30 * 60_000,
    compression: "identity",
    roundRobin: false,
  });
});

test("options in grpc-js's names", () => {
  const settings = channelSettings({
    "grpc.max_receive_message_length": -1,
    "grpc.keepalive_time_ms": 1000,
    "grpc.min_reconnect_backoff_ms": 0,
    "grpc.primary_user_agent": "mine/1",
    "grpc.secondary_user_agent": "last/2",
    "grpc.default_compression_algorithm": 2,
    "grpc.enable_retries": 1,
  });
  expect(settings).toMatchObject({
    maxReceiveBytes: 0x7fffffff,
    // gRPC's minimum.
    keepaliveTimeMs: 10_000,
    connectTimeoutMs: Infinity,
    compression: "gzip",
  });
  expect(settings.userAgent).toMatch(/^mine\/1 grpc-node-callwire\/\S+ last\/2$/);
});

test("of the load balancing policies the first known one counts", () => {
  const roundRobin = (...policies: string[]) =>
    channelSettings({
      "grpc.service_config": JSON.stringify({
        loadBalancingConfig: policies.map((name) => ({ [name]: {} })),
      }),
    }).roundRobin;
  expect(roundRobin("round_robin")).toBe(true);
  expect(roundRobin("unknown", "round_robin", "pick_first")).toBe(true);
  expect(roundRobin("pick_first", "round_robin")).toBe(false);
});

test("what is no option value is refused", () => {
  expect(() => channelSettings({ "grpc.keepalive_time_ms": "1" as unknown as number })).toThrow(TypeError);
  expect(() => channelSettings({ "grpc.default_authority": 1 as unknown as string })).toThrow(TypeError);
  expect(() => channelSettings({ "callwire.max_connections": 0 })).toThrow(RangeError);
  expect(() => channelSettings({ "grpc.service_config": "{" })).toThrow(SyntaxError);
});

test.each([
  "grpc.keepalive_timeout_ms",
  "grpc.initial_reconnect_backoff_ms",
  "grpc.max_reconnect_backoff_ms",
  "grpc.min_reconnect_backoff_ms",
  "grpc.client_idle_timeout_ms",
  "grpc.dns_min_time_between_resolutions_ms",
])("%s is not negative", (name) => {
  expect(() => channelSettings({ [name]: -1 })).toThrow(new RangeError(`${name} must not be negative: -1`));
  expect(() => channelSettings({ [name]: 0 })).not.toThrow();
});

test("the waits grow by 1.6, give or take a fifth, up to the longest, and begin again", () => {
  const backoff = new Backoff(1000, 3000);
  for (const ms of [1000, 1600, 2560, 3000, 3000]) {
    const wait = backoff.next();
    expect(wait).toBeGreaterThanOrEqual(ms * 0.8 - 1);
    expect(wait).toBeLessThanOrEqual(ms * 1.2 + 1);
  }
  backoff.reset();
  expect(backoff.next()).toBeLessThanOrEqual(1200);
});
