import type { Socket } from "node:net";
import type { CompatServiceDefinition } from "../grpc/definition-types.js";
import type { ServiceImplementation } from "../grpc/service-implementation.js";
import type { ServerMiddleware } from "nice-grpc-common";
import type { ServerCredentials } from "./credentials.js";
import type { ServerCallContext } from "./server-call-context.js";
import type { ServerOptions, ServerStats } from "./server-options.js";
import { TransportServer, type DrainReport } from "./transport-server.js";

/** Adds services that have middleware of their own. */
export interface ServerAddBuilder<CallContextExt> {
  with<Ext>(middleware: ServerMiddleware<Ext, CallContextExt>): ServerAddBuilder<CallContextExt & Ext>;
  add<Service extends CompatServiceDefinition>(
    definition: Service,
    implementation: ServiceImplementation<Service, CallContextExt>,
  ): void;
}

/** A gRPC server, with nice-grpc's methods and a few more. */
export interface Server<CallContextExt = {}> extends ServerAddBuilder<CallContextExt> {
  /** Returns a new server with this middleware around all its services; the first one is outermost. */
  use<Ext>(middleware: ServerMiddleware<Ext, CallContextExt>): Server<CallContextExt & Ext>;
  /** Listens on `host:port` or `unix:path`; resolves to the port. */
  listen(address: string, credentials?: ServerCredentials): Promise<number>;
  /** Takes no new calls, and resolves when the running ones have ended. */
  shutdown(): Promise<void>;
  /** Like `shutdown`, with a time limit in milliseconds; what still runs then is cut off, and reported. */
  drain(timeoutMs: number): Promise<DrainReport>;
  /** Cuts off all calls and closes all connections: the first of them at once, and thousands in the next turns of the event loop. */
  forceShutdown(): void;
  /**
   * A connection within the process: the client's end of it, to be spoken to in HTTP/2 like a socket. The server serves it
   * until it is shut down, whether it listens or not. After that, and until it listens again, the socket is destroyed, and
   * emits an error as one does whose connection is refused.
   */
  connectInProcess(): Socket;
  /** Counters since the server was created. */
  readonly stats: Readonly<ServerStats>;
}

/** The parts of a handler's context beside nice-grpc's. */
export type ServerCallContextExt = Pick<
  ServerCallContext,
  "method" | "deadline" | "authority" | "peerCertificate" | "compressResponses" | "wasCompressed"
>;

/** Creates a server. */
export function createServer(options: ServerOptions = {}): Server<ServerCallContextExt> {
  return new TransportServer(options) as unknown as Server<ServerCallContextExt>;
}
