import { ServerResponse, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { HttpStream } from "@callwire/transport/server";
import type { WebSocketServer } from "ws";
import { EdgeError } from "../errors/edge-error.js";
import { isSameOrigin, mayCall, originNotAllowed } from "../http/cors.js";
import type { Exchange } from "../http/exchange.js";
import { metadataOf } from "../http/metadata.js";
import { NodeExchange } from "../http/node-exchange.js";
import { StreamExchange } from "../http/stream-exchange.js";
import { timeoutOf } from "../http/timeout.js";
import { reportFault } from "../internal/report-fault.js";
import type { Route } from "../routing/route.js";
import { Router } from "../routing/router.js";
import { refuse } from "../serve/answer.js";
import { checkHost, partsOf, targetOf } from "../serve/serve.js";
import type { EdgeSettings } from "../serve/settings.js";
import { codecOf } from "./frames.js";
import { serveSocket, type SocketCall } from "./serve-socket.js";
import { handshakeOf, StreamSocket, WEBSOCKET_VERSION } from "./stream-socket.js";
import { parseOffer, type Offer } from "./subprotocols.js";

/** The largest limit that the package ws keeps. */
const MAX_PAYLOAD_BYTES = 2 ** 31 - 1;

/** A call whose socket is not open yet. */
type Opened = Omit<SocketCall, "connection">;

/** Takes connections whose client would change the protocol: to WebSocket (RFC 6455), and to no other. */
export class Upgrades {
  readonly #router: Router<Route>;
  readonly #httpMethods: readonly string[];
  readonly #settings: EdgeSettings;
  readonly #serve: (exchange: Exchange) => Promise<void> | void;
  #server: Promise<WebSocketServer> | undefined;

  /**
   * @param routes Those of streams.
   * @param serve Answers a request as if it asked for no other protocol.
   */
  constructor(
    routes: readonly Route[],
    settings: EdgeSettings,
    serve: (exchange: Exchange) => Promise<void> | void,
  ) {
    this.#router = new Router(routes);
    this.#httpMethods = [...new Set(routes.map(({ httpMethod }) => httpMethod))];
    this.#settings = settings;
    this.#serve = serve;
  }

  /** Takes one, or answers why not. It rejects for a mistake of ours alone. */
  async take(request: IncomingMessage, duplex: Duplex, head: Buffer): Promise<void> {
    // As the event has it: servers of node:http have no other.
    const socket = duplex as Socket;
    // Until the WebSocket has a listener of its own.
    socket.on("error", () => socket.destroy());
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.once("finish", () => socket.destroySoon());
    const exchange = new NodeExchange(request, response, this.#settings.answer);
    try {
      if (request.headers.upgrade?.toLowerCase() !== "websocket") {
        // Whoever offers h2c, as Java's client does, takes HTTP/1.1 too (RFC 9110, section 7.8). The body is not read any more.
        if (exchange.hasBody)
          throw new EdgeError("BAD_HEADER", "no upgrade but to websocket is taken: send a body without one");
        // What is not read is not seen to end.
        socket.resume();
        await this.#serve(exchange);
        return;
      }
      const { call } = this.#callOf(exchange);
      const server = await (this.#server ??= startServer(this.#settings));
      response.detachSocket(socket);
      this.#open(server, request, socket, head, call);
    } catch (thrown) {
      if (!(thrown instanceof EdgeError)) throw thrown;
      refuse(exchange, thrown, this.#settings);
    }
  }

  /** Takes a stream of HTTP/2, or answers why not. It rejects for a mistake of ours alone. */
  async takeStream(stream: HttpStream): Promise<void> {
    const exchange = new StreamExchange(stream, this.#settings.limits.writeTimeoutMs);
    try {
      if (exchange.header("sec-websocket-version") !== WEBSOCKET_VERSION)
        throw new EdgeError("BAD_HEADER", `sec-websocket-version must be ${WEBSOCKET_VERSION}`, {
          "sec-websocket-version": WEBSOCKET_VERSION,
        });
      const { call, protocol } = this.#callOf(exchange);
      const server = await (this.#server ??= startServer(this.#settings));
      const fields = protocol === undefined ? [] : ["sec-websocket-protocol", protocol];
      this.#open(server, handshakeOf(), new StreamSocket(stream, fields), Buffer.alloc(0), call);
    } catch (thrown) {
      if (!(thrown instanceof EdgeError)) throw thrown;
      refuse(exchange, thrown, this.#settings);
    }
  }

  #open(
    server: WebSocketServer,
    request: IncomingMessage,
    connection: Duplex,
    head: Buffer,
    call: Opened,
  ): void {
    server.handleUpgrade(request, connection, head, (webSocket) => {
      serveSocket(webSocket, { ...call, connection }, this.#settings).catch((error: unknown) => {
        reportFault(error);
        webSocket.terminate();
      });
    });
  }

  /** What a handshake asks for. @throws {EdgeError} if it may not, or if there is no such thing. */
  #callOf(exchange: Exchange): { call: Opened; protocol: Offer["protocol"] } {
    const settings = this.#settings;
    const { limits, cors } = settings;
    checkHost(exchange, settings);
    const { path, query } = targetOf(exchange, limits);
    const found = this.#router.find(path, "GET", ...this.#httpMethods);
    if (!("route" in found))
      throw new EdgeError(
        "ROUTE_NOT_FOUND",
        "no stream is served at this path by WebSocket: take a stream's rule, or /package.Service/Method",
      );
    // A browser asks nobody before a handshake, and sends its cookies with it.
    if (!mayCall(exchange, cors)) throw originNotAllowed(exchange);
    const { route } = found;
    const offer = parseOffer(exchange.header("sec-websocket-protocol"));
    const parts = partsOf(route, found.path, query, limits);
    const metadata = metadataOf(exchange, this.#metadataNames(exchange));
    if (offer.token !== undefined) {
      if (metadata.has("authorization"))
        throw new EdgeError(
          "BAD_HEADER",
          "a token is given twice: in authorization, and beside the subprotocol",
        );
      metadata.set("authorization", `Bearer ${offer.token}`);
    }
    const limitMs = route.method.descriptor.responseStream ? Infinity : limits.callTimeoutMs;
    const { timeoutMs = Infinity } = timeoutOf(exchange, limitMs);
    const codec = codecOf(offer, route, parts, settings);
    const opening = { metadata, timeoutMs: Math.min(timeoutMs, limitMs) };
    return { call: { exchange, route, parts, codec, opening }, protocol: offer.protocol };
  }

  /** The fields that become metadata: a cookie is none from a page that may not send it. */
  #metadataNames(exchange: Exchange): readonly string[] {
    const { requestMetadata, cors } = this.#settings;
    const origin = exchange.header("origin");
    const isOwn = origin === undefined || isSameOrigin(origin, exchange.authority);
    return isOwn || cors?.takesCredentials === true
      ? requestMetadata
      : requestMetadata.filter((name) => name !== "cookie");
  }
}

/** @throws {EdgeError} if the package is not installed. */
async function startServer({ limits }: EdgeSettings): Promise<WebSocketServer> {
  const { WebSocketServer: Server } = await import(
    /* webpackIgnore: true */ /* turbopackIgnore: true */ "ws"
  ).catch((error: unknown) => {
    reportFault(new Error("WebSockets need the package ws: npm install ws", { cause: error }));
    throw new EdgeError(
      "WEBSOCKET_NOT_SERVED",
      "WebSockets are not served here: a warning of the server says why",
    );
  });
  return new Server({
    noServer: true,
    clientTracking: false,
    // 0 would be no limit, and of more than 31 bits those above are lost.
    maxPayload: Math.min(Math.max(limits.maxBodyBytes, 1), MAX_PAYLOAD_BYTES),
    // It would need memory for each connection, and be no secret keeper (BREACH).
    perMessageDeflate: false,
    // What else is offered may be a token: it is never sent back.
    handleProtocols: (offered) => parseOffer([...offered].join(", ")).protocol ?? false,
  });
}
