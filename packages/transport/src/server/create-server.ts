import type { Server as HttpServer } from "node:http";
import type { Socket } from "node:net";
import type { CompatServiceDefinition, ServiceImplementation } from "nice-grpc";
import { composeServerMiddleware, type ServerMiddleware } from "nice-grpc-common";
import { methodsOf } from "../grpc/definitions.js";
import type { ConnectionOptions } from "../http2/connection-options.js";
import { ErrorCode } from "../http2/errors.js";
import { timerMs } from "../http2/timers.js";
import { ServerCredentials } from "./credentials.js";
import type { ServerCallContext } from "./server-call-context.js";
import { createInProcessSocket } from "./in-process-socket.js";
import type { Admit, IncomingCall } from "./incoming-call.js";
import { listen, type Listener } from "./listen.js";
import { readPreface } from "./preface.js";
import { ServerCall } from "./server-call.js";
import { ServerConnection, type ServerState } from "./server-connection.js";
import type { Handler, ServerMethod } from "./server-method.js";
import {
  connectionOptions,
  serverLimits,
  type GrpcJsServerOptions,
  type ServerLimits,
  type ServerStats,
} from "./server-options.js";

/** Options of {@link createServer}. Options of grpc-js's that have no place here are passed over. */
export interface ServerOptions extends GrpcJsServerOptions {
  limits?: Partial<ServerLimits>;
  /** Settings of each HTTP/2 connection. */
  http2?: Partial<ConnectionOptions>;
  /** Takes connections to the same port that speak HTTP/1.1. It must not listen itself. */
  http1?: HttpServer;
}

/** How a drain went. */
export interface DrainReport {
  /** Whether calls were still running at the time limit. */
  forced: boolean;
  /** The paths of those calls, one for each. */
  cutOff: readonly string[];
}

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
  /** Cuts off all calls and closes all connections. */
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

/** What handlers find in their context beside what nice-grpc has there. */
export type ServerCallContextExt = Pick<
  ServerCallContext,
  "method" | "deadline" | "authority" | "peerCertificate" | "compressResponses" | "wasCompressed"
>;

/** What handlers find in the context of a server made by {@link openServer}. */
export interface IncomingCallContext extends ServerCallContextExt {
  readonly call: IncomingCall;
}

/** Options of {@link openServer}. */
export interface OpenServerOptions {
  limits: Partial<ServerLimits>;
  /**
   * Called when a call's metadata has arrived, before its body is read, and before a deadline or the client may end it. A
   * refusal ends the call with its error's status and its trailers. It should not throw: that would be UNKNOWN.
   */
  admit: Admit;
}

/** How often connections are looked after, in milliseconds. */
const SWEEP_INTERVAL_MS = 1000;

/** Creates a server. */
export function createServer(options: ServerOptions = {}): Server<ServerCallContextExt> {
  return new TransportServer(options, undefined, undefined) as unknown as Server<ServerCallContextExt>;
}

/** Creates a server that decides on each call when its metadata has arrived, and tells handlers what it knows of it. */
export function openServer({ limits, admit }: OpenServerOptions): Server<IncomingCallContext> {
  return new TransportServer({ limits }, undefined, admit) as unknown as Server<IncomingCallContext>;
}

class TransportServer {
  readonly stats: ServerStats = {
    connectionsOpened: 0,
    connectionsOpen: 0,
    callsStarted: 0,
    callsSucceeded: 0,
    callsFailed: 0,
    messagesReceived: 0,
    messagesSent: 0,
  };
  readonly #options: ServerOptions;
  readonly #connectionOptions: ConnectionOptions;
  readonly #state: ServerState;
  readonly #middleware: ServerMiddleware | undefined;
  readonly #methods = new Map<string, ServerMethod>();
  readonly #connections = new Set<ServerConnection>();
  #listener: Listener | "starting" | undefined;
  /** One that takes no more connections, while those that speak HTTP/1.1 end. */
  #closing: Listener | undefined;
  #sweeper: NodeJS.Timeout | undefined;
  /** Whether it was shut down, and has not listened since. */
  #shut = false;

