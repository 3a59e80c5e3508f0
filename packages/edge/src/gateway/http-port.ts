import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { Server as NetServer, type AddressInfo, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { readInTurns, turnWork } from "@callwire/transport";
import type { Logger } from "@callwire/server-kit";
import type { Edge } from "../create-edge.js";
import { logRequest, logUpgrade } from "./log-request.js";

/** The time that a header may take: node:http has no bound on it where a whole request has none. */
const HEADERS_TIMEOUT_MS = 60_000;

/** The server of node:http for an edge. The edge has bounds of its own on the time that a request takes, which may be an endless stream. */
export function httpServer(): Server {
  return createServer({ requestTimeout: 0, headersTimeout: HEADERS_TIMEOUT_MS });
}

/** The port at which a gateway is reached. */
export class HttpPort {
  readonly #edge: Edge;
  readonly #server = httpServer();
  /** The connections, each with the number of its requests that have not ended. */
  readonly #open = new Map<Duplex, number>();
  #closed: Promise<unknown> | undefined;
  #isForced = false;

  constructor(edge: Edge, logger: Logger) {
    this.#edge = edge;
    this.#server
      .on("connection", (socket) => {
        this.#open.set(socket, 0);
        socket.once("close", () => this.#open.delete(socket));
      })
      .on("request", (request, response) => {
        const { socket } = request;
        this.#count(socket, 1);
        response.once("close", () => {
          this.#count(socket, -1);
          if (this.#closed !== undefined) this.#endIfIdle(socket);
        });
        logRequest(logger, request, response);
        edge.handler(request, response);
      })
      .on("upgrade", (request, socket, head) => {
        // What it becomes ends with the socket.
        this.#count(socket, 1);
        logUpgrade(logger, request, socket);
        edge.upgrade(request, socket, head);
      });
    readInTurns(this.#server);
  }

  /** Resolves to the port's number. */
  async listen(host: string, port: number): Promise<number> {
    this.#server.listen(port, host);
    await once(this.#server, "listening");
    return (this.#server.address() as AddressInfo).port;
  }

  /** Takes no more connections, ends streams of responses, and lets other requests end. Resolves to true if some were cut off. */
  async shutdown(timeoutMs: number): Promise<boolean> {
    this.#closed ??= once(this.#server, "close");
    // node:http's own ends all idle connections in one turn of the event loop.
    NetServer.prototype.close.call(this.#server);
    void turnWork.each(this.#open.keys(), (socket) => this.#endIfIdle(socket));
    this.#edge.endStreams();
    const timer = setTimeout(() => this.forceShutdown(), timeoutMs);
    await this.#closed;
    clearTimeout(timer);
    return this.#isForced;
  }

  /** Cuts off all that runs. */
  forceShutdown(): void {
    this.#isForced = true;
    void turnWork.each(this.#open.keys(), (socket) => socket.destroy());
  }

  #count(socket: Duplex, more: number): void {
    const running = this.#open.get(socket);
    if (running !== undefined) this.#open.set(socket, running + more);
  }

  #endIfIdle(socket: Duplex): void {
    // As the event has it: servers of node:http have no other.
    if (this.#open.get(socket) === 0) (socket as Socket).destroySoon();
  }
}
