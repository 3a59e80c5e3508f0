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
import { headFault } from "./http1-head.js";
import { Http1Request, WebSocketRequest } from "./http1-request.js";
import { Http1Socket } from "./http1-socket.js";
import type { Http1Options } from "./http1-options.js";
import type { ServerLimits, ServerStats } from "./server-options.js";

/** One of the connections. */
class Http1Connection implements LimitedConnection {
  /** The answers that have not ended: one, unless the client sends requests before it has their answers. */
  readonly running: ServerResponse[] = [];
  /** True if an answer has ended that says it is the last one. */
  isOver = false;
  /** What node:http had got of it when its last answer ended, in bytes: a client that has sent more has begun a request. */
  #givenBefore = 0;
  #answeredAt = performance.now();
  /** True while node:http's time-out for idle connections counts on though a request has begun. */
  countsIdleTime = false;
  /** When the last request began; undefined before the first one. */
  #begunAt: number | undefined;
  /** The last request, once its head is whole. */
  #request: IncomingMessage | undefined;
  /** Looks whether the last request is too slow. */
  #timer: NodeJS.Timeout | undefined;
  /** True once another protocol is spoken. */
  #isTaken = false;
  readonly #times: Http1Times;
  readonly socket: Http1Socket;
  /** When it is too old, by the clock of `performance.now()`. */
  readonly oldAt: number;

  constructor(accepted: Socket, first: Buffer, times: Http1Times, oldAt: number) {
    this.socket = new Http1Socket(accepted, first, () => this.given());
    this.#times = times;
    this.oldAt = oldAt;
  }

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

