import { checkOptionNames } from "../grpc/option-names.js";
import { checkOptions, checkValue, type RulesOf } from "../grpc/check-options.js";
import { connectionRule, override } from "../grpc/connection-settings.js";
import {
  anyNumber,
  callable,
  objectWith,
  oneOf,
  options as optionsOf,
  required,
  rulesFrom,
  someOptions,
  wholeNumber,
} from "../grpc/option-rules.js";
import type { ConnectionOptions } from "../http2/connection-options.js";
import type { HttpHandler } from "./http-handler.js";
import { http1Rules, type Http1Options } from "./http1-options.js";

/** Bounds of a server, on each connection and call. */
export interface ServerLimits {
  /** The largest message taken, in bytes, after decompression. Default 4 MiB. */
  maxReceiveMessageBytes: number;
  /** The largest message sent, in bytes, before compression. Default: none. */
  maxSendMessageBytes: number;
  /** True if responses are compressed by gzip for clients that take it. Default: no. */
  compressResponses: boolean;
  /** The number of calls that a connection may carry at once (SETTINGS_MAX_CONCURRENT_STREAMS). Default 10,000. */
  maxConcurrentStreams: number;
  /**
   * The time that a request of one message, or a message of a stream once it has begun, may take to come, whatever its
   * deadline, in milliseconds. Default 60,000. The call then ends with DEADLINE_EXCEEDED.
   */
  requestTimeoutMs: number;
  /**
   * The time in which a client must take a part of an answer of one message that waits for it, in milliseconds: 16 KiB, or what
   * is left. Otherwise the call is cut off. The connection ends if more than half of `maxUnsentBytes` waits so long. Default
   * 60,000.
   */
  answerTimeoutMs: number;
  /**
   * The bytes of answers that may wait for the client of one connection to take them. A call whose answer would be beyond, and
   * is not alone, ends with RESOURCE_EXHAUSTED. Default 64 MiB.
   */
  maxUnsentBytes: number;
  /**
   * The bytes that may wait in memory for the clients of all connections of this process: received in part or not read,
   * decompressed, or not sent, and header lists over 2 KiB of calls that run. Beyond, connections with more than an equal share get
   * RESOURCE_EXHAUSTED for calls that need more. Default 256 MiB, or `maxReceiveMessageBytes` if that is more; it should be several
   * times that.
   */
  maxBufferedBytes: number;
  /**
   * The connections that may be open at once, whatever they speak; one that does nothing takes some 20 KiB, and by TLS more. When
   * fewer than one place in 16 is free, each new one ends another that has been without calls for long (GOAWAY `max_connections`); one
   * more than the limit is closed at once. Default 20,000.
   */
  maxConnections: number;
  /** The silence on a connection after which the server sends a PING, in milliseconds. Default 2 hours. */
  keepaliveTimeMs: number;
  /** The time that the answer to a PING may take before the connection ends, in milliseconds. Default 20,000. */
  keepaliveTimeoutMs: number;
  /**
   * The least time between two PINGs of a client, in milliseconds; PINGs that follow what it has received do not count. Default 5
   * minutes. The third one that comes too early ends the connection with GOAWAY `too_many_pings` (gRPC A8).
   */
  minPingIntervalMs: number;
  /** The time without calls after which a connection is drained, in milliseconds. Default: never. */
  maxConnectionIdleMs: number;
  /** The age at which a connection is drained, give or take a tenth, in milliseconds (gRPC A9). Default: never. */
  maxConnectionAgeMs: number;
  /** The time that calls may go on after `maxConnectionAgeMs`, in milliseconds. Default: for ever. */
  maxConnectionAgeGraceMs: number;
}

/** The defaults of {@link ServerLimits}: those of gRPC's servers, where they have one. */
export const defaultServerLimits: ServerLimits = {
  maxReceiveMessageBytes: 4 * 1024 * 1024,
  maxSendMessageBytes: Infinity,
  compressResponses: false,
  maxConcurrentStreams: 10_000,
  requestTimeoutMs: 60_000,
  answerTimeoutMs: 60_000,
  maxUnsentBytes: 64 * 1024 * 1024,
  maxBufferedBytes: 256 * 1024 * 1024,
  maxConnections: 20_000,
  keepaliveTimeMs: 2 * 3_600_000,
  keepaliveTimeoutMs: 20_000,
  minPingIntervalMs: 5 * 60_000,
  maxConnectionIdleMs: Infinity,
  maxConnectionAgeMs: Infinity,
  maxConnectionAgeGraceMs: Infinity,
};

