import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { PeerCertificate } from "node:tls";

/**
 * Answers what comes to a server's port and is not gRPC: the HTTP of browsers, of curl, of load balancers. An edge of @callwire/edge
 * is one. What its functions throw, or reject with, becomes a warning of the process, and ends the answer.
 */
export interface HttpHandler {
  /** Answers a request of HTTP/1.1, as a listener of `createServer` of node:http does. */
  handler(request: IncomingMessage, response: ServerResponse): Promise<void> | void;
  /**
   * Answers a request of HTTP/2 whose content-type is not gRPC's. Default: such a request is told that gRPC is served here (405,
   * 415).
   */
  stream?(stream: HttpStream): Promise<void> | void;
  /**
   * Takes over the socket of a request of HTTP/1.1 that asks for a WebSocket (RFC 6455, section 4.1), as a listener of node:http's
   * event `upgrade` does. A shutdown waits for the socket's end. Default: the request is answered as if it had not asked.
   */
  upgrade?(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> | void;
  /**
   * Answers a request of HTTP/2 for a WebSocket: an extended CONNECT (RFC 8441, section 5). After `begin` with the status 200, the bytes
   * of the WebSocket come as the body, and go by `write`. Default: clients are not told that they may ask for one, and who asks has its
   * stream reset.
   */
  webSocket?(stream: HttpStream): Promise<void> | void;
}

/** A request of HTTP/2 that is not gRPC, and its answer. Whoever serves it bounds its time. */
export interface HttpStream {
  readonly method: string;
  /** The path with its query. */
  readonly path: string;
  /** The host that the client asked for. */
  readonly authority: string;
  /** The other header fields: name, value, name, value …, in the order they came; names in lower case. */
  readonly fields: readonly string[];
  /** The client's address, `host:port`. */
  readonly peer: string;
  /** The client's certificate, if it was verified. */
  readonly peerCertificate: PeerCertificate | undefined;
  /** False if the request ended with its header. */
  readonly hasBody: boolean;
  /**
   * The body as it comes, for one reader. The client waits while nobody reads. It rejects if the stream ends before the body; a
   * reader that leaves it passes over the rest.
   */
  readonly body: AsyncIterableIterator<Buffer>;
  /** Calls a function if the stream ends before the whole answer was given: the client has gone, or the server was shut down. */
  onGone(listener: () => void): void;
  /**
   * Answers as a whole. The answer to HEAD has no body, whatever is given.
   *
   * @param fields Name, value, name, value …; names in lower case. The date is added.
   * @returns A promise if some of it waits for the client to take it. It resolves when all has gone out, or the stream is over.
   * @throws {TypeError} for a field that HTTP/2 does not allow.
   */
  respond(status: number, fields: readonly string[], body?: string | Uint8Array): Promise<void> | undefined;
  /** Begins an answer of parts. @throws {TypeError} as {@link HttpStream.respond}. */
  begin(status: number, fields: readonly string[]): void;
  /** Sends a part of the answer. Returns as {@link HttpStream.respond}. The bytes must not change after this. */
  write(part: string | Uint8Array): Promise<void> | undefined;
  /** Ends an answer of parts. Returns as {@link HttpStream.respond}. */
  end(): Promise<void> | undefined;
  /** Ends the stream at once, by RST_STREAM. */
  reset(): void;
}
