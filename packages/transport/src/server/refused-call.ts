import { encodeStatusMessage } from "../grpc/status.js";
import { HeaderFields } from "../hpack/header-fields.js";
import type { HeaderList } from "../hpack/header-list.js";
import { checkLength } from "../http2/content-length.js";
import { ErrorCode, StreamError } from "../http2/errors.js";
import { Http2Stream, type StreamSender } from "../http2/stream.js";
import { checkTrailers, type Refusal, type RequestHead } from "./request-head.js";

const NO_FIELDS = new HeaderFields([]);

/**
 * A request that is answered without a handler, at once: its client may not end it before it has the answer. What it sends
 * is passed over.
 */
export class RefusedCall extends Http2Stream {
  readonly #head: RequestHead;
  readonly #refusal: Refusal;
  readonly #sender: StreamSender;
  #received = 0;

  constructor(head: RequestHead, refusal: Refusal, sender: StreamSender) {
    super();
    this.#head = head;
    this.#refusal = refusal;
    this.#sender = sender;
  }

  /** True if the request is not gRPC: the answer is HTTP's, and the client has a moment to end the request itself. */
  get isHttp(): boolean {
    return this.#refusal.status === undefined;
  }

  answer(): void {
    const { httpStatus, status, message, fields } = this.#refusal;
    const response = [":status", httpStatus];
    if (status === undefined) {
      const body = Buffer.from(message, "utf8");
      if (body.length > 0) response.push("content-type", "text/plain");
      response.push(...fields);
      this.#sender.headers(this, NO_FIELDS, response, body.length === 0);
      if (body.length > 0) this.#sender.data(this, body, true);
      return;
    }
    response.push("content-type", "application/grpc+proto", "grpc-status", String(status));
    response.push("grpc-message", encodeStatusMessage(message), ...fields);
    this.#sender.headers(this, NO_FIELDS, response, true);
  }

  onHeaders(trailers: HeaderList, endStream: boolean): void {
    if (!endStream) throw new StreamError(ErrorCode.PROTOCOL_ERROR, "HEADERS inside a request");
    checkTrailers(trailers);
    checkLength(this.#head, this.#received, true);
  }

  onData(_buffer: Buffer, start: number, end: number, endStream: boolean): void {
    this.#received += end - start;
    checkLength(this.#head, this.#received, endStream);
    this.connection?.consume(this, end - start);
  }

  onAborted(): void {}
  onRoomForMessage(): void {}
  onLessCredit(): void {}
  onFull(): void {}
  onDrained(): void {}
}
