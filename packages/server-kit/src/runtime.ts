import type { PeerCertificate } from "node:tls";
import type { MethodDescriptor, Metadata, ServerError, ServerMiddleware } from "nice-grpc-common";
import type { CompatServiceDefinition } from "nice-grpc";
import type { ServerCredentialsFactory } from "./tls-credentials.js";

/** What is known of a call when its metadata has arrived: before the body is read, and later as `context.call`. */
export interface IncomingCall {
  /** The method that is called. */
  readonly method: MethodDescriptor;
  /** The request's metadata. */
  readonly metadata: Metadata;
  /** The client's address, `host:port`. */
  readonly peer: string;
  /** When the client stops waiting (`grpc-timeout`); undefined if it waits for ever. */
  readonly deadline: Date | undefined;
  /** The host that the client asked for (`:authority`). */
  readonly authority: string;
  /** Aborted when the call is over, whoever ended it: for what waits while the call is admitted. */
  readonly signal: AbortSignal;
  /** The client's certificate, if the connection has TLS and the certificate was verified. */
  readonly peerCertificate: PeerCertificate | undefined;
}

/** What every handler and middleware of a Callwire server finds in its context, beside nice-grpc's. */
export interface IncomingCallContext {
  readonly call: IncomingCall;
}

/** Bounds that a runtime enforces on each connection and call. */
export interface ServerLimits {
  /** The largest message taken, in bytes; a larger one is RESOURCE_EXHAUSTED. Default 4 MiB, as every gRPC server has it. */
  maxReceiveMessageBytes: number;
  /** The largest message sent, in bytes; a larger one is RESOURCE_EXHAUSTED. Default 64 MiB. */
  maxSendMessageBytes: number;
  /** How many calls a connection may carry at once. Default 10,000: a client waits for a free place, it is not refused. */
  maxConcurrentStreams: number;
  /** A connection silent for so long is sent a PING, in milliseconds. Default 60,000; it also reclaims dead connections. */
  keepaliveTimeMs: number;
  /** A PING unanswered for so long ends its connection, in milliseconds. Default 20,000. */
  keepaliveTimeoutMs: number;
  /** A connection without calls is closed after so long, in milliseconds. Default 30 minutes. */
  maxConnectionIdleMs: number;
}

/** The defaults of {@link ServerLimits}. */
export const defaultServerLimits: ServerLimits = {
  maxReceiveMessageBytes: 4 << 20,
  maxSendMessageBytes: 64 << 20,
  maxConcurrentStreams: 10_000,
  keepaliveTimeMs: 60_000,
  keepaliveTimeoutMs: 20_000,
  maxConnectionIdleMs: 30 * 60_000,
};

/** What the kit asks of a runtime. */
export interface OpenServerOptions {
  limits: ServerLimits;
  /** Describes a method of the services that were added, by its path; undefined if there is none. */
  method(path: string): MethodDescriptor | undefined;
  /**
   * Called when a call's metadata has arrived, before its body is read. It never throws; a returned refusal ends the
   * call with its error's status and its trailers.
   */
  admit(call: IncomingCall): MaybePromise<Refusal | undefined>;
}

/** Ends a call before it began. */
export interface Refusal {
  /** What goes out. */
  readonly error: ServerError;
  /** What was thrown: `error` itself if it was made on purpose. */
  readonly thrown: unknown;
  /** Goes out with it. */
  readonly trailer: Metadata;
}

/** A value now, or later. */
export type MaybePromise<T> = T | Promise<T>;

/** A middleware, whatever it adds and needs: `Ordered` checks each of a chain against the others. */
// oxlint-disable-next-line typescript/no-explicit-any -- what lets an array hold middleware of different contexts
export type AnyMiddleware = ServerMiddleware<any, any>;

/** Adds services that have middleware of their own. */
export interface RuntimeServerBuilder {
  with(middleware: AnyMiddleware): RuntimeServerBuilder;
  add(definition: CompatServiceDefinition, implementation: object): void;
}

/** A server of a runtime: what the kit uses of nice-grpc's. */
export interface RuntimeServer extends RuntimeServerBuilder {
  use(middleware: AnyMiddleware): RuntimeServer;
  /** @param credentials Of the runtime's own kind. */
  listen(address: string, credentials?: object): Promise<number>;
  shutdown(): Promise<unknown>;
  forceShutdown(): void;
}

/**
 * What carries the bytes: a module with nice-grpc's `createServer`, such as nice-grpc itself, or @callwire/transport. One
 * that also has `openServer` fills in what nice-grpc's CallContext lacks by itself; for one without, the kit does it by a
 * server interceptor of grpc-js.
 */
export interface ServerRuntime {
  createServer(options?: object): RuntimeServer;
  openServer?(options: OpenServerOptions): RuntimeServer;
  /** Makes credentials for its `listen`. Default: that of grpc-js. */
  ServerCredentials?: ServerCredentialsFactory;
}
