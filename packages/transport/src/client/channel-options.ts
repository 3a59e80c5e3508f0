import { MAX_MESSAGE_BYTES } from "@callwire/protobuf";
import type { Encoding } from "../grpc/compression.js";
import { checkOptions, checkValue, type RulesOf } from "../grpc/check-options.js";
import { connectionOptions, connectionRule, defaultClientOptions } from "../grpc/connection-settings.js";
import { checkOptionNames } from "../grpc/option-names.js";
import {
  anyNumber,
  either,
  milliseconds,
  nonEmptyText,
  objectWith,
  oneOf,
  positiveMilliseconds,
  required,
  rule,
  secret,
  someOptions,
  text as textRule,
  wholeNumber,
} from "../grpc/option-rules.js";
import type { ConnectionOptions } from "../http2/connection-options.js";
import type { BalancingPolicy } from "./balancer.js";
import { environmentProxy, parseProxy, type ProxyChoice } from "./proxy.js";
import type { Resolver } from "./resolver.js";
import { balancingOf } from "./service-config.js";

/**
 * Options of a channel: grpc-js's names for what grpc-js has, and our own. An option of grpc-js that has no meaning here is warned
 * of once (`CALLWIRE_UNUSED_OPTION`); docs/grpc-js-options.md lists all of them. A name that is misspelt is refused.
 */
export interface ChannelOptions {
  /** The largest message taken, in bytes, also after decompression; -1 for no limit. Default: 4 MiB. */
  "grpc.max_receive_message_length"?: number;
  /** The largest message sent, in bytes; -1 for no limit. Default: no limit. */
  "grpc.max_send_message_length"?: number;
  /**
   * The silence on a connection with calls after which a PING checks it, in milliseconds; at least 10,000
   * (gRPC, "Keepalive"); -1 for never. Default: never.
   */
  "grpc.keepalive_time_ms"?: number;
  /** The time that the PING's answer may take before the connection is given up, in milliseconds. Default: 20,000. */
  "grpc.keepalive_timeout_ms"?: number;
  /** 1 for PINGs also on a connection without calls. Default: 0. */
  "grpc.keepalive_permit_without_calls"?: number;
  /** The wait after the first failed attempt to connect, in milliseconds (gRPC, "Connection Backoff"). Default: 1,000. */
  "grpc.initial_reconnect_backoff_ms"?: number;
  /** The longest wait after a failed attempt to connect, in milliseconds. Default: 120,000. */
  "grpc.max_reconnect_backoff_ms"?: number;
  /**
   * The time that an attempt to connect may take, TLS and the server's SETTINGS included, in milliseconds; 0 for no limit. (The
   * name is C-core's for that document's MIN_CONNECT_TIMEOUT.) Default: 20,000.
   */
  "grpc.min_reconnect_backoff_ms"?: number;
  /**
   * The time that a channel may be without calls before it closes its connections, in milliseconds; at least 1,000, as in grpc-js.
   * Default: 30 minutes.
   */
  "grpc.client_idle_timeout_ms"?: number;
  /**
   * The time to wait between two resolutions of a name by DNS, in milliseconds. Default: 30,000 with `round_robin`; with
   * `pick_first` 0, where a name is resolved again when its connection is lost or could not be made.
   */
  "grpc.dns_min_time_between_resolutions_ms"?: number;
  /**
   * The time after which a name is resolved by DNS again without a cause, in milliseconds; `Infinity` for never. Default: with
   * `round_robin` 30,000, or `grpc.dns_min_time_between_resolutions_ms` if that is set, so that servers that are added get calls;
   * with `pick_first` never, where more servers change nothing.
   */
  resolutionIntervalMs?: number;
  /**
   * The most that a call keeps of a request that is a stream, in bytes, so that it can be sent again if the server says that it has
   * not seen the call. A call that has sent more fails with UNAVAILABLE then. Default: 256 KiB, as in C-core.
   */
  maxResendBytesPerCall?: number;
  /** The same for all calls of the channel together, in bytes. Default: 16 MiB. */
  maxResendBytes?: number;
  /** The name that the server's certificate is checked for, for tests. Default: the address's host. */
  "grpc.ssl_target_name_override"?: string;
  /** The value of `:authority`. Default: the address's host and port. */
  "grpc.default_authority"?: string;
  /** Stands before our own `user-agent`. */
  "grpc.primary_user_agent"?: string;
  /** Stands behind our own `user-agent`. */
  "grpc.secondary_user_agent"?: string;
  /** The compression of requests unless the call says otherwise: 0 not at all, 2 with gzip. Default: 0. */
  "grpc.default_compression_algorithm"?: number;
  /**
   * JSON; of it `loadBalancingConfig` is read, which may name `round_robin`, and `pick_first` with `shuffleAddressList` (gRPC
   * A62). Default: pick_first.
   */
  "grpc.service_config"?: string;
  /**
   * The policy by which calls find their server: the first address that answers, the same in an order of chance, or each in turn.
   * Counts before `grpc.service_config`. Default: `pick_first`.
   */
  balancing?: BalancingPolicy;
  /** Finds the addresses of a name, instead of DNS. The address may then be all that it understands. Default: DNS. */
  resolver?: Resolver;
  /**
   * The most connections to one address: a further one is opened when all that are open have as many calls
   * as the server allows. Default: 16.
   */
  maxConnections?: number;
  /** 0 for no proxy from the environment: as `proxy: false`, which counts if both are given. Default: 1. */
  "grpc.enable_http_proxy"?: number;
  /**
   * The HTTP proxy to connect through by CONNECT, `http://user:password@host:port`, for every host; false for none. The proxy
   * resolves the host's name. Default: what the environment says: the first of `grpc_proxy`, `https_proxy` and `http_proxy`,
   * but for the hosts in `no_grpc_proxy` or else `no_proxy`; each name also in upper case. Unix sockets have no proxy.
   */
  proxy?: string | false;
  /** The time that the proxy may take to answer CONNECT, in milliseconds; `Infinity` for no limit. Default: 10,000. */
  proxyTimeoutMs?: number;
  /**
   * Settings of each HTTP/2 connection, with the limits on what a server may do. The defaults are those of the server's option
   * `http2`, but for `maxQueuedBytes`: no limit.
   */
  http2?: Partial<ConnectionOptions>;
  [name: string]: unknown;
}

