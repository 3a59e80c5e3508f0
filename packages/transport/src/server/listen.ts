import type { IncomingMessage, Server as HttpServer, ServerResponse } from "node:http";
import { createServer as createNetServer, type Server as NetServer, type Socket } from "node:net";
import { createServer as createTlsServer, type Server as TlsServer, type TLSSocket } from "node:tls";
import { MAX_TIMER_MS } from "../http2/timers.js";
import type { ServerCredentials } from "./credentials.js";
import { parseUnixAddress } from "../http2/unix-path.js";
import { ConnectionProblems, prefaceProblem, tlsProblem } from "./connection-problem.js";
import { Handshakes } from "./handshakes.js";
import { readPreface } from "./preface.js";
import { bind, type ListenAddress } from "./bind.js";

/** The options of {@link listen}. */
export interface ListenOptions {
  address: string;
  credentials: ServerCredentials;
  /** The time that a client may take to show its protocol, in milliseconds. */
  handshakeTimeoutMs: number;
  /** Takes connections that speak HTTP/1.1; without it they are closed. */
  http1: HttpServer | undefined;
  /** Hears of clients that speak another protocol, or whose TLS failed. */
  onConnectionProblem: ((problem: Error) => void) | undefined;
  /** Takes connections that speak HTTP/2, with what was read after the preface. */
  onConnection(socket: Socket, first: Buffer): void;
}

/** A listening socket. */
export interface Listener {
  /** The port; 0 for a unix socket. */
  readonly port: number;
  /** Takes no more connections, and ends those that do not say what they speak, and idle ones of HTTP/1.1. */
  close(): void;
  /** After {@link close}: cuts off the connections of HTTP/1.1 that are still there. */
  destroy(): void;
  /** Resolves when they have ended. */
  readonly ended: Promise<void>;
}

/**
 * Splits `host:port`, `[ipv6]:port`, with a zone or without, `unix:path` and `unix-abstract:name`.
 *
 * @throws {Error} if it is none of them, or the path of a socket is too long.
 */
export function parseListenAddress(address: string): ListenAddress {
  const path = parseUnixAddress(address);
  if (path !== undefined) return { path };
  const match = /^(?:\[(.+)\]|([^:]+)):(\d{1,5})$/.exec(address);
  if (!match || Number(match[3]) > 65_535) {
    throw new Error(
      `Invalid address: '${address}': it must be 'host:port' with a port of at most 65535, '[ipv6]:port' or 'unix:path'`,
    );
  }
  // RFC 6874: in brackets, `%` before a zone may be written as `%25`.
  return { host: match[1]?.replace("%25", "%") ?? match[2]!, port: Number(match[3]) };
}

/** Listens on an address, for HTTP/2 and, if it is wanted, HTTP/1.1 on the same port. */
export async function listen(options: ListenOptions): Promise<Listener> {
  const { address, credentials, handshakeTimeoutMs, http1, onConnection, onConnectionProblem } = options;
  const problems = new ConnectionProblems(onConnectionProblem ?? (() => {}));
  const open = new Set<Socket>();
  const http1Sockets = new Set<Socket>();
  let closed = false;
  /** Those with a request that is not answered. */
  const busy = new Set<Socket>();
  let resolveEnded = (): void => {};
  const ended = new Promise<void>((resolve) => {
    resolveEnded = resolve;
  });
  const onHttp1Closed = (socket: Socket): void => {
    http1Sockets.delete(socket);
    if (!closed || http1Sockets.size > 0) return;
    http1?.off("request", onHttp1Request);
    resolveEnded();
  };
  // A server of node:http knows which of its connections are idle only if it listens itself.
  const onHttp1Request = ({ socket }: IncomingMessage, response: ServerResponse): void => {
    if (!http1Sockets.has(socket)) return;
    busy.add(socket);
    response.once("close", () => {
      busy.delete(socket);
      if (closed) socket.end();
    });
  };
  http1?.on("request", onHttp1Request);
  const onSocket = (socket: Socket, acceptedAt = performance.now()): void => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    readPreface(
      socket,
      acceptedAt + handshakeTimeoutMs - performance.now(),
      (rest) => {
        open.delete(socket);
        onConnection(socket, rest);
      },
      (first) => {
        open.delete(socket);
        if (!http1) {
          problems.report(prefaceProblem(first), socket.remoteAddress);
          socket.destroy();
          return;
        }
        http1Sockets.add(socket);
        socket.once("close", () => onHttp1Closed(socket));
        socket.pause();
        socket.unshift(first);
        http1.emit("connection", socket);
        socket.resume();
      },
    );
  };

  const { secureOptions } = credentials;
  let server: NetServer | TlsServer;
  let stopReloading = (): void => {};
  let closeHandshakes = (): void => {};
  // A client may end its side and wait for its answers.
  const stream = { noDelay: true, allowHalfOpen: true };
  if (secureOptions === undefined) server = createNetServer(stream, (socket) => onSocket(socket));
  else {
    const handshakes = new Handshakes(handshakeTimeoutMs);
    const tls = createTlsServer(
      {
        ...secureOptions,
        ...stream,
        requestCert: credentials.checksClients,
        rejectUnauthorized: credentials.checksClients,
        ALPNProtocols: http1 ? ["h2", "http/1.1"] : ["h2"],
        // Ours counts on until the preface.
        handshakeTimeout: MAX_TIMER_MS,
      },
      (socket: TLSSocket) => onSocket(socket, handshakes.end(socket)),
    );
    tls.on("connection", (socket) => handshakes.begin(socket));
    tls.on("tlsClientError", (error, socket) => {
      problems.report(tlsProblem(error), socket.remoteAddress);
      socket.destroy();
    });
    closeHandshakes = () => handshakes.close();
    stopReloading = credentials.onReload((reloaded) => tls.setSecureContext(reloaded));
    server = tls;
  }
  await bind(server, parseListenAddress(address));
  // Accepting may fail, for want of descriptors: those that are connected go on.
  server.on("error", () => {});
  const bound = server.address();
  return {
    port: bound !== null && typeof bound === "object" ? bound.port : 0,
    close() {
      stopReloading();
      server.close();
      closeHandshakes();
      for (const socket of open) socket.destroy();
      closed = true;
      for (const socket of http1Sockets) if (!busy.has(socket)) socket.destroy();
      if (http1Sockets.size === 0) {
        http1?.off("request", onHttp1Request);
        resolveEnded();
      }
    },
    destroy() {
      for (const socket of http1Sockets) socket.destroy();
    },
    ended,
  };
}
