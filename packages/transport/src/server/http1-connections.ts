import {
  createServer,
  type ServerResponse,
  type IncomingMessage,
  type Server,
  type ServerOptions as NodeOptions,
} from "node:http";
import type { Socket } from "node:net";
import { MAX_32_BITS } from "../http2/constants.js";
import { timerMs } from "../http2/timers.js";
import { turnWork } from "../http2/turn-work.js";
import { reportHandlerFault } from "./handler-fault.js";
import type { IdleSearch, LimitedConnection } from "./connection-limit.js";
import type { HttpHandler } from "./http-handler.js";
import { Http1Request } from "./http1-request.js";
import { Http1Socket } from "./http1-socket.js";
import type { Http1Options } from "./http1-options.js";
import type { ServerLimits, ServerStats } from "./server-options.js";

/**
 * The longest interval at which node:http looks for requests that are too slow, in milliseconds. It ends all that it finds in one
 * turn of the event loop: there must not be many.
 */
const MAX_CHECK_MS = 50;

/** One of the connections. */
class Http1Connection implements LimitedConnection {
  /** The answers that have not ended: one, unless the client sends requests before it has their answers. */
  readonly running: ServerResponse[] = [];
  /** True if an answer has ended that says it is the last one. */
  isOver = false;
  /** What node:http had got of it when its last answer ended, in bytes: a client that has sent more has begun a request. */
  #givenBefore = 0;
  #answeredAt = performance.now();

  constructor(
    readonly socket: Http1Socket,
    /** When it is too old, by the clock of `performance.now()`. */
    readonly oldAt: number,
  ) {}

  get isIdle(): boolean {
    return this.running.length === 0 && this.socket.bytesRead === this.#givenBefore;
  }

  get idleSince(): number | undefined {
    return this.isIdle && !this.socket.destroyed ? this.#answeredAt : undefined;
  }

  /** An answer has ended. */
  answered(response: ServerResponse): void {
    this.running.splice(this.running.indexOf(response), 1);
    this.#givenBefore = this.socket.bytesGiven;
    this.#answeredAt = performance.now();
    this.isOver ||= !response.shouldKeepAlive;
  }

  giveWay(): void {
    this.socket.destroySoon();
  }
}

/** What connections of HTTP/1.1 need of their server. */
export interface Http1Owner {
  readonly handler: HttpHandler;
  readonly options: Http1Options;
  readonly limits: ServerLimits;
  readonly stats: ServerStats;
  /** Is told of each, for it may have to give way to others. */
  readonly idle: IdleSearch;
}

/** The connections of a server that speak HTTP/1.1. Its own listener accepts them; a server of node:http reads them. */
export class Http1Connections {
  readonly #owner: Http1Owner;
  /** Made for the first connection. */
  #server: Server | undefined;
  readonly #open = new Map<Http1Socket, Http1Connection>();
  #isClosed = false;
  #onEnded = () => {};
  /** After {@link close}: resolves when they have ended. */
  readonly ended = new Promise<void>((resolve) => (this.#onEnded = resolve));

  constructor(owner: Http1Owner) {
    this.#owner = owner;
  }

  /** Takes a connection. @param first What was read of it. */
  take(accepted: Socket, first: Buffer): void {
    const { stats, limits } = this.#owner;
    const socket = new Http1Socket(accepted, first);
    // Spread, as those of HTTP/2 are.
    const maxAgeMs = limits.maxConnectionAgeMs * (0.9 + Math.random() * 0.2);
    const connection = new Http1Connection(socket, performance.now() + maxAgeMs);
    this.#open.set(socket, connection);
    this.#owner.idle.add(connection);
    stats.connectionsOpened++;
    stats.connectionsOpen++;
    const most = maxAgeMs + limits.maxConnectionAgeGraceMs;
    const timer = most === Infinity ? undefined : setTimeout(() => socket.destroy(), timerMs(most)).unref();
    accepted.once("close", () => {
      clearTimeout(timer);
      stats.connectionsOpen--;
      this.#open.delete(socket);
      this.#owner.idle.delete(connection);
      this.#endIfOver();
    });
    this.#server ??= this.#openServer();
    this.#server.emit("connection", socket);
  }

  /** Idle connections end now, others with their answers. */
  close(): void {
    this.#isClosed = true;
    void turnWork.each(this.#open.values(), (connection) => {
      for (const response of connection.running) response.shouldKeepAlive = false;
      if (connection.isIdle) connection.socket.destroySoon();
    });
    this.#endIfOver();
  }

  /** Cuts off those that are still there. Resolves when that is done. */
  destroy(): Promise<void> {
    return turnWork.each(this.#open.keys(), (socket) => socket.destroy());
  }

  #openServer(): Server {
    const { handler } = this.#owner;
    const server = createServer(nodeOptions(this.#owner), (request, response) =>
      this.#onRequest(request, response),
    );
    if (handler.upgrade !== undefined)
      server.on("upgrade", (request, socket, head) =>
        guard(socket, () => handler.upgrade!(request, socket, head)),
      );
    // It watches over the time of its connections once it listens. Here, another server listens for it.
    server.emit("listening");
    return server;
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    const socket = request.socket as unknown as Http1Socket;
    const connection = this.#open.get(socket)!;
    const { running, oldAt } = connection;
    // RFC 9112, section 9.6: node:http would answer those that came with one whose answer is the last.
    if (connection.isOver || running.some(({ shouldKeepAlive }) => !shouldKeepAlive)) return;
    running.push(response);
    response.on("close", () => {
      connection.answered(response);
      if (this.#isClosed && running.length === 0) socket.destroySoon();
    });
    if (this.#isClosed || performance.now() >= oldAt) response.shouldKeepAlive = false;
    guard(response, () => this.#owner.handler.handler(request, response));
  }

  #endIfOver(): void {
    if (!this.#isClosed || this.#open.size > 0) return;
    this.#server?.close();
    this.#onEnded();
  }
}

function nodeOptions({ options, limits }: Http1Owner): NodeOptions {
  const { headerTimeoutMs, requestTimeoutMs, keepAliveTimeoutMs, maxHeaderBytes } = options;
  const headersTimeout = Math.min(headerTimeoutMs, requestTimeoutMs);
  return {
    headersTimeout: nodeMs(headersTimeout),
    requestTimeout: nodeMs(requestTimeoutMs),
    keepAliveTimeout: nodeMs(Math.min(keepAliveTimeoutMs, limits.maxConnectionIdleMs)),
    connectionsCheckingInterval: Math.max(10, Math.min(MAX_CHECK_MS, headersTimeout / 2)),
    maxHeaderSize: Math.min(maxHeaderBytes, MAX_32_BITS),
    // Whatever the process was started with: what a proxy reads otherwise smuggles requests past it.
    insecureHTTPParser: false,
    IncomingMessage: Http1Request,
  };
}

/** A time-out as node:http has it: 0 is none. */
function nodeMs(ms: number): number {
  return ms === Infinity ? 0 : Math.max(1, timerMs(ms));
}

/** Lets the application's handler answer, and ends the answer if it fails. */
function guard(answer: { destroy(): void }, handle: () => Promise<void> | void): void {
  const onFault = (error: unknown): void => {
    reportHandlerFault(error);
    answer.destroy();
  };
  try {
    // Also what JavaScript returns beside a promise, as `(request, response) => response.end()` does.
    void Promise.resolve(handle()).catch(onFault);
  } catch (error) {
    onFault(error);
  }
}