/** The settings that {@link ChannelOptions} make. */
export interface ChannelSettings {
  maxReceiveBytes: number;
  maxSendBytes: number;
  keepaliveTimeMs: number;
  keepaliveTimeoutMs: number;
  keepaliveWithoutCalls: boolean;
  initialBackoffMs: number;
  maxBackoffMs: number;
  connectTimeoutMs: number;
  idleTimeoutMs: number;
  minResolutionIntervalMs: number;
  resolutionIntervalMs: number;
  maxKeptBytes: number;
  maxKeptBytesOfAll: number;
  tlsNameOverride: string | undefined;
  authority: string | undefined;
  userAgent: string;
  compression: Encoding;
  balancing: BalancingPolicy;
  resolver: Resolver | undefined;
  maxConnections: number;
  /** The proxy for a host, if there is one. */
  proxyFor: ProxyChoice;
  /** True if the proxy is of the option `proxy`, and not of the environment. */
  hasOwnProxy: boolean;
  connection: ConnectionOptions;
}

/** The shortest time between two PINGs (gRPC, "Keepalive"). */
export const MIN_KEEPALIVE_MS = 10_000;
/** The time between resolutions with `round_robin`, in milliseconds. */
const RESOLUTION_INTERVAL_MS = 30_000;
/** grpc-js's number of gzip. */
const GZIP = 2;

const POLICIES = ["pick_first", "pick_first_shuffled", "round_robin"] as const satisfies BalancingPolicy[];

const limitOrNone = anyNumber({ min: -1 });
const flag = wholeNumber();
const rules: RulesOf<ChannelOptions> = {
  "grpc.max_receive_message_length": limitOrNone,
  "grpc.max_send_message_length": limitOrNone,
  "grpc.keepalive_time_ms": limitOrNone,
  "grpc.keepalive_timeout_ms": milliseconds(),
  "grpc.keepalive_permit_without_calls": flag,
  "grpc.initial_reconnect_backoff_ms": milliseconds(),
  "grpc.max_reconnect_backoff_ms": milliseconds(),
  "grpc.min_reconnect_backoff_ms": milliseconds(),
  "grpc.client_idle_timeout_ms": milliseconds(),
  "grpc.dns_min_time_between_resolutions_ms": milliseconds(),
  "grpc.ssl_target_name_override": nonEmptyText,
  "grpc.default_authority": rule(
    "the name of a host, with or without a port",
    (value) => typeof value === "string" && /^[\x21-\x7e]+$/.test(value),
  ),
  "grpc.primary_user_agent": textRule,
  "grpc.secondary_user_agent": textRule,
  "grpc.default_compression_algorithm": oneOf(0, GZIP),
  "grpc.service_config": textRule,
  balancing: oneOf(...POLICIES),
  resolver: objectWith("resolve"),
  maxConnections: wholeNumber({ min: 1 }),
  "grpc.enable_http_proxy": flag,
  proxy: secret(
    either(
      rule("a URL like 'http://proxy:3128'", (value) => typeof value === "string"),
      oneOf(false),
    ),
  ),
  proxyTimeoutMs: milliseconds(),
  resolutionIntervalMs: positiveMilliseconds,
  maxResendBytes: wholeNumber(),
  maxResendBytesPerCall: wholeNumber(),
  http2: connectionRule,
};

