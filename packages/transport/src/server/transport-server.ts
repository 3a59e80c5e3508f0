import type { Socket } from "node:net";
import {
  composeServerMiddleware,
  type MethodDescriptor,
  type ServerError,
  type ServerMiddleware,
} from "nice-grpc-common";
import { checkValue } from "../grpc/check-options.js";
import { connectionOptions, override } from "../grpc/connection-settings.js";
import { contractOf } from "../grpc/contract.js";
import { methodsOf } from "../grpc/definitions.js";
import { handlerOf } from "../grpc/handler-of.js";
import { anyObject, callable, milliseconds, required, text } from "../grpc/option-rules.js";
import type { ConnectionOptions } from "../http2/connection-options.js";
import { ErrorCode } from "../http2/errors.js";
import { afterReads, timerMs } from "../http2/timers.js";
import { turnWork } from "../http2/turn-work.js";
import { contextClass, LazyContext } from "./call-context.js";
import { createCallScopes } from "./call-scope.js";
import { IdleSearch } from "./connection-limit.js";
import { sweepSteps } from "./connection-sweep.js";
import { ServerCredentials } from "./credentials.js";
import type { HttpHandler } from "./http-handler.js";
import { Http1Connections } from "./http1-connections.js";
import { defaultHttp1Options } from "./http1-options.js";
import { createInProcessSocket } from "./in-process-socket.js";
import { listen, type Listener } from "./listen.js";
import { readPreface } from "./preface.js";
import { ServerConnection, type ServerState } from "./server-connection.js";
import { ServedMethods, type Handler } from "./server-method.js";
import { responseFields } from "./response-writer.js";
import {
  checkServerOptions,
  httpHandler,
  serverLimits,
  type ServerLimits,
  type ServerOptions,
  type ServerStats,
} from "./server-options.js";
import type { ServerPhases } from "./server-phases.js";
import { ServerStream, type StreamOwner } from "./server-stream.js";

/** The outcome of a drain. */
export interface DrainReport {
  /** True if calls were still running at the time limit. */
  forced: boolean;
  /** The paths of those calls, one for each. */
  cutOff: readonly string[];
}

/** Gives the phases of a method; undefined if it has none. */
type PhasesOf = (method: MethodDescriptor) => ServerPhases | undefined;

/** The interval at which connections are checked, in milliseconds. */
const SWEEP_INTERVAL_MS = 1000;

/** A server, by nice-grpc's methods, for createServer and the seam. */
export class TransportServer {
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
  readonly #methods = new ServedMethods();
  readonly #connections = new Set<ServerConnection>();
  /** Those too that are over, and whose peers still read. */
  readonly #open = new Set<ServerConnection>();
  #listener: Listener | "starting" | undefined;
  /** One that takes no more connections, while those that speak HTTP/1.1 end. */
  #closing: Listener | undefined;
  #sweeper: NodeJS.Timeout | undefined;
  /** Stands for the last call of `listen`, until the server is shut down. */
  #starting: object | undefined;
  /** All of these, and those of HTTP/1.1. */
  readonly #idle = new IdleSearch();
  #isSweeping = false;
  /** True if it was shut down, and has not listened since. */
  #shut = false;

