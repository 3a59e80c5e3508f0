import type { JsonReadOptions, JsonWriteOptions } from "@callwire/protobuf";
import type { CallwireServer } from "@callwire/server-kit";
import {
  checkOptions,
  rules,
  type Channel,
  type CompatServiceDefinition,
  type RulesOf,
} from "@callwire/transport/client";
import type { CompressionOptions } from "./compression/compression.js";
import { checkCors, type CorsOptions } from "./http/cors.js";
import { checkNames } from "./http/metadata.js";
import type { ProxyOptions } from "./http/proxies.js";
import type { MetricsSource } from "./places/metrics-source.js";
import { openApiRules, type OpenApiOptions } from "./reference/openapi-options.js";
import type { Mcp } from "./mcp/mcp-options.js";
import type { ProtocolOptions } from "./rpc/protocols.js";

/** Bounds on what clients may do. `Infinity` is none. */
export interface EdgeLimits {
  /**
   * The body of a request, or a message of a stream of requests, in bytes; also decompressed. Over it: 413, RESOURCE_EXHAUSTED. A message of a WebSocket, too: over it, the
   * connection ends with 1009. Default: 4 MiB, as gRPC's messages have.
   */
  maxBodyBytes: number;
  /**
   * The bytes that wait in memory for all clients: of bodies and messages that are not whole, of both forms of compressed ones, and of
   * answers that are not taken. Over it, the largest is given up, unless it is alone: a request gets 503, RESOURCE_EXHAUSTED, a
   * WebSocket ends with 1013, and an answer breaks off. What the port of gRPC keeps for HTTP/2, a request that is not read and an answer
   * that is not taken, counts for the server's `maxBufferedBytes` instead. Default: 256 MiB.
   */
  maxBufferedBytes: number;
  /**
   * The bytes that each byte of a compressed stream of requests may become, beyond the first `maxBodyBytes`: few bytes are work for
   * minutes otherwise. Over it: 413. Default: 200, as JSON whose lines are much alike becomes less.
   */
  maxExpansion: number;
  /** The path with its query, in characters. Over it: 414. Default: 8,192. */
  maxUrlLength: number;
  /** The header fields of a request, in bytes; node:http has a bound of its own before. Over it: 431. Default: 16 KiB. */
  maxHeaderBytes: number;
  /** The parameters of a query. Over it: 400. Default: 256. */
  maxParameters: number;
  /**
   * The time that a body may take, or the rest of a message that has begun, in milliseconds. Over it: 408; a WebSocket ends with 1008.
   * Default: 30,000.
   */
  bodyTimeoutMs: number;
  /**
   * The time that a call with one response may take, in milliseconds, also for a client that would wait longer. Over it: 504.
   * Default: 60,000.
   */
  callTimeoutMs: number;
  /**
   * The time that a client may take for what was written to it, in milliseconds. Over it: the connection ends. A handler of
   * `fetch` has no such bound: who serves its Responses does. Default: 60,000.
   */
  writeTimeoutMs: number;
  /**
   * The time after which the client of a WebSocket is asked for a sign of life, in milliseconds. Without one until the next time, the
   * connection ends. Default: 30,000.
   */
  pingIntervalMs: number;
  /**
   * The silence of a stream of events (SSE) in which a comment is sent, in milliseconds: many proxies end a stream that says nothing
   * for a minute (WHATWG HTML, section 9.2.7). It comes after this time, and before twice as long. Default: 15,000.
   */
  commentIntervalMs: number;
}

/** The limits, where options state no others. */
export const defaultEdgeLimits: EdgeLimits = {
  maxBodyBytes: 4 * 1024 * 1024,
  maxBufferedBytes: 256 * 1024 * 1024,
  maxExpansion: 200,
  maxUrlLength: 8192,
  maxHeaderBytes: 16 * 1024,
  maxParameters: 256,
  bodyTimeoutMs: 30_000,
  callTimeoutMs: 60_000,
  writeTimeoutMs: 60_000,
  pingIntervalMs: 30_000,
  commentIntervalMs: 15_000,
};

/** How messages are written as JSON, and read. */
export interface EdgeJsonOptions
  extends
    Omit<JsonWriteOptions, "registry" | "keptJson">,
    Pick<JsonReadOptions, "ignoreUnknownFields" | "registry"> {}

