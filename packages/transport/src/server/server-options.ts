import type { Server as HttpServer } from "node:http";
import { defaultConnectionOptions, type ConnectionOptions } from "../http2/connection-options.js";
import { checkOptionNames } from "../grpc/option-names.js";
import { didYouMean } from "../grpc/nearest-name.js";
import { MAX_31_BITS } from "../http2/constants.js";

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
   * decompressed, or not sent. Beyond, connections with more than an equal share get RESOURCE_EXHAUSTED for calls that need
   * more. Default 256 MiB, or `maxReceiveMessageBytes` if that is more; it should be several times that.
   */
  maxBufferedBytes: number;
  /** A connection silent for so long is sent a PING, in milliseconds. Default 2 hours. */
  keepaliveTimeMs: number;
  /** A PING unanswered for so long ends its connection, in milliseconds. Default 20,000. */
  keepaliveTimeoutMs: number;
  /**
   * A client may send a PING so often, in milliseconds, beside those that follow what it has received. Default 5 minutes.
   * The third one too early ends its connection with GOAWAY `too_many_pings` (gRPC A8).
   */
  minPingIntervalMs: number;
  /** A connection without calls is drained after so long, in milliseconds. Default: never. */
  maxConnectionIdleMs: number;
  /** A connection is drained after so long, give or take a tenth, in milliseconds (gRPC A9). Default: never. */
  maxConnectionAgeMs: number;
  /** The time that calls may go on after that, in milliseconds. Default: for ever. */
  maxConnectionAgeGraceMs: number;
}

/** The defaults of {@link ServerLimits}, which are those of gRPC's servers. */
export const defaultServerLimits: ServerLimits = {
  maxReceiveMessageBytes: 4 * 1024 * 1024,
  maxSendMessageBytes: Infinity,
  compressResponses: false,
  maxConcurrentStreams: 10_000,
  requestTimeoutMs: 60_000,
  answerTimeoutMs: 60_000,
  maxUnsentBytes: 64 * 1024 * 1024,
  maxBufferedBytes: 256 * 1024 * 1024,
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
/** The options of a server that are our own. */
const OWN_NAMES = ["limits", "http2", "http1"];

/**
 * The limits that a server has. A limit that is given under both names has the value that it
 * has under ours. Options of grpc-js that have no meaning are warned of.
 *
 * @throws {TypeError} for what is no limit or option, or not of its type.
 * @throws {RangeError} for a number that is negative or none.
 */
export function serverLimits(options: GrpcJsServerOptions, overrides: Partial<ServerLimits>): ServerLimits {
  checkOptionNames("server", options, OWN_NAMES);
  const limits = { ...defaultServerLimits };
  for (const [name, limit] of Object.entries(GRPC_JS_NAMES)) {
    const value = options[name as keyof typeof GRPC_JS_NAMES];
    if (value === undefined) continue;
    check(name, value, limits[limit], -1);
    limits[limit] = value < 0 ? Infinity : value;
  }
  const algorithm = options["grpc.default_compression_algorithm"] ?? 0;
  if (algorithm !== 0 && algorithm !== GRPC_JS_GZIP) {
    throw new RangeError(`grpc.default_compression_algorithm must be 0, or 2 for gzip: ${algorithm}`);
  }
  limits.compressResponses = algorithm === GRPC_JS_GZIP;
  return override("limits", limits, overrides);
}

/** Options of {@link createServer}. Options of grpc-js's that have no meaning here are warned of once. */
export interface ServerOptions extends GrpcJsServerOptions {
  limits?: Partial<ServerLimits>;
  /** Settings of each HTTP/2 connection. */
  http2?: Partial<ConnectionOptions>;
  /** Takes connections to the same port that speak HTTP/1.1. It must not listen itself. */
  http1?: HttpServer;
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

/**
 * The options of a connection that a server makes.
 *
 * @throws {TypeError | RangeError} As {@link serverLimits}.
 */
export function connectionOptions(overrides: Partial<ConnectionOptions>): ConnectionOptions {
  const options = override("http2", defaultConnectionOptions, overrides);
  for (const name of ["streamWindow", "maxStreamWindow", "connectionWindow"] as const) {
    // RFC 9113, section 6.9.1.
    if (options[name] > MAX_31_BITS)
      throw new RangeError(`http2.${name} must be ${MAX_31_BITS} at most: ${options[name]}`);
  }
  return options;
}

/** Replaces what is given; `undefined` is not. */
function override<T extends object>(what: string, defaults: T, overrides: Partial<T>): T {
  const result = { ...defaults };
  for (const [key, value] of Object.entries(overrides)) {
    if (value === undefined) continue;
    const name = key as keyof T;
    const standard: unknown = defaults[name];
    if (standard === undefined) {
      throw new TypeError(`there is no ${what}.${key}${didYouMean(key, Object.keys(defaults))}`);
    }
    check(`${what}.${key}`, value, standard, 0);
    result[name] = (
      typeof standard === "object" ? override(`${what}.${key}`, standard as object, value as object) : value
    ) as T[keyof T];
  }
  return result;
}

function check(name: string, value: unknown, standard: unknown, least: number): void {
  if (typeof value !== typeof standard || value === null)
    throw new TypeError(`${name} must be of type ${typeof standard}`);
  // Also of NaN.
  if (typeof value === "number" && !(value >= least))
    throw new RangeError(`${name} must not be under ${least}: ${value}`);
}
