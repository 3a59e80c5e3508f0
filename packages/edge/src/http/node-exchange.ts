import { OutgoingMessage, type IncomingMessage, type ServerResponse } from "node:http";
import { constants, type Http2ServerRequest, type ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import type { PeerCertificate, TLSSocket } from "node:tls";
import { headFault, turnWork } from "@callwire/transport/server";
import { EdgeError } from "../errors/edge-error.js";
import { boundWait } from "../internal/bounded-wait.js";
import { TimeLimit } from "../internal/time-limit.js";
import { brokenOff, tooLarge, tooSlow } from "./body-errors.js";
import type { Exchange, ResponseHead, ResponseWriter } from "./exchange.js";
import type { BodyLimits, WaitLimits } from "./held-bytes.js";
import { JoinedParts } from "./joined-parts.js";
import { chunkOf, contentOf, SharedPart, type Part } from "./shared-part.js";

/** Less is not worth to watch until the client has it: an answer of so many bytes. */
const WATCHED_BYTES = 64 * 1024;
/** The time that a connection, or a stream of HTTP/2, stays open for a client that still sends, in milliseconds: to read its answer. */
const LINGER_MS = 200;

/** A target in absolute form: its host with a port, and its path with a query. One with a user in it is none (RFC 9110, section 4.2.4). */
const WHOLE_URL = /^https?:\/\/([^/?#@]+)((?:[/?].*)?)$/i;

/** An exchange of node:http, or of node:http2 in the form of node:http, without a Request and a Response in between. */
export class NodeExchange implements Exchange, ResponseWriter {
  readonly method: string;
  readonly target: string;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #limits: WaitLimits;
  /** The host of a target that is a whole URL: it counts, and the field `host` does not (RFC 9112, section 3.2.2). */
  readonly #targetHost: string | undefined;
  /** True if the whole answer was given. */
  #isEnded = false;

  /** @param limits Of what was written to the client, until it has taken that. */
  constructor(request: IncomingMessage, response: ServerResponse, limits: WaitLimits) {
    this.#request = request;
    this.#response = response;
    this.#limits = limits;
    this.method = request.method ?? "";
    const { url = "" } = request;
    const whole = url.startsWith("/") || isHttp2(request) ? undefined : WHOLE_URL.exec(url);
    this.#targetHost = whole?.[1];
    this.target = whole == null ? url : `/${whole[2]!.replace(/^\//, "")}`;
  }

  get authority(): string {
    const { headers } = this.#request;
    if (this.#targetHost !== undefined) return this.#targetHost;
    // RFC 9113, section 8.3.1: beside it, `host` does not count.
    return (headers[":authority"] as string | undefined) ?? headers.host ?? "";
  }

  get peer(): string {
    const socket: Socket & { [peerOfSocket]?: string } = this.#request.socket;
    return (socket[peerOfSocket] ??= peerText(socket));
  }

  get peerCertificate(): PeerCertificate | undefined {
    const socket = this.#request.socket as TLSSocket & { [certificateOfSocket]?: PeerCertificate };
    // One in clear text has neither.
    return socket.authorized ? (socket[certificateOfSocket] ??= socket.getPeerCertificate()) : undefined;
  }

  get headerBytes(): number {
    let bytes = 0;
    for (const text of this.#request.rawHeaders) bytes += text.length + 2;
    return bytes;
  }

  checkHead(): void {
    const request = this.#request;
    const error = isHttp2(request) ? repeatedField(request.rawHeaders) : headError(request);
    if (error === undefined) return;
    // What comes behind it may be no request.
    if (!isHttp2(request)) this.#response.shouldKeepAlive = false;
    throw error;
  }

  get hasBody(): boolean {
    const { headers } = this.#request;
    const length = headers["content-length"];
    if (length !== undefined) return Number(length) > 0;
    // HTTP/2 has no chunks: the end of the stream says it.
    return isHttp2(this.#request)
      ? !(this.#request as unknown as Http2ServerRequest).stream.endAfterHeaders
      : headers["transfer-encoding"] !== undefined;
  }

  header(name: string): string | undefined {
    const value = this.#request.headers[name];
    return Array.isArray(value) ? value.join(", ") : value;
  }

  *fields(): Iterable<readonly [name: string, value: string]> {
    for (const [name, value] of Object.entries(this.#request.headers)) {
      if (value === undefined || name.startsWith(":")) continue;
      yield [name, Array.isArray(value) ? value.join(", ") : value];
    }
  }

  onGone(listener: () => void): void {
    // Thousands of connections may end at once, as those of a proxy that has gone: a few calls are told in each turn of the event loop.
    this.#response.on("close", () => {
      if (!this.#isEnded) void turnWork.each([listener], (tell) => tell());
    });
  }

  async readBody(limits: BodyLimits): Promise<Uint8Array> {
    const { maxBytes } = limits;
    if (Number(this.#request.headers["content-length"] ?? 0) > maxBytes) throw tooLarge(maxBytes);
    // What came together with the head is there once node:http has gone through all of it.
    await Promise.resolve();
    return this.#bodyAtHand(maxBytes) ?? this.#readBody(limits);
  }

  /** The whole body, if it came together with the head: to wait for it by events costs several times as much as to take it. */
  #bodyAtHand(maxBytes: number): Uint8Array | undefined {
    const request = this.#request;
    const { complete, readableLength } = request;
    if (!complete || readableLength === 0 || readableLength > maxBytes || isHttp2(request)) return undefined;
    return (request.read() as Uint8Array | null) ?? undefined;
  }

  #readBody({ maxBytes, timeoutMs, held }: BodyLimits): Promise<Uint8Array> {
    const request = this.#request;
    return new Promise((resolve, reject) => {
      const parts = new JoinedParts();
      const settle = (error?: EdgeError) => {
        limit.clear();
        hold.set(0);
        request.off("data", onData).off("end", onEnd).off("close", onClose).off("error", onClose);
        if (error === undefined) resolve(parts.take());
        else {
          request.pause();
          reject(error);
        }
      };
      const onData = (chunk: Buffer) => {
        parts.add(chunk);
        if (parts.size > maxBytes) settle(tooLarge(maxBytes));
        else hold.set(parts.size);
      };
      const onEnd = () => settle();
      const onClose = () => settle(brokenOff());
      const hold = held.open(settle);
      const limit = new TimeLimit(timeoutMs, () => settle(tooSlow(timeoutMs)));
      request.on("error", onClose).on("close", onClose).on("data", onData).on("end", onEnd);
    });
  }

  async *readChunks(): AsyncIterableIterator<Uint8Array> {
    try {
      // The answer may come before the end of the request.
      yield* this.#request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
    } catch {
      throw brokenOff();
    }
  }

  respond({ status, headers, bodyBytes }: ResponseHead, body: string | Uint8Array | undefined): void {
    const response = this.#response;
    this.#isEnded = true;
    if (response.destroyed) return;
    // A client that still sends gets its answer, and then the connection's end.
    const isUnread = !this.#request.complete && this.hasBody && !isHttp2(this.#request);
    response.writeHead(status, isUnread ? [...headers, "connection", "close"] : (headers as string[]));
    if (isUnread) {
      this.#endSlowly(body);
      this.#watch();
    } else if (typeof body !== "string" || isHttp2(this.#request)) this.#end(body);
    else {
      this.#writeAtOnce(body, bodyBytes ?? Buffer.byteLength(body));
      this.#end(undefined);
    }
  }

  /**
   * Half of what an answer costs is to write it. A text goes out in one piece with the head, bytes in two, and an end that comes when
   * all is written is none. Node.js would write at the end of the tick, when all that were ready with this one are: clients whose
   * answers wait for one commit would wait for each other's.
   */
  #writeAtOnce(text: string, bytes: number): void {
    const response = this.#response;
    // None while an answer before it is not over.
    const { socket } = response;
    socket?.cork();
    // Texts of ASCII go the short way.
    response.write(text, bytes === text.length ? "latin1" : "utf8");
    socket?.uncork();
  }

  begin({ status, headers }: ResponseHead): ResponseWriter {
    const response = this.#response;
    if (!response.destroyed) response.writeHead(status, headers as string[]).flushHeaders();
    return this;
  }

  write(part: Part): Promise<void> | undefined {
    const response = this.#response;
    if (response.destroyed || this.#write(part)) return undefined;
    return new Promise((resolve) => {
      const go = () => {
        end();
        response.off("drain", go).off("close", go);
        resolve();
      };
      const end = boundWait(response.writableLength, this.#limits, () => response.destroy());
      response.on("drain", go).on("close", go);
    });
  }

  /** Writes a part; false if the client must take some of it first. */
  #write(part: Part): boolean {
    const response = this.#response;
    // A middleware around the edge may have put a function of its own there, which compresses.
    const isItsOwn = response.write === OutgoingMessage.prototype.write;
    if (!isItsOwn || !response.chunkedEncoding || part instanceof Uint8Array || part === "")
      return response.write(contentOf(part));
    // node:http would write a chunk in four pieces: half of what a part costs is to write it.
    response.chunkedEncoding = false;
    const isTaken = response.write(part instanceof SharedPart ? part.chunk : chunkOf(part));
    response.chunkedEncoding = true;
    return isTaken;
  }

  end(): void {
    this.#isEnded = true;
    this.#end(undefined);
  }

  #end(body: string | Uint8Array | undefined): void {
    this.#response.end(body);
    this.#leaveRequest();
    this.#watch();
  }

  breakOff(): void {
    this.#isEnded = true;
    this.#response.destroy();
  }

  /**
   * Gives an answer, and its connection's end a little later: a client that is still writing would be told of a broken connection,
   * and never read the answer (RFC 9112, section 9.6).
   */
  #endSlowly(body: string | Uint8Array | undefined): void {
    const response = this.#response;
    response.flushHeaders();
    if (body !== undefined) response.write(body);
    const end = () => {
      limit.clear();
      response.end();
    };
    const limit = new TimeLimit(LINGER_MS, end);
    this.#request.once("close", end);
  }

  /** What a client still sends is read by nobody, and must not keep its connection, or its stream of HTTP/2. */
  #leaveRequest(): void {
    const request = this.#request;
    if (request.readableEnded || !this.hasBody) return;
    // A request that is whole ends its stream of HTTP/2 by itself.
    request.resume();
    if (!isHttp2(request)) return;
    const { stream } = request as unknown as Http2ServerRequest;
    stream.once("finish", () => closeSlowly(stream));
  }

  /** Ends a connection whose client does not take its answer. */
  #watch(): void {
    const response = this.#response;
    // Most answers are in the system's hands at once.
    if (response.writableLength < WATCHED_BYTES || response.destroyed) return;
    response.once(
      "close",
      boundWait(response.writableLength, this.#limits, () => response.destroy()),
    );
  }
}

/**
 * Closes a stream whose answer is whole: no more of its request is needed (RFC 9113, section 8.1). Not at once: Node.js lets RST_STREAM
 * overtake the answer's end, without which clients take it for cut off.
 */
function closeSlowly(stream: ServerHttp2Stream): void {
  const wait = (): TimeLimit =>
    new TimeLimit(LINGER_MS, () => {
      if (stream.state.localClose === 1) stream.close(constants.NGHTTP2_NO_ERROR);
      else limit = wait();
    });
  let limit = wait();
  stream.once("close", () => limit.clear());
}

/** Not by its version: node:http takes a line of text that ends with HTTP/2.0. */
function isHttp2(request: IncomingMessage): boolean {
  return "stream" in request;
}

function headError(request: IncomingMessage): EdgeError | undefined {
  const fault = headFault(request);
  return fault === undefined ? repeatedField(request.rawHeaders) : new EdgeError(fault.reason, fault.message);
}

/**
 * The error for a field that is there twice, where one alone means something (RFC 9110, section 5.3; of `host`, RFC 9112, section 3.2):
 * node:http takes the first, and a proxy may have looked at the last.
 */
function repeatedField(rawHeaders: readonly string[]): EdgeError | undefined {
  let seen = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const bit = singleBit(rawHeaders[at]!);
    if ((seen & bit) !== 0)
      return new EdgeError("BAD_HEADER", `${rawHeaders[at]!.toLowerCase()} is there twice`);
    seen |= bit;
  }
  return undefined;
}

/** A bit for each field that may be there once; 0 for all others. */
function singleBit(name: string): number {
  // Most names are told apart by their lengths.
  switch (name.length) {
    case 4:
      return name.toLowerCase() === "host" ? 1 : 0;
    case 12:
      return name.toLowerCase() === "content-type" ? 2 : 0;
    case 13:
      return name.toLowerCase() === "authorization" ? 4 : 0;
    default:
      return 0;
  }
}

// What the requests of a socket share.
const peerOfSocket = Symbol("callwire.peer");
const certificateOfSocket = Symbol("callwire.peerCertificate");

function peerText({ remoteAddress: address, remotePort: port }: Socket): string {
  if (address === undefined) return "unknown";
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
