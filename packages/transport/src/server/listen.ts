import { createServer as createNetServer, type Server as NetServer, type Socket } from "node:net";
import { createServer as createTlsServer, type Server as TlsServer, type TLSSocket } from "node:tls";
import { MAX_TIMER_MS } from "../http2/timers.js";
import { turnWork } from "../http2/turn-work.js";
import type { ServerCredentials } from "./credentials.js";
import { parseUnixAddress } from "../http2/unix-path.js";
import { limitConnections, type IdleSearch } from "./connection-limit.js";
import {
  ConnectionProblems,
  isTlsHandshake,
  prefaceProblem,
  tlsProblem,
  tooManyConnections,
} from "./connection-problem.js";
import { Handshakes } from "./handshakes.js";
import type { Http1Connections } from "./http1-connections.js";
import { inReadTurn } from "./in-read-turn.js";
import { readPreface } from "./preface.js";
import { bind, type ListenAddress } from "./bind.js";

/** The options of {@link listen}. */
export interface ListenOptions {
  address: string;
  credentials: ServerCredentials;
  /** The time that a client may take to show its protocol, in milliseconds. */
  handshakeTimeoutMs: number;
  /** Takes connections that speak HTTP/1.1; without it they are closed. */
  http1: Http1Connections | undefined;
  /** The most connections at once. */
  maxConnections: number;
  /** Finds those that give way to others. */
  idle: IdleSearch;
  /** Hears of clients that speak another protocol, or whose TLS failed, and of connections that are too many. */
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
  /** After {@link close}: the connections of HTTP/1.1 that may still be there. */
  readonly http1: Http1Connections | undefined;
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
  const { address, credentials, handshakeTimeoutMs, http1, maxConnections } = options;
  const { idle, onConnection, onConnectionProblem } = options;
  const problems = new ConnectionProblems(onConnectionProblem ?? (() => {}));
  const open = new Set<Socket>();
  let isClosed = false;
  const onSocket = (socket: Socket, acceptedAt = performance.now()): void => {
    if (isClosed) {
      socket.destroy();
      return;
    }
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    readPreface(
      socket,
      acceptedAt + handshakeTimeoutMs - performance.now(),
      (rest) => {
        open.delete(socket);
        if (isClosed) socket.destroy();
        else onConnection(socket, rest);
      },
      (first) => {
        open.delete(socket);
        if (isClosed) {
          socket.destroy();
          return;
        }
        const negotiated = (socket as Partial<TLSSocket>).alpnProtocol;
        if (http1 !== undefined && negotiated !== "h2" && !isTlsHandshake(first)) {
          http1.take(socket, first);
          return;
        }
        problems.report(prefaceProblem(first), socket.remoteAddress);
        socket.destroy();
      },
    );
  };

  const { secureOptions } = credentials;
  let server: NetServer | TlsServer;
  let stopReloading = (): void => {};
  let closeHandshakes = (): void => {};
  if (secureOptions === undefined) {
    // A client may end its side and wait for its answers.
    server = createNetServer({ noDelay: true, allowHalfOpen: true }, (socket) => onSocket(socket));
  } else {
    const handshakes = new Handshakes(handshakeTimeoutMs);
    const tls = createTlsServer(
      {
        ...secureOptions,
        noDelay: true,
        requestCert: credentials.checksClients,
        rejectUnauthorized: credentials.checksClients,
        ALPNProtocols: http1 ? ["h2", "http/1.1"] : ["h2"],
        // Ours counts on until the preface.
        handshakeTimeout: MAX_TIMER_MS,
      },
      (socket: TLSSocket) => {
        // As above, from now on: a client that goes before its handshake has ended gets no answer, and would be waited for.
        socket.allowHalfOpen = true;
        // RFC 9113, section 9.2.1: who asks for another handshake, which costs a server most, loses the connection.
        socket.disableRenegotiation();
        onSocket(socket, handshakes.end(socket));
      },
    );
    const takeHello = tls.listeners("connection") as ((socket: Socket) => void)[];
    tls.removeAllListeners("connection");
    tls.on("connection", (socket: Socket) => {
      handshakes.begin(socket);
      const begin = (): void => {
        for (const take of takeHello) take.call(tls, socket);
      };
      // A handshake takes longer than all else that a client can ask for by as many bytes. Bun has begun it: its socket is that of TLS.
      if ("encrypted" in socket) begin();
      else inReadTurn(socket, begin);
    });
    tls.on("tlsClientError", (error, socket) => {
      problems.report(tlsProblem(error), socket.remoteAddress);
      socket.destroy();
    });
    closeHandshakes = () => handshakes.close();
    stopReloading = credentials.onReload((reloaded) => tls.setSecureContext(reloaded));
    server = tls;
  }
  limitConnections(server, maxConnections, idle, (peer) =>
    problems.report(tooManyConnections(maxConnections), peer),
  );
  await bind(server, parseListenAddress(address));
  // Accepting may fail, for want of descriptors: those that are connected go on.
  server.on("error", () => {});
  const bound = server.address();
  return {
    port: bound !== null && typeof bound === "object" ? bound.port : 0,
    close() {
      isClosed = true;
      stopReloading();
      server.close();
      closeHandshakes();
      void turnWork.each(open, (socket) => socket.destroy());
      http1?.close();
    },
    http1,
  };
}