  /** node:http gets more of a request, or of the next one. */
  given(): void {
    if (this.#isTaken) return;
    if (this.#begunAt === undefined || this.#request?.complete === true) {
      this.#begunAt = performance.now();
      this.#request = undefined;
    }
    if (this.countsIdleTime) {
      this.countsIdleTime = false;
      this.socket.setTimeout(0);
    }
    // It stays until it is due, whether that request is whole then or not: most are at once, and others come behind them.
    if (this.#timer === undefined) this.#look();
  }

  /** The head of a request is whole. */
  headRead(request: IncomingMessage): void {
    this.#request = request;
  }

  /** Another protocol is spoken from now on. */
  taken(): void {
    this.#isTaken = true;
    this.closed();
  }

  /** It has closed. */
  closed(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  readonly #look = (): void => {
    this.#timer = undefined;
    const request = this.#request;
    if (request?.complete === true) return;
    const timeoutMs = request === undefined ? this.#times.headMs : this.#times.requestMs;
    const leftMs = this.#begunAt! + timeoutMs - performance.now();
    if (leftMs <= 0) void turnWork.each([this], () => this.#endSlow());
    else if (leftMs < Infinity) this.#timer = setTimeout(this.#look, Math.ceil(timerMs(leftMs))).unref();
  };

  /** Ends it, as its client is too slow (RFC 9110, section 15.5.9). */
  #endSlow(): void {
    const { running, socket } = this;
    // What was asked for before it is answered first, or has been begun.
    if (running.every((response) => response.req === this.#request && !response.headersSent))
      socket.write("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n");
    socket.destroySoon();
  }
}

/** The times that a request may take, in milliseconds. */
interface Http1Times {
  readonly headMs: number;
  readonly requestMs: number;
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
  readonly #times: Http1Times;
  #isClosed = false;
  #onEnded = () => {};
  /** After {@link close}: resolves when they have ended. */
  readonly ended = new Promise<void>((resolve) => (this.#onEnded = resolve));

  constructor(owner: Http1Owner) {
    this.#owner = owner;
    const { headerTimeoutMs, requestTimeoutMs } = owner.options;
    this.#times = { headMs: Math.min(headerTimeoutMs, requestTimeoutMs), requestMs: requestTimeoutMs };
  }

  /** Takes a connection. @param first What was read of it. */
  take(accepted: Socket, first: Buffer): void {
    const { stats, limits } = this.#owner;
    // Spread, as those of HTTP/2 are.
    const maxAgeMs = limits.maxConnectionAgeMs * (0.9 + Math.random() * 0.2);
    const connection = new Http1Connection(accepted, first, this.#times, performance.now() + maxAgeMs);
    const { socket } = connection;
    this.#open.set(socket, connection);
    // Where another protocol is asked for, node:http takes its own listener away.
    socket.on("error", () => {});
    this.#owner.idle.add(connection);
    stats.connectionsOpened++;
    stats.connectionsOpen++;
    const most = maxAgeMs + limits.maxConnectionAgeGraceMs;
    const timer = most === Infinity ? undefined : setTimeout(() => socket.destroy(), timerMs(most)).unref();
    accepted.once("close", () => {
      clearTimeout(timer);
      connection.closed();
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
    const server = createServer(nodeOptions(this.#owner), (request, response) =>
      this.#onRequest(request, response),
    );
    server.on("upgrade", (request, socket, rest) =>
      this.#onUpgrade(request as Http1Request, socket as unknown as Http1Socket, rest),
    );
    return server;
  }

  #onUpgrade(request: Http1Request, socket: Http1Socket, rest: Buffer): void {
    const connection = this.#open.get(socket)!;
    if (!request.isTaken) {
      this.#goOnBehind(request, connection, rest);
      return;
    }
    connection.taken();
    if (headFault(request) === undefined)
      guard(socket, () => this.#owner.handler.upgrade!(request, socket, rest));
    else socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
  }

  /**
   * Reads on behind a request that has asked for another protocol, once it is answered: of all that is not HTTP, node:http leaves a
   * connection alone behind such a request.
   */
  #goOnBehind(request: Http1Request, connection: Http1Connection, rest: Buffer): void {
    const { socket, running } = connection;
    const goOn = (): void => {
      if (connection.isOver || socket.destroyed) return;
      // Those of node:http, which come again.
      for (const event of ["pause", "resume"]) socket.removeAllListeners(event);
      if (rest.length > 0) socket.unshift(rest);
      this.#server!.emit("connection", socket);
      connection.countsIdleTime = true;
      if (rest.length > 0) connection.given();
    };
    const response = running.find(({ req }) => req === request);
    if (response === undefined) {
      goOn();
      return;
    }
    const onDrain = (): void => void response.emit("drain");
    socket.on("drain", onDrain);
    response.once("close", () => {
      socket.off("drain", onDrain);
      goOn();
    });
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    const socket = request.socket as unknown as Http1Socket;
    const connection = this.#open.get(socket)!;
    connection.headRead(request);
    const { running, oldAt } = connection;
    // RFC 9112, section 9.6: node:http would answer those that came with one whose answer is the last.
    if (connection.isOver || running.some(({ shouldKeepAlive }) => !shouldKeepAlive)) return;
    running.push(response);
    response.on("close", () => {
      connection.answered(response);
      if (this.#isClosed && running.length === 0) socket.destroySoon();
    });
    if (this.#isClosed || performance.now() >= oldAt) response.shouldKeepAlive = false;
    const fault = headFault(request);
    if (fault === undefined) guard(response, () => this.#owner.handler.handler(request, response));
    else {
      response.shouldKeepAlive = false;
      response.writeHead(fault.status, { "content-type": "text/plain" }).end(fault.message);
    }
  }

  #endIfOver(): void {
    if (!this.#isClosed || this.#open.size > 0) return;
    this.#server?.close();
    this.#onEnded();
  }
}

function nodeOptions({ options, limits, handler }: Http1Owner): NodeOptions {
  const idleMs = Math.min(options.keepAliveTimeoutMs, limits.maxConnectionIdleMs);
  return {
    // 0 is none.
    keepAliveTimeout: idleMs === Infinity ? 0 : Math.max(1, timerMs(idleMs)),
    maxHeaderSize: Math.min(options.maxHeaderBytes, MAX_32_BITS),
    // Whatever the process was started with: what a proxy reads otherwise smuggles requests past it.
    insecureHTTPParser: false,
    IncomingMessage: handler.upgrade === undefined ? Http1Request : WebSocketRequest,
  };
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