/** The names that grpc-js has for some of {@link ServerLimits}; -1 is no limit. */
export interface GrpcJsServerOptions {
  "grpc.max_receive_message_length"?: number;
  "grpc.max_send_message_length"?: number;
  "grpc.max_concurrent_streams"?: number;
  "grpc.keepalive_time_ms"?: number;
  "grpc.keepalive_timeout_ms"?: number;
  "grpc.max_connection_idle_ms"?: number;
  "grpc.max_connection_age_ms"?: number;
  "grpc.max_connection_age_grace_ms"?: number;
  /** gzip (2) compresses responses for clients that take it. */
  "grpc.default_compression_algorithm"?: number;
}

const GRPC_JS_NAMES = {
  "grpc.max_receive_message_length": "maxReceiveMessageBytes",
  "grpc.max_send_message_length": "maxSendMessageBytes",
  "grpc.max_concurrent_streams": "maxConcurrentStreams",
  "grpc.keepalive_time_ms": "keepaliveTimeMs",
  "grpc.keepalive_timeout_ms": "keepaliveTimeoutMs",
  "grpc.max_connection_idle_ms": "maxConnectionIdleMs",
  "grpc.max_connection_age_ms": "maxConnectionAgeMs",
  "grpc.max_connection_age_grace_ms": "maxConnectionAgeGraceMs",
} as const;
/** grpc-js's number of gzip. */
const GRPC_JS_GZIP = 2;

/** The rule of an {@link HttpHandler}. */
export const httpHandler = objectWith("handler");

/** The options of a server that are our own. */
const ownRules = {
  limits: optionsOf({ ...rulesFrom(defaultServerLimits), maxConnections: wholeNumber({ min: 1 }) }),
  http2: connectionRule,
  onConnectionProblem: callable,
  http: httpHandler,
  http1: optionsOf(http1Rules),
};
const limitOrNone = anyNumber({ min: -1 });
const rules: RulesOf<ServerOptions> = {
  ...ownRules,
  "grpc.max_receive_message_length": limitOrNone,
  "grpc.max_send_message_length": limitOrNone,
  "grpc.max_concurrent_streams": limitOrNone,
  "grpc.keepalive_time_ms": limitOrNone,
  "grpc.keepalive_timeout_ms": limitOrNone,
  "grpc.max_connection_idle_ms": limitOrNone,
  "grpc.max_connection_age_ms": limitOrNone,
  "grpc.max_connection_age_grace_ms": limitOrNone,
  "grpc.default_compression_algorithm": oneOf(0, GRPC_JS_GZIP),
};

/**
 * Checks the options of a server. Options of grpc-js that have no meaning are warned of.
 *
 * @throws {TypeError | RangeError} that names the option, its value, and what is allowed.
 */
export function checkServerOptions(options: ServerOptions): void {
  checkValue("createServer", "options", options, required(someOptions));
  checkOptionNames("server", options, Object.keys(ownRules));
  const counted = Object.entries(options).filter(([name]) => Object.hasOwn(rules, name));
  checkOptions("createServer", Object.fromEntries(counted), rules);
}

/**
 * The limits that a server has. A limit that is given under both names has the value that it
 * has under ours.
 */
export function serverLimits(options: GrpcJsServerOptions, overrides: Partial<ServerLimits>): ServerLimits {
  const limits = { ...defaultServerLimits };
  for (const [name, limit] of Object.entries(GRPC_JS_NAMES)) {
    const value = options[name as keyof typeof GRPC_JS_NAMES];
    if (value === undefined) continue;
    limits[limit] = value < 0 ? Infinity : value;
  }
  const algorithm = options["grpc.default_compression_algorithm"] ?? 0;
  limits.compressResponses = algorithm === GRPC_JS_GZIP;
  return override(limits, overrides);
}

/** Options of {@link createServer}. Options of grpc-js's that have no meaning here are warned of once. */
export interface ServerOptions extends GrpcJsServerOptions {
  limits?: Partial<ServerLimits>;
  /** Settings of each HTTP/2 connection. */
  http2?: Partial<ConnectionOptions>;
  /**
   * Called for clients that cannot be served before their first call: they speak another protocol than the port, or their TLS failed.
   * Each kind of problem is reported at most once a minute. An error that it throws is ignored. Default: nothing is reported.
   */
  onConnectionProblem?: (problem: Error) => void;
  /** Answers what comes to the same port and is not gRPC, over HTTP/1.1 and HTTP/2. Default: it is refused. */
  http?: HttpHandler;
  /** Bounds of each connection that speaks HTTP/1.1. */
  http1?: Partial<Http1Options>;
}

/** Counters of a server, for a metrics collector to read. */
export interface ServerStats {
  connectionsOpened: number;
  connectionsOpen: number;
  callsStarted: number;
  callsSucceeded: number;
  callsFailed: number;
  messagesReceived: number;
  messagesSent: number;
}
