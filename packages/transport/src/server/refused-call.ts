import { encodeStatusMessage } from "../grpc/status.js";
import { HeaderFields } from "../hpack/header-fields.js";
import type { HeaderList } from "../hpack/header-list.js";
import { checkLength } from "../http2/content-length.js";
import { ErrorCode, StreamError } from "../http2/errors.js";
import { Http2Stream, type StreamSender } from "../http2/stream.js";
import { checkTrailers, type Refusal, type RequestHead } from "./request-head.js";

const NO_FIELDS = new HeaderFields([]);

/**
 * A request that is answered without a handler; what it sends is passed over. One that is not gRPC is answered when it
 * has ended, as HTTP clients expect. A gRPC client may not end it before it has the answer.
 */
export class RefusedCall extends Http2Stream {
  /** When the request's headers came, by the clock of `performance.now()`. */
  readonly startedAt: number;
  readonly #head: RequestHead;
  readonly #refusal: Refusal;
  readonly #sender: StreamSender;
  #received = 0;
  #answered = false;

  constructor(head: RequestHead, refusal: Refusal, sender: StreamSender, now: number) {
    super();
    this.#head = head;
    this.#refusal = refusal;
    this.#sender = sender;
    this.startedAt = now;
  }

  /** Answers the request, if it needs no more of it. */
  begin(): void {
    if (this.remoteEnded || this.#refusal.status !== undefined) this.answer();
  }

  answer(): void {
    if (this.#answered) return;
    this.#answered = true;
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
    this.answer();
  }

  onData(_buffer: Buffer, start: number, end: number, endStream: boolean): void {
    this.#received += end - start;
    checkLength(this.#head, this.#received, endStream);
    this.connection?.consume(this, end - start);
    if (endStream) this.answer();
  }

  onAborted(): void {}
  onRoomForMessage(): void {}
  onLessCredit(): void {}
  onFull(): void {}
  onDrained(): void {}
}
