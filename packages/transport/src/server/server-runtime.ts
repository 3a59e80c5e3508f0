import type { MethodDescriptor, ServerError } from "nice-grpc-common";
import type { CompatServiceDefinition } from "../grpc/definition-types.js";
import type { ConnectionOptions } from "../http2/connection-options.js";
import type { HttpHandler } from "./http-handler.js";
import type { Http1Options } from "./http1-options.js";
import type { ServerPhases } from "./server-phases.js";

/** The TLS settings of a server's connections, in PEM. */
export interface ServerTlsOptions {
  /** The server's certificate, with intermediate ones after it. */
  cert: string | Uint8Array;
  /** The certificate's private key. */
  key: string | Uint8Array;
  /** The authorities whose clients may connect; if given, every client must show a certificate (mutual TLS). */
  clientCa?: string | Uint8Array;
}

/** Carries the bytes of a server: the seam between the server-kit and this transport, or another one. */
export interface ServerRuntime<Limits extends object = object> {
  /** Opens a server; nothing listens before `listen`. */
  openServer(options: {
    limits: Partial<Limits>;
    /** Settings of each HTTP/2 connection. A runtime without them refuses them. */
    http2?: Partial<ConnectionOptions>;
    /** Bounds of each connection of HTTP/1.1. A runtime that has no `answerHttp` refuses them. */
    http1?: Partial<Http1Options>;
    /** Called for clients that cannot be served before their first call. A runtime may not know of them. */
    onConnectionProblem?: (problem: Error) => void;
  }): RuntimeServer;
  /** Makes the runtime's own credentials for `listen`. */
  createCredentials(tls: ServerTlsOptions): object;
  /**
   * Gives credentials that {@link createCredentials} has made new certificates, for the connections to come. `clientCa` is there or not
   * as it was.
   */
  reloadCredentials?(credentials: object, tls: ServerTlsOptions): void;
}

/** A server of a {@link ServerRuntime}. */
export interface RuntimeServer {
  /**
   * Adds a service, before `listen`.
   *
   * @param implementation The handlers, by name. A handler may return what nice-grpc's may.
   * @param phasesOf Gives the phases around each method's handler; undefined for none. Asked once for each method.
   */
  add(
    definition: CompatServiceDefinition,
    implementation: object,
    phasesOf: (method: MethodDescriptor) => ServerPhases | undefined,
  ): void;
  /** Answers what comes to the same port and is not gRPC by this, before `listen`. A runtime may not be able to. */
  answerHttp?(handler: HttpHandler): void;
  /** Listens on `host:port`, or `unix:path`. Resolves to the port. */
  listen(address: string, credentials?: object): Promise<number>;
  /** The paths of the calls that run, one for each. */
  readonly running: readonly string[];
  /** Ends every call that answers with a stream, and those that begin later, with this error. Others run on to their end. */
  endStreams(reason: ServerError): void;
  /** Takes no new calls, and resolves when the running ones have ended. */
  shutdown(): Promise<unknown>;
  /** Cuts off all calls and closes all connections: the first of them at once, and thousands in the next turns of the event loop. */
  forceShutdown(): void;
}
