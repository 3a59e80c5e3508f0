import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { readInTurns, turnWork } from "@callwire/transport";
import type { Logger } from "@callwire/server-kit";
import type { Edge } from "../create-edge.js";
import { logRequest, logUpgrade } from "./log-request.js";

/** The time that a header may take: node:http has no bound on it where a whole request has none. */
const HEADERS_TIMEOUT_MS = 60_000;

/** The server of node:http for an edge. The edge has bounds of its own on the time that a request takes, which may be an endless stream. */
export function httpServer(edge: Pick<Edge, "handler">, logger: Logger): Server {
  const server = createServer(
    { requestTimeout: 0, headersTimeout: HEADERS_TIMEOUT_MS },
    (request, response) => {
      logRequest(logger, request, response);
      // A connection that is idle when the server stops is of no use to anybody.
      response.once("close", () => {
        if (!server.listening) server.closeIdleConnections();
      });
      edge.handler(request, response);
    },
  );
  readInTurns(server);
  return server;
}

/** The port at which a gateway is reached. */
export class HttpPort {
  readonly #edge: Edge;
  readonly #server: Server;
  /** Sockets that have become WebSockets: the server waits for them, and does not cut them off. */
  readonly #upgraded = new Set<Duplex>();
  #closed: Promise<unknown> | undefined;
  #isForced = false;

  constructor(edge: Edge, logger: Logger) {
    this.#edge = edge;
    this.#server = httpServer(edge, logger).on("upgrade", (request, socket, head) => {
      logUpgrade(logger, request, socket);
      this.#upgraded.add(socket);
      socket.once("close", () => this.#upgraded.delete(socket));
      edge.upgrade(request, socket, head);
    });
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
    this.#server.close();
    this.#edge.endStreams();
    const timer = setTimeout(() => this.forceShutdown(), timeoutMs);
    await this.#closed;
    clearTimeout(timer);
    return this.#isForced;
  }

  /** Cuts off all that runs. */
  forceShutdown(): void {
    this.#isForced = true;
    this.#server.closeAllConnections();
    void turnWork.each(this.#upgraded, (socket) => socket.destroy());
  }
}