  /** @param middleware Goes around every handler. */
  constructor(options: ServerOptions, middleware?: ServerMiddleware) {
    checkServerOptions(options);
    this.#options = options;
    this.#middleware = middleware;
    this.#connectionOptions = connectionOptions(options.http2 ?? {});
    this.#state = {
      methods: this.#methods,
      limits: serverLimits(options, options.limits ?? {}),
      stats: this.stats,
      connections: this.#connections,
      scopes: createCallScopes(),
      http: options.http,
      endReason: undefined,
    };
  }

  use(middleware: ServerMiddleware): TransportServer {
    checkValue("use", "the middleware", middleware, required(callable));
    if (this.#listener !== undefined) throw new Error("server.use() must be used before listen()");
    if (this.#methods.size > 0) throw new Error("server.use() must be used before adding any services");
    return new TransportServer(this.#options, compose(this.#middleware, middleware));
  }

  with(middleware: ServerMiddleware) {
    checkValue("with", "the middleware", middleware, required(callable));
    return this.#builder(compose(this.#middleware, middleware));
  }

  add(definition: object, implementation: object): void {
    this.#add(definition, implementation, this.#middleware, undefined);
  }

  addWithPhases(definition: object, implementation: object, phasesOf: PhasesOf): void {
    this.#add(definition, implementation, undefined, phasesOf);
  }

  /** Answers what is not gRPC by this, from the next `listen` on. */
  answerHttp(handler: HttpHandler): void {
    checkValue("answerHttp", "the handler", handler, required(httpHandler));
    if (this.#listener !== undefined) throw new Error("server.answerHttp() must be used before listen()");
    this.#state.http = handler;
  }

  /** The paths of the calls that run, one for each. */
  get running(): string[] {
    return Array.from(this.#calls(), (call) => call.method.descriptor.path);
  }

  /** Ends the calls that answer with a stream, now and later. */
  endStreams(reason: ServerError): void {
    this.#state.endReason = reason;
    void turnWork.do(endSteps(this.#calls(), reason));
  }

  async listen(
    address: string,
    credentials: ServerCredentials = ServerCredentials.createInsecure(),
  ): Promise<number> {
    checkValue("listen", "the address", address, required(text));
    if (!(credentials instanceof ServerCredentials)) {
      throw new TypeError("listen: the credentials must be made by ServerCredentials of @callwire/transport");
    }
    if (this.#listener !== undefined) throw new Error("server.listen() has already been called");
    this.#listener = "starting";
    this.#shut = false;
    const starting = (this.#starting = {});
    let listener: Listener;
    try {
      listener = await listen({
        address,
        credentials,
        handshakeTimeoutMs: this.#connectionOptions.handshakeTimeoutMs,
        http1: this.#http1(),
        maxConnections: this.#state.limits.maxConnections,
        idle: this.#idle,
        onConnectionProblem: this.#options.onConnectionProblem,
        onConnection: (socket, first) => this.#serve(socket, first),
      });
    } catch (error) {
      if (this.#starting === starting) this.#listener = undefined;
      throw error;
    }
    if (this.#starting !== starting) {
      listener.close();
      throw new Error("the server was shut down before it listened");
    }
    this.#listener = listener;
    return listener.port;
  }

  #http1(): Http1Connections | undefined {
    const { http: handler, limits } = this.#state;
    if (handler === undefined) return undefined;
    const options = override(defaultHttp1Options, this.#options.http1 ?? {});
    return new Http1Connections({ handler, options, limits, stats: this.stats, idle: this.#idle });
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
    const connection = new ServerConnection(socket, this.#state, this.#connectionOptions, first);
    this.#open.add(connection);
    this.#idle.add(connection);
    void connection.closed.then(() => {
      this.#open.delete(connection);
      this.#idle.delete(connection);
    });
    this.#sweeper ??= setInterval(
      () => afterReads(() => this.#lookAfterConnections()),
      sweepInterval(this.#state.limits),
    ).unref();
  }

  async shutdown(): Promise<void> {
    await this.#stop(undefined);
  }

  async drain(timeoutMs: number): Promise<DrainReport> {
    checkValue("drain", "timeoutMs", timeoutMs, required(milliseconds()));
    return this.#stop(timeoutMs);
  }

  forceShutdown(): void {
    void this.#cutOff();
  }

  async #cutOff(): Promise<void> {
    this.#close();
    const http1 = this.#closing?.http1;
    this.#closing = undefined;
    await Promise.all([http1?.destroy(), turnWork.do(cutOffSteps(this.#open))]);
  }

  async #stop(timeoutMs: number | undefined): Promise<DrainReport> {
    this.#close();
    const drained = turnWork.each(this.#connections, (connection) => connection.drain());
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<boolean>((resolve) => {
      if (timeoutMs !== undefined) timer = setTimeout(() => resolve(true), timerMs(timeoutMs));
    });
    try {
      const isLate = await Promise.race([limit, drained.then(() => this.#allEnded())]);
      const cutOff = isLate ? this.running : [];
      // Also peers that still read their answers.
      if (isLate) await this.#cutOff();
      return { forced: cutOff.length > 0, cutOff };
    } finally {
      clearTimeout(timer);
    }
  }

  async #allEnded(): Promise<false> {
    await this.#closing?.http1?.ended;
    while (this.#open.size > 0) await Promise.all(Array.from(this.#open, ({ closed }) => closed));
    return false;
  }

  /** The calls of the connections as they are now. */
  *#calls(): Generator<StreamOwner> {
    for (const connection of Array.from(this.#connections))
      for (const stream of connection.streams.toArray())
        if (stream instanceof ServerStream && !stream.closed) yield stream.owner;
  }

  #close(): void {
    this.#shut = true;
    this.#starting = undefined;
    if (typeof this.#listener === "object") {
      this.#listener.close();
      this.#closing = this.#listener;
    }
    this.#listener = undefined;
  }

  #lookAfterConnections(): void {
    if (this.#connections.size === 0) {
      clearInterval(this.#sweeper);
      this.#sweeper = undefined;
    }
    if (this.#isSweeping) return;
    this.#isSweeping = true;
    void turnWork.do(sweepSteps(this.#connections)).then(() => (this.#isSweeping = false));
  }

  #builder(middleware: ServerMiddleware) {
    return {
      with: (more: ServerMiddleware) => this.#builder(compose(middleware, more)),
      add: (definition: object, implementation: object) =>
        this.#add(definition, implementation, middleware, undefined),
    };
  }

  #add(
    definition: object,
    implementation: object,
    middleware: ServerMiddleware | undefined,
    phasesOf: PhasesOf | undefined,
  ): void {
    if (this.#listener !== undefined) throw new Error("server.add() must be used before listen()");
    const methods = methodsOf(definition);
    checkValue("add", "the implementation", implementation, required(anyObject));
    const contract = contractOf(definition);
    const fields = responseFields(contract);
    for (const { name, descriptor, request, response } of methods) {
      const handler = handlerOf(implementation, name) as Handler | undefined;
      if (handler === undefined) throw new Error(`${descriptor.path}: no handler '${name}'`);
      if (this.#methods.has(descriptor.path)) throw new Error(`${descriptor.path} was added before`);
      const phases = phasesOf?.(descriptor);
      if (contract !== undefined) this.#methods.setContract(descriptor.path, contract);
      this.#methods.set(descriptor.path, {
        descriptor,
        request,
        response,
        handler: handler.bind(implementation),
        middleware,
        phases,
        responseFields: fields,
        contextClass: phases === undefined ? LazyContext : contextClass(phases.lazy),
      });
    }
  }
}

/** The steps in which calls that answer with a stream are ended. */
function* endSteps(calls: Iterable<StreamOwner>, reason: ServerError): Generator<undefined> {
  for (const call of calls) {
    call.endStream(reason);
    yield;
  }
}

/** The steps in which connections, as they are now, and all their calls are cut off. */
function* cutOffSteps(connections: Iterable<ServerConnection>): Generator<undefined> {
  for (const connection of Array.from(connections)) {
    for (const stream of connection.streams.toArray()) {
      if (stream.closed) continue;
      connection.resetStream(stream, ErrorCode.CANCEL);
      stream.onAborted(ErrorCode.CANCEL, "the server was shut down");
      yield;
    }
    connection.drain();
    connection.sender.output.flush();
    connection.destroy(ErrorCode.CANCEL, "the server was shut down");
    yield;
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
  answerTimeoutMs,
}: ServerLimits) {
  const shortest = Math.min(
    keepaliveTimeMs,
    keepaliveTimeoutMs,
    maxConnectionIdleMs,
    maxConnectionAgeMs,
    maxConnectionAgeGraceMs,
    requestTimeoutMs,
    answerTimeoutMs,
  );
  return Math.max(10, Math.min(SWEEP_INTERVAL_MS, shortest / 2));
}