  constructor(options: ServerOptions, middleware: ServerMiddleware | undefined, admit: Admit | undefined) {
    this.#options = options;
    this.#middleware = middleware;
    this.#connectionOptions = connectionOptions(options.http2 ?? {});
    this.#state = {
      methods: this.#methods,
      limits: serverLimits(options, options.limits ?? {}),
      stats: this.stats,
      connections: this.#connections,
      admit,
    };
  }

  use(middleware: ServerMiddleware): TransportServer {
    if (this.#listener !== undefined) throw new Error("server.use() must be used before listen()");
    if (this.#methods.size > 0) throw new Error("server.use() must be used before adding any services");
    return new TransportServer(this.#options, compose(this.#middleware, middleware), this.#state.admit);
  }

  with(middleware: ServerMiddleware) {
    return this.#builder(compose(this.#middleware, middleware));
  }

  add(definition: object, implementation: object): void {
    this.#add(definition, implementation, this.#middleware);
  }

  async listen(
    address: string,
    credentials: ServerCredentials = ServerCredentials.createInsecure(),
  ): Promise<number> {
    if (this.#listener !== undefined) throw new Error("server.listen() has already been called");
    this.#listener = "starting";
    this.#shut = false;
    try {
      this.#listener = await listen({
        address,
        credentials,
        handshakeTimeoutMs: this.#connectionOptions.handshakeTimeoutMs,
        http1: this.#options.http1,
        onConnection: (socket, first) => this.#serve(socket, first),
      });
    } catch (error) {
      this.#listener = undefined;
      throw error;
    }
    return this.#listener.port;
  }

  connectInProcess(): Socket {
    const [near, far] = createInProcessSocket();
    if (this.#shut) return far.destroy(new Error("the server was shut down"));
    readPreface(
      near,
      this.#connectionOptions.handshakeTimeoutMs,
      (rest) => (this.#shut ? near.destroy() : this.#serve(near, rest)),
      () => near.destroy(),
    );
    return far;
  }

  #serve(socket: Socket, first: Buffer): void {
    void new ServerConnection(socket, this.#state, this.#connectionOptions, first);
    this.#sweeper ??= setInterval(() => this.#sweep(), sweepInterval(this.#state.limits)).unref();
  }

  async shutdown(): Promise<void> {
    await this.#stop(undefined);
  }

  async drain(timeoutMs: number): Promise<DrainReport> {
    return this.#stop(timeoutMs);
  }

  forceShutdown(): void {
    this.#close();
    this.#closing?.destroy();
    this.#closing = undefined;
    for (const connection of this.#connections) {
      for (const stream of connection.streams.toArray()) {
        connection.resetStream(stream, ErrorCode.CANCEL);
        stream.onAborted(ErrorCode.CANCEL, "the server was shut down");
      }
      connection.drain();
      connection.sender.output.flush();
      connection.destroy(ErrorCode.CANCEL, "the server was shut down");
    }
  }

  async #stop(timeoutMs: number | undefined): Promise<DrainReport> {
    this.#close();
    for (const connection of this.#connections) connection.drain();
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<boolean>((resolve) => {
      if (timeoutMs !== undefined) timer = setTimeout(() => resolve(true), timerMs(timeoutMs));
    });
    try {
      const forced = await Promise.race([limit, this.#allEnded()]);
      const cutOff = forced ? this.#running() : [];
      if (forced) this.forceShutdown();
      return { forced, cutOff };
    } finally {
      clearTimeout(timer);
    }
  }

  async #allEnded(): Promise<false> {
    await this.#closing?.ended;
    while (this.#connections.size > 0) {
      const [connection] = this.#connections;
      await connection!.ended;
    }
    return false;
  }

  #running(): string[] {
    const paths: string[] = [];
    for (const connection of this.#connections) {
      for (const stream of connection.streams.toArray()) {
        if (stream instanceof ServerCall) paths.push(stream.method.descriptor.path);
      }
    }
    return paths;
  }

  #close(): void {
    this.#shut = true;
    if (typeof this.#listener === "object") {
      this.#listener.close();
      this.#closing = this.#listener;
    }
    this.#listener = undefined;
  }

  #sweep(): void {
    if (this.#connections.size === 0) {
      clearInterval(this.#sweeper);
      this.#sweeper = undefined;
    }
    const now = performance.now();
    for (const connection of this.#connections) connection.sweep(now);
  }

  #builder(middleware: ServerMiddleware) {
    return {
      with: (more: ServerMiddleware) => this.#builder(compose(middleware, more)),
      add: (definition: object, implementation: object) => this.#add(definition, implementation, middleware),
    };
  }

  #add(definition: object, implementation: object, middleware: ServerMiddleware | undefined): void {
    if (this.#listener !== undefined) throw new Error("server.add() must be used before listen()");
    for (const { name, descriptor, request, response } of methodsOf(definition)) {
      const handler = (implementation as Record<string, Handler>)[name];
      if (typeof handler !== "function") throw new Error(`${descriptor.path}: no handler '${name}'`);
      if (this.#methods.has(descriptor.path)) throw new Error(`${descriptor.path} was added before`);
      this.#methods.set(descriptor.path, {
        descriptor,
        request,
        response,
        handler: handler.bind(implementation),
        middleware,
      });
    }
  }
}

function compose(outer: ServerMiddleware | undefined, inner: ServerMiddleware): ServerMiddleware {
  return outer === undefined ? inner : composeServerMiddleware(outer, inner);
}

function sweepInterval({
  keepaliveTimeMs,
  keepaliveTimeoutMs,
  maxConnectionIdleMs,
  maxConnectionAgeMs,
  maxConnectionAgeGraceMs,
  requestTimeoutMs,
}: ServerLimits) {
  const shortest = Math.min(
    keepaliveTimeMs,
    keepaliveTimeoutMs,
    maxConnectionIdleMs,
    maxConnectionAgeMs,
    maxConnectionAgeGraceMs,
    requestTimeoutMs,
  );
  return Math.max(10, Math.min(SWEEP_INTERVAL_MS, shortest / 2));
}