/** How the states of resources are marked (AIP-154, RFC 9110). */
export interface EtagOptions {
  /**
   * The field that has a resource's tag, in responses, and the tag that a resource must have, in requests or in their resource.
   * Default: `etag`.
   */
  readonly field?: string;
  /** True if the field has a tag with its quotes, as AIP-154 would have it: `"5a"` or `W/"5a"`, not `5a`. Default: false. */
  readonly quoted?: boolean;
  /** True if the answer to a GET without such a field has a weak tag, a hash of its body. Default: false. */
  readonly weak?: boolean;
}

/** The options that do not say whose services are served. */
export interface CommonEdgeOptions {
  /** Default: {@link defaultEdgeLimits}. */
  readonly limits?: Partial<EdgeLimits>;
  /** What is served, by protocol. Default: all services, by REST, gRPC-Web and Connect. */
  readonly protocols?: ProtocolOptions;
  /** Default: as protobuf has it; unknown fields and parameters are refused. */
  readonly json?: EdgeJsonOptions;
  /** The pages that may call. Default: those of no other origin. */
  readonly cors?: CorsOptions;
  /**
   * More header fields of requests that become metadata, in lower case. Default: none beside `authorization`, `traceparent`,
   * `tracestate` and `x-request-id`. A cookie is no metadata, unless it is named here, and never is authentication by itself. gRPC-Web
   * and Connect pass all others by themselves; a page of another origin may send what is named.
   */
  readonly requestMetadata?: readonly string[];
  /**
   * More metadata of responses that become header fields. Default: none beside `x-request-id`. gRPC-Web and Connect pass all but cookies
   * by themselves; a page of another origin may read what is named.
   */
  readonly responseMetadata?: readonly string[];
  /**
   * The name of a field that both messages of a watch have: the position in its stream. A Server-Sent Event has it as its id, and
   * `last-event-id` goes into the request. Default: `resume_token`.
   */
  readonly resumeField?: string;
  /** Default: those of a field `etag`. */
  readonly etags?: EtagOptions;
  /**
   * True if a PATCH without a mask gets one that names what its body has, so that a zero or null there clears a field: as grpc-gateway
   * has it. The rule's `body` is one message, and the request has one field of type FieldMask. Default: false, as AIP-134 has it: the
   * service takes a mask that is not there for all fields that are not empty.
   */
  readonly updateMaskFromBody?: boolean;
  /** How answers are compressed, for clients that take it; false for never. Default: by br or gzip, from 1,024 bytes on. */
  readonly compression?: CompressionOptions | false;
  /** The proxies that say where a request came from. Default: none, and the nearest address is the peer. */
  readonly proxies?: ProxyOptions;
  /** The contract's OpenAPI document, and a page that shows it, for everybody who can reach the edge. Default: none is served. */
  readonly openapi?: OpenApiOptions;
  /**
   * The hosts by which clients may ask for calls, without ports: `localhost`, `api.example.com`. Over another: 421. A server that trusts whoever
   * reaches it needs them, since any page can have its own name lead there. Default: any.
   */
  readonly hosts?: readonly string[];
  /** What `/metrics` shows to everybody who can reach the edge: `register` of prom-client, or what is like it. Default: there is no such path. */
  readonly metrics?: MetricsSource;
  /** Tools of the Model Context Protocol, by `mcp` of @callwire/edge/mcp. Default: there are none. */
  readonly mcp?: Mcp;
}

/** Options for `createEdge` before a server of the same process: its calls pass the server's middleware, without a hop. */
export interface ServerEdgeOptions extends CommonEdgeOptions {
  /** A server of @callwire/server-kit, with its services added. It need not listen. */
  readonly server: Pick<CallwireServer<never>, "shutdown" | "forceShutdown" | "health">;
  /**
   * The path that tells load balancers the server's health, or with `?service=` that of one of its services: 200 if it is SERVING, and
   * 503 otherwise. False is none. Default: `/healthz`.
   */
  readonly healthPath?: string | false;
}

/** Options for `createEdge` before a server elsewhere. */
export interface ChannelEdgeOptions extends CommonEdgeOptions {
  /** Made by `createChannel` of @callwire/transport. The edge does not close it. */
  readonly channel: Channel;
  /** The definitions of the services, by protoc-gen-callwire. */
  readonly services: readonly CompatServiceDefinition[];
}

export type EdgeOptions = ServerEdgeOptions | ChannelEdgeOptions;

const names = rules.listOf(rules.nonEmptyText, "names of header fields");

