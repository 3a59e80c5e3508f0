import type { PeerCertificate } from "node:tls";
import type { BodyLimits } from "./held-bytes.js";
import type { Part } from "./shared-part.js";

/** The head of an answer. */
export interface ResponseHead {
  readonly status: number;
  /** Name, value, name, value …; names in lower case. */
  readonly headers: readonly string[];
  /** The number of bytes of the whole body, if they were counted: to count those of a text takes time. */
  readonly bodyBytes?: number;
}

/** The body of an answer that is a stream. */
export interface ResponseWriter {
  /** Writes a part; a promise if the client must take some of it first. */
  write(part: Part): Promise<void> | undefined;
  end(): void;
  /** Breaks the answer off, so that the client does not take it for whole. */
  breakOff(): void;
}

/** A request and its answer, of whatever server they are. */
export interface Exchange {
  readonly method: string;
  /** The path with its query. */
  readonly target: string;
  /** The host that the client asked for. */
  readonly authority: string;
  /** The client's address. */
  readonly peer: string;
  /** The client's certificate, if it was verified. */
  readonly peerCertificate: PeerCertificate | undefined;
  /** The bytes of the request's header fields. */
  readonly headerBytes: number;
  /** @throws {EdgeError} for a head that the server beneath lets pass, and that a proxy before it may read otherwise. */
  checkHead?(): void;
  /** True if there is a body, though it may be empty. */
  readonly hasBody: boolean;
  /** A field of the request's header, by its name in lower case. */
  header(name: string): string | undefined;
  /** All fields of the request's header, names in lower case. Fields of one name are joined by commas. */
  fields(): Iterable<readonly [name: string, value: string]>;
  /** Calls a function if the client goes before it has the whole answer. */
  onGone(listener: () => void): void;
  /**
   * Reads the whole body.
   *
   * @throws {EdgeError} if it is too large, too slow, or broken off.
   */
  readBody(limits: BodyLimits): Promise<Uint8Array>;
  /** Reads the body as it comes. The client waits while nobody reads. */
  readChunks(): AsyncIterableIterator<Uint8Array>;
  /** Answers. @param body Text is sent in UTF-8; undefined is none. */
  respond(head: ResponseHead, body: string | Uint8Array | undefined): void;
  /** Begins an answer that is a stream. */
  begin(head: ResponseHead): ResponseWriter;
}
