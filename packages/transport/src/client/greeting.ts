import { plainText } from "../http2/plain-text.js";
import { describePage } from "./foreign-page.js";

/** The part of a greeting that is looked at, in bytes. */
const MAX_GREETING_BYTES = 4096;

/** The first bytes of a record of TLS: an alert, or a handshake (RFC 8446, section 5.1). */
const TLS_ALERT = 0x15;
const TLS_HANDSHAKE = 0x16;

/**
 * The first bytes of a peer that does not speak HTTP/2. Those that can be a frame are none: they begin with the length of a
 * SETTINGS frame (RFC 9113, sections 3.4 and 4.1), whose first byte is 0.
 */
export class Greeting {
  #bytes: Buffer = Buffer.alloc(0);

  /** Takes the first bytes of a connection; undefined if they can be HTTP/2. */
  static of(buffer: Buffer, length: number): Greeting | undefined {
    const first = buffer[0]!;
    if (length === 0 || first < TLS_ALERT) return undefined;
    const greeting = new Greeting();
    greeting.add(buffer, length);
    return greeting;
  }

  add(buffer: Buffer, length: number): void {
    if (this.#bytes.length >= MAX_GREETING_BYTES) return;
    this.#bytes = Buffer.concat([this.#bytes, buffer.subarray(0, length)]);
  }

  /** True if it says all that {@link toString} can. */
  get isWhole(): boolean {
    if (this.#bytes.length >= MAX_GREETING_BYTES || this.#isTls) return true;
    const text = this.#bytes.toString("latin1");
    // Of an answer of HTTP the fields, and a line of its body; of others a line.
    return text.startsWith("HTTP/") ? /\r?\n\r?\n[^]*\S[^]*\n/.test(text) : text.includes("\n");
  }

  get #isTls(): boolean {
    const [type, major] = this.#bytes;
    return (type === TLS_ALERT || type === TLS_HANDSHAKE) && (major === undefined || major === 3);
  }

  /** Says what stands there. */
  toString(): string {
    if (this.#isTls) {
      return "it speaks TLS, and the channel is in clear text: it needs credentials of ChannelCredentials.createSsl()";
    }
    const text = this.#bytes.toString("latin1");
    const status = /^(HTTP\/[\d.]+) (.*?)(?:\r?\n|$)/.exec(text);
    if (status === null) return `it does not speak HTTP/2: it begins with ${JSON.stringify(plainText(text))}`;
    const [head = ""] = text.split(/\r?\n\r?\n/, 1);
    const what = `it speaks ${status[1]}, not HTTP/2, and answers ${plainText(status[2]!)}`;
    const body = this.#bytes.subarray(head.length);
    return describePage(
      what,
      { contentType: fieldOf(head, "content-type"), server: fieldOf(head, "server") },
      body,
    );
  }
}

function fieldOf(head: string, name: string): string | undefined {
  return new RegExp(`\\n${name}:[ \\t]*(.*)`, "i").exec(head)?.[1];
}