/** The options that are our own. */
const OWN_NAMES = Object.keys(rules).filter((name) => !name.startsWith("grpc."));

/**
 * Reads the options, and warns of those without meaning.
 *
 * @throws {TypeError | RangeError} that names the option, its value, and what is allowed.
 */
export function channelSettings(options: ChannelOptions): ChannelSettings {
  checkValue("createChannel", "options", options, required(someOptions));
  checkOptionNames("channel", options, OWN_NAMES);
  const counted = Object.entries(options).filter(([name]) => Object.hasOwn(rules, name));
  checkOptions("createChannel", Object.fromEntries(counted), rules);
  const number = (name: keyof ChannelOptions, fallback: number): number =>
    (options[name] as number | undefined) ?? fallback;
  const text = (name: keyof ChannelOptions): string | undefined => options[name] as string | undefined;
  const bytes = (name: keyof ChannelOptions, fallback: number): number => {
    const value = number(name, fallback);
    return value < 0 ? MAX_MESSAGE_BYTES : Math.min(value, MAX_MESSAGE_BYTES);
  };
  const keepaliveMs = number("grpc.keepalive_time_ms", -1);
  const balancing = policyOf(options.balancing, text("grpc.service_config"));
  const initialBackoffMs = Math.max(number("grpc.initial_reconnect_backoff_ms", 1000), 1);
  const minResolutionIntervalMs = number(
    "grpc.dns_min_time_between_resolutions_ms",
    balancing === "round_robin" ? RESOLUTION_INTERVAL_MS : 0,
  );
  const resolutionIntervalMs = number(
    "resolutionIntervalMs",
    balancing === "round_robin" ? minResolutionIntervalMs || RESOLUTION_INTERVAL_MS : Infinity,
  );
  const maxConnections = number("maxConnections", 16);
  return {
    maxReceiveBytes: bytes("grpc.max_receive_message_length", 4 * 1024 * 1024),
    maxSendBytes: bytes("grpc.max_send_message_length", -1),
    keepaliveTimeMs: keepaliveMs < 0 ? Infinity : Math.max(keepaliveMs, MIN_KEEPALIVE_MS),
    keepaliveTimeoutMs: number("grpc.keepalive_timeout_ms", 20_000),
    keepaliveWithoutCalls: number("grpc.keepalive_permit_without_calls", 0) !== 0,
    initialBackoffMs,
    maxBackoffMs: Math.max(number("grpc.max_reconnect_backoff_ms", 120_000), initialBackoffMs),
    connectTimeoutMs: number("grpc.min_reconnect_backoff_ms", 20_000) || Infinity,
    idleTimeoutMs: Math.max(number("grpc.client_idle_timeout_ms", 30 * 60_000), 1000),
    minResolutionIntervalMs,
    resolutionIntervalMs,
    maxKeptBytes: number("maxResendBytesPerCall", 256 * 1024),
    maxKeptBytesOfAll: number("maxResendBytes", 16 * 1024 * 1024),
    tlsNameOverride: text("grpc.ssl_target_name_override"),
    authority: text("grpc.default_authority"),
    userAgent: [text("grpc.primary_user_agent"), "grpc-node-callwire/0.1", text("grpc.secondary_user_agent")]
      .filter((part) => part !== undefined && part !== "")
      .join(" "),
    compression: number("grpc.default_compression_algorithm", 0) === GZIP ? "gzip" : "identity",
    balancing,
    resolver: options.resolver,
    maxConnections,
    proxyFor: proxyChoice(
      options.proxy,
      number("grpc.enable_http_proxy", 1) !== 0,
      number("proxyTimeoutMs", 10_000),
    ),
    hasOwnProxy: options.proxy !== undefined,
    connection: connectionOptions(options.http2 ?? {}, defaultClientOptions),
  };
}

function proxyChoice(
  proxy: string | false | undefined,
  mayComeFromEnvironment: boolean,
  timeoutMs: number,
): ProxyChoice {
  if (proxy === undefined && mayComeFromEnvironment) return environmentProxy(process.env, timeoutMs);
  if (proxy === undefined || proxy === false) return () => undefined;
  const parsed = parseProxy(proxy, "proxy", timeoutMs);
  return () => parsed;
}

function policyOf(
  balancing: BalancingPolicy | undefined,
  serviceConfig: string | undefined,
): BalancingPolicy {
  // Also if it does not count: what is wrong is said.
  const configured = serviceConfig === undefined ? undefined : balancingOf(serviceConfig);
  return balancing ?? configured ?? "pick_first";
}
