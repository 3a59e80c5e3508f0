import type { PeerCertificate } from "node:tls";
import type { HttpStream } from "@callwire/transport/server";
import { TimeLimit } from "../internal/time-limit.js";
import { brokenOff, tooLarge } from "./body-errors.js";
import type { Exchange, ResponseHead, ResponseWriter } from "./exchange.js";
import type { BodyLimits } from "./held-bytes.js";
import { readWhole } from "./read-whole.js";
import { contentOf, type Part } from "./shared-part.js";

/** An exchange of HTTP/2 on the port of gRPC, where the transport itself reads the frames. */
export class StreamExchange implements Exchange, ResponseWriter {
  readonly method: string;
  readonly target: string;
  readonly #stream: HttpStream;
  readonly #writeTimeoutMs: number;
  #fields: Map<string, string> | undefined;

  /** @param writeTimeoutMs The time that a client may take for what was written to it. */
  constructor(stream: HttpStream, writeTimeoutMs: number) {
    this.#stream = stream;
    this.#writeTimeoutMs = writeTimeoutMs;
    this.method = stream.method;
    this.target = stream.path;
  }

  get authority(): string {
    return this.#stream.authority;
  }

  get peer(): string {
    return this.#stream.peer;
  }

  get peerCertificate(): PeerCertificate | undefined {
    return this.#stream.peerCertificate;
  }

  get headerBytes(): number {
    let bytes = 0;
    for (const text of this.#stream.fields) bytes += text.length + 2;
    return bytes;
  }

  get hasBody(): boolean {
    return this.#stream.hasBody && this.header("content-length") !== "0";
  }

  header(name: string): string | undefined {
    return this.fields().get(name);
  }

  /** All fields of the request's header; those of one name are joined, as node:http joins them. */
  fields(): ReadonlyMap<string, string> {
    if (this.#fields !== undefined) return this.#fields;
    const fields = (this.#fields = new Map<string, string>());
    const { fields: list } = this.#stream;
    for (let i = 0; i < list.length; i += 2) {
      const name = list[i]!;
      const before = fields.get(name);
      // RFC 9113, section 8.2.3: clients may send each cookie in a field of its own.
      const joint = name === "cookie" ? "; " : ", ";
      fields.set(name, before === undefined ? list[i + 1]! : before + joint + list[i + 1]!);
    }
    return fields;
  }

  onGone(listener: () => void): void {
    this.#stream.onGone(listener);
  }

  readBody(limits: BodyLimits): Promise<Uint8Array> {
    const { maxBytes } = limits;
    if (Number(this.header("content-length") ?? 0) > maxBytes) return Promise.reject(tooLarge(maxBytes));
    return readWhole(this.readChunks(), limits);
  }

  async *readChunks(): AsyncIterableIterator<Uint8Array> {
    try {
      yield* this.#stream.body;
    } catch {
      throw brokenOff();
    }
  }

  respond({ status, headers }: ResponseHead, body: string | Uint8Array | undefined): void {
    void this.#inTime(this.#stream.respond(status, headers, body));
  }

  begin({ status, headers }: ResponseHead): ResponseWriter {
    this.#stream.begin(status, headers);
    return this;
  }

  write(part: Part): Promise<void> | undefined {
    return this.#inTime(this.#stream.write(contentOf(part)));
  }

  end(): void {
    void this.#inTime(this.#stream.end());
  }

  breakOff(): void {
    this.#stream.reset();
  }

  /** Ends a stream whose client does not take what waits for it. */
  #inTime(taken: Promise<void> | undefined): Promise<void> | undefined {
    if (taken === undefined) return undefined;
    const limit = new TimeLimit(this.#writeTimeoutMs, () => this.breakOff());
    return taken.finally(() => limit.clear());
  }
}
