import { describe, expect, test } from "@jest/globals";
import { defaultAbuseLimits } from "../http2/abuse-guard.js";
import { defaultConnectionOptions } from "../http2/connection-options.js";
import type { BalancingPolicy } from "./balancer.js";
import { Backoff } from "./backoff.js";
import { channelSettings, type ChannelOptions } from "./channel-options.js";

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
    balancing: "pick_first",
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

describe("settings of connections", () => {
  test("have the server's defaults, but for what waits to be sent: that are its own calls", () => {
    expect(channelSettings({}).connection).toEqual({ ...defaultConnectionOptions, maxQueuedBytes: Infinity });
    const pings = { burst: 1, perSecond: 2 };
    const { connection } = channelSettings({ http2: { maxQueuedBytes: 5, abuse: { pings } as never } });
    expect(connection).toMatchObject({
      maxQueuedBytes: 5,
      abuse: { pings, settings: defaultAbuseLimits.settings },
    });
  });
  test.each<[string, object]>([
    ["no option 'http2.abuse.pongs'; did you mean 'http2.abuse.pings'?", { abuse: { pongs: {} } }],
    [
      "no option 'http2.handshakeTimeoutMS'; did you mean 'http2.handshakeTimeoutMs'?",
      { handshakeTimeoutMS: 1 },
    ],
    [
      "http2.abuse.pings.burst is NaN: it must be a whole number of at least 0",
      { abuse: { pings: { burst: NaN } } },
    ],
    ["http2 is 1: it must be an object of options", 1 as never],
  ])("%s", (message, http2) => {
    expect(() => channelSettings({ http2 })).toThrow(message);
  });
});

describe("the load balancing policy", () => {
  const balancing = (loadBalancingConfig: unknown, options: ChannelOptions = {}) =>
    channelSettings({ "grpc.service_config": JSON.stringify({ loadBalancingConfig }), ...options }).balancing;

  test.each<[unknown, BalancingPolicy]>([
    [[{ round_robin: {} }], "round_robin"],
    [[{ unknown: {} }, { round_robin: {} }, { pick_first: {} }], "round_robin"],
    [[{ pick_first: {} }, { round_robin: {} }], "pick_first"],
    [[{ pick_first: { shuffleAddressList: true } }], "pick_first_shuffled"],
    [[{ pick_first: { shuffleAddressList: false } }], "pick_first"],
    [[{ unknown: {} }], "pick_first"],
    [[null, 1, "round_robin"], "pick_first"],
    [{}, "pick_first"],
    [undefined, "pick_first"],
  ])("of %j is the first known one", (config, expected) => {
    expect(balancing(config)).toBe(expected);
  });

  test("in our own words, which count", () => {
    expect(channelSettings({ balancing: "pick_first_shuffled" }).balancing).toBe("pick_first_shuffled");
    expect(balancing([{ pick_first: {} }], { balancing: "round_robin" })).toBe("round_robin");
  });

  test("what is none is refused", () => {
    expect(() => channelSettings({ balancing: "random" as BalancingPolicy })).toThrow(
      'balancing is "random": it must be "pick_first" or "pick_first_shuffled" or "round_robin"',
    );
    expect(() => balancing([{ pick_first: { shuffleAddressList: "yes" } }])).toThrow("is not a boolean");
  });

  test("names are resolved at each loss, with round_robin each 30 seconds", () => {
    expect(channelSettings({}).minResolutionIntervalMs).toBe(0);
    expect(channelSettings({ balancing: "round_robin" }).minResolutionIntervalMs).toBe(30_000);
    expect(channelSettings({ "grpc.dns_min_time_between_resolutions_ms": 5 }).minResolutionIntervalMs).toBe(
      5,
    );
  });
});

test("what is no option value is refused", () => {
  expect(() => channelSettings({ "grpc.keepalive_time_ms": "1" as unknown as number })).toThrow(TypeError);
  for (const authority of [1, "", "a b", "a\nb"])
    expect(() => channelSettings({ "grpc.default_authority": authority as string })).toThrow(TypeError);
  expect(() => channelSettings({ maxConnections: 0 })).toThrow(RangeError);
  expect(() => channelSettings({ resolutionIntervalMs: 0 })).toThrow(RangeError);
  expect(() => channelSettings({ maxResendBytes: -1 })).toThrow(RangeError);
  expect(() => channelSettings({ maxResendBytesPerCall: NaN })).toThrow(RangeError);
  expect(() => channelSettings({ "grpc.service_config": "{" })).toThrow(
    "createChannel: grpc.service_config is no JSON",
  );
  expect(() => channelSettings({ "grpc.default_compression_algorithm": 1 })).toThrow(
    "grpc.default_compression_algorithm is 1: it must be 0 or 2",
  );
});

test.each([
  "grpc.keepalive_timeout_ms",
  "grpc.initial_reconnect_backoff_ms",
  "grpc.max_reconnect_backoff_ms",
  "grpc.min_reconnect_backoff_ms",
  "grpc.client_idle_timeout_ms",
  "grpc.dns_min_time_between_resolutions_ms",
])("%s is not negative", (name) => {
  expect(() => channelSettings({ [name]: -1 })).toThrow(RangeError);
  expect(() => channelSettings({ [name]: -1 })).toThrow(`${name} is -1: it must be a number of milliseconds`);
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