const limitRules: RulesOf<EdgeLimits> = {
  maxBodyBytes: rules.wholeNumber(),
  maxBufferedBytes: rules.wholeNumber(),
  maxExpansion: rules.wholeNumber({ min: 1 }),
  maxUrlLength: rules.wholeNumber({ min: 1 }),
  maxHeaderBytes: rules.wholeNumber({ min: 1 }),
  maxParameters: rules.wholeNumber(),
  bodyTimeoutMs: rules.positiveMilliseconds,
  callTimeoutMs: rules.positiveMilliseconds,
  writeTimeoutMs: rules.positiveMilliseconds,
  pingIntervalMs: rules.positiveMilliseconds,
  commentIntervalMs: rules.positiveMilliseconds,
};

const jsonRules: RulesOf<EdgeJsonOptions> = {
  alwaysEmitImplicit: rules.boolean,
  originalNames: rules.boolean,
  enumsAsIntegers: rules.boolean,
  ignoreUnknownFields: rules.boolean,
  registry: rules.objectWith("message", "extension", "extensionsIn"),
};

const corsRules: RulesOf<CorsOptions> = {
  origins: rules.required(rules.listOf(rules.nonEmptyText, "origins")),
  credentials: rules.boolean,
  maxAgeSeconds: rules.wholeNumber(),
};

const etagRules: RulesOf<EtagOptions> = {
  field: rules.nonEmptyText,
  quoted: rules.boolean,
  weak: rules.boolean,
};

const compressionRules: RulesOf<CompressionOptions> = { minBytes: rules.wholeNumber() };

const proxyRules: RulesOf<ProxyOptions> = {
  from: rules.required(rules.listOf(rules.nonEmptyText, "addresses and networks")),
  header: rules.oneOf("forwarded", "x-forwarded-for"),
};

const someServices = rules.either(rules.boolean, rules.listOf(rules.nonEmptyText, "full names of services"));

const protocolRules: RulesOf<ProtocolOptions> = {
  rest: someServices,
  grpcWeb: someServices,
  connect: someServices,
};

const optionRules: RulesOf<CommonEdgeOptions & ServerEdgeOptions & ChannelEdgeOptions> = {
  server: rules.objectWith("shutdown", "forceShutdown"),
  channel: rules.anyObject,
  services: rules.rule("an array of service definitions", Array.isArray),
  limits: rules.options(limitRules),
  protocols: rules.options(protocolRules),
  json: rules.options(jsonRules),
  cors: rules.options(corsRules),
  requestMetadata: names,
  responseMetadata: names,
  resumeField: rules.nonEmptyText,
  etags: rules.options(etagRules),
  updateMaskFromBody: rules.boolean,
  compression: rules.either(rules.oneOf(false), rules.options(compressionRules)),
  proxies: rules.options(proxyRules),
  openapi: rules.options(openApiRules),
  hosts: rules.listOf(rules.nonEmptyText, "hosts"),
  healthPath: rules.either(rules.oneOf(false), rules.nonEmptyText),
  metrics: rules.objectWith("metrics"),
  mcp: rules.rule(
    "made by mcp of @callwire/edge/mcp",
    (value) => typeof (value as { open?: unknown }).open === "function",
  ),
};

/** @throws {TypeError | RangeError} that names what is wrong. */
export function checkEdgeOptions(options: EdgeOptions): void {
  checkOptions("createEdge", options, optionRules);
  const { server, channel, services } = options as Partial<ServerEdgeOptions & ChannelEdgeOptions>;
  if ((server === undefined) === (channel === undefined))
    throw new TypeError("createEdge takes a server, or a channel and its services, and one of both");
  if (channel !== undefined && services === undefined)
    throw new TypeError(
      "createEdge: services is missing: the definitions of the services behind the channel",
    );
  if (server !== undefined && services !== undefined)
    throw new TypeError("createEdge: services goes with a channel: a server has its own");
  if (channel !== undefined && (options as Partial<ServerEdgeOptions>).healthPath !== undefined)
    throw new TypeError("createEdge: healthPath goes with a server: a channel says nothing of its health");
  for (const host of options.hosts ?? []) {
    if (!/^(?:\[[0-9a-f:.]+\]|[^:/?#@\s]+)$/i.test(host))
      throw new TypeError(`createEdge: hosts: ${JSON.stringify(host)} is no host without a port`);
  }
  checkNames("requestMetadata", options.requestMetadata ?? []);
  checkNames("responseMetadata", options.responseMetadata ?? []);
  if (options.cors !== undefined) checkCors(options.cors);
}
