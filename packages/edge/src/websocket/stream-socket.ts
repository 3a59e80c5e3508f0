import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { Duplex } from "node:stream";
import type { HttpStream } from "@callwire/transport/server";

/** The version of the protocol, which a handshake names (RFC 6455, section 4.1). */
export const WEBSOCKET_VERSION = "13";

/**
 * A stream of HTTP/2 as the socket of a WebSocket (RFC 8441, section 5). Its first write is an answer of HTTP/1.1, which `ws` gives to
 * any socket: the stream has its own instead. Flow control is that of the stream, in both directions.
 */
export class StreamSocket extends Duplex {
  readonly #stream: HttpStream;
  readonly #fields: readonly string[];
  #isAnswered = false;

  /** @param fields Of the answer. */
  constructor(stream: HttpStream, fields: readonly string[]) {
    super();
    this.#stream = stream;
    this.#fields = fields;
    stream.onGone(() => this.destroy());
  }

  override _read(): void {
    this.#stream.body.next().then(
      ({ done, value }) => this.push(done === true ? null : value),
      () => this.destroy(),
    );
  }

  override _write(chunk: Buffer, _encoding: string, onTaken: () => void): void {
    if (this.#isAnswered) {
      after(this.#stream.write(chunk), onTaken);
      return;
    }
    this.#isAnswered = true;
    this.#stream.begin(200, this.#fields);
    onTaken();
  }

  /** The parts of a frame go out as one. */
  override _writev(chunks: readonly { readonly chunk: Buffer }[], onTaken: () => void): void {
    after(this.#stream.write(Buffer.concat(chunks.map(({ chunk }) => chunk))), onTaken);
  }

  override _final(onTaken: () => void): void {
    after(this.#stream.end(), onTaken);
  }

  override _destroy(error: Error | null, onDestroyed: (error: Error | null) => void): void {
    this.#stream.reset();
    onDestroyed(error);
  }
}

/** Calls a function when the client has taken what was sent. */
function after(taken: Promise<void> | undefined, onTaken: () => void): void {
  if (taken === undefined) onTaken();
  else void taken.then(onTaken);
}

/** A request of HTTP/1.1 whose handshake `ws` takes: that of HTTP/2 has neither a key nor a field `upgrade`. */
export function handshakeOf(): IncomingMessage {
  const request = new IncomingMessage(new Socket());
  request.method = "GET";
  request.headers = {
    upgrade: "websocket",
    "sec-websocket-version": WEBSOCKET_VERSION,
    "sec-websocket-key": Buffer.alloc(16).toString("base64"),
  };
  return request;
}
