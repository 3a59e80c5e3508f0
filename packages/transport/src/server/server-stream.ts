import { Status, type ServerError } from "nice-grpc-common";
import { MessageQueue } from "../grpc/message-queue.js";
import { PREFIX_LENGTH } from "../grpc/message-reader.js";
import {
  isWholeMessage,
  MAX_QUEUED_MESSAGES,
  MessageSource,
  tooMuchKept,
  type MessageReceiver,
} from "../grpc/message-source.js";
import { deserialize } from "../grpc/serialize.js";
import type { HeaderList } from "../hpack/header-list.js";
import { checkLength } from "../http2/content-length.js";
import { ErrorCode, StreamError } from "../http2/errors.js";
import { Http2Stream, type StreamConnection } from "../http2/stream.js";
import { markCompressed } from "./compressed-requests.js";
import { checkTrailers, type RequestHead } from "./request-head.js";
import type { ServerMethod } from "./server-method.js";
import type { ServerLimits, ServerStats } from "./server-options.js";
import { abortError, peerError } from "../grpc/without-stack.js";

/** The call that a {@link ServerStream} carries, and calls back. */
export interface StreamOwner {
  readonly method: ServerMethod;
  /** True if the status has been sent, or cannot be any more: what still comes of the request is passed over. */
  readonly finished: boolean;
  /** A message of the request was decoded. Returns the message for the handler; what it throws fails the call. */
  onMessage(message: unknown): unknown;
  /** The handler's request is there: its only message, or the iterable of all. */
  onRequest(request: unknown): void;
  /** The request cannot be read, for this error. */
  fail(error: unknown): void;
  /** The request, or the rest of a message, did not arrive in time. */
  onRequestTimeout(): void;
  /** The client does not take what waits for it. */
  onAnswerTimeout(): void;
  /** The stream has ended before both sides were through. */
  onAborted(code: ErrorCode): void;
  /** The data that waited have been sent. */
  onDrained(): void;
  /** All has been sent, the status too. */
  onSent(): void;
  /** Ends the call with this error, if it answers with a stream. */
  endStream(reason: ServerError): void;
}

/** The connection that a {@link ServerStream} is on, with what it needs to know of the server. */
export interface StreamHost extends StreamConnection {
  readonly limits: ServerLimits;
  readonly stats: ServerStats;
}

/** The stream that carries a call: reads the request for it, and gives bytes back to the client as they are used up. */
export class ServerStream extends Http2Stream implements MessageReceiver {
  readonly owner: StreamOwner;
  readonly #head: RequestHead;
  readonly #host: StreamHost;
  /**
   * Since when the client is waited for: for a request of one message since its headers came, in a stream since a message
   * began that has not ended. `Infinity` while it is not. By the clock of `performance.now()`.
   */
  #waitsSince: number;
  /** The number of bytes of DATA that have come. */
  #received = 0;
  /** Made when DATA is not one whole message, or must wait. */
  #source: MessageSource | undefined;
  /** The only message, for a method that takes one. */
  #message: unknown;
  #hasMessage = false;
  /** The bytes of that message, which are used up when the handler gets it. */
  #cost = 0;
  /** The messages, for a method that takes a stream. */
  #queue: MessageQueue<unknown> | undefined;

  constructor(owner: StreamOwner, head: RequestHead, host: StreamHost, now: number) {
    super();
    this.owner = owner;
    this.#head = head;
    this.#host = host;
    this.#waitsSince = now;
  }

  get wantsMessage(): boolean {
    return this.#queue === undefined || this.#queue.isEmpty;
  }

  /** True if the client, although it could, has not sent since that time what the handler needs. */
  hasWaitedSince(time: number): boolean {
    if (this.owner.finished || this.#source?.isBusy === true) return false;
    // The beginning of a message may have waited here, and nothing come since.
    this.#watch();
    return this.#waitsSince <= time && !this.#host.isHeldBack(this);
  }

  /** Reads nothing before {@link start}. */
  hold(): void {
    const source = this.#messages();
    source.hold();
    if (this.remoteEnded) source.end();
  }

  /** Reads the request, and hands it to the call. */
  start(): void {
    const { descriptor } = this.owner.method;
    // Bytes that were kept back could not go on.
    if (this.#source !== undefined) this.#waitsSince = performance.now();
    if (descriptor.requestStream) {
      this.#waitsSince = Infinity;
      this.#queue = new MessageQueue(
        (cost) => this.#onRead(cost),
        () => this.#source?.wanted(),
      );
      this.owner.onRequest(this.#queue);
    }
    if (this.#source !== undefined) this.#source.start();
    else if (this.remoteEnded) this.onMessagesEnd();
  }

  /** The call is over. */
  close(): void {
    this.#source?.close();
    // A handler that its middleware has given up, and that waits for requests, waits for nothing.
    this.#queue?.fail(abortError("The operation was aborted"), true);
  }

  onHeaders(trailers: HeaderList, endStream: boolean): void {
    // RFC 9113, section 8.1: what follows the headers can only be trailers, and they end the stream. gRPC has no use for
    // them.
    if (!endStream) throw new StreamError(ErrorCode.PROTOCOL_ERROR, "HEADERS inside a request");
    checkTrailers(trailers);
    checkLength(this.#head, this.#received, true);
    this.#onEnd();
  }

  onData(buffer: Buffer, start: number, end: number, endStream: boolean): void {
    this.#received += end - start;
    checkLength(this.#head, this.#received, endStream);
    if (this.owner.finished) this.#host.consume(this, end - start);
    else if (
      this.#source === undefined &&
      isWholeMessage(buffer, start, end, this.#host.limits.maxReceiveMessageBytes)
    ) {
      this.#onWholeData(buffer, start, end);
    } else if (end > start) this.#messages().read(buffer, start, end);
    this.#watch();
    if (endStream) this.#onEnd();
  }

  /** One frame, one message: what nearly every call sends. */
  #onWholeData(buffer: Buffer, start: number, end: number): void {
    try {
      const goesOn = this.onWholeMessage(buffer, start + PREFIX_LENGTH, end, false, end - start);
      if (!goesOn && !this.owner.finished) this.#messages().pause();
    } catch (error) {
      this.owner.fail(error);
    }
  }

  onWholeMessage(buffer: Buffer, start: number, end: number, compressed: boolean, cost: number): boolean {
    const decoded = deserialize(this.owner.method.request, buffer, start, end);
    if (compressed) markCompressed(decoded);
    this.#host.stats.messagesReceived++;
    const message = this.owner.onMessage(decoded);
    if (this.#queue !== undefined) {
      this.#queue.push(message, cost);
      return this.#queue.size < MAX_QUEUED_MESSAGES;
    }
    if (this.remoteEnded) this.#host.consume(this, cost);
    else this.#cost = cost;
    if (this.#hasMessage)
      throw peerError(Status.UNIMPLEMENTED, "the method takes one request message, not more");
    this.#message = message;
    this.#hasMessage = true;
    return true;
  }

  onMessagesEnd(): void {
    if (this.#source?.isBetweenMessages === false) {
      this.owner.fail(peerError(Status.INTERNAL, "the request ends inside a message"));
    } else if (this.#queue !== undefined) this.#queue.end();
    else if (this.#hasMessage) {
      const message = this.#message;
      this.#waitsSince = Infinity;
      // A stream of responses may stay for long.
      this.#message = this.#source = undefined;
      if (this.#cost > 0) this.#host.consume(this, this.#cost);
      this.#cost = 0;
      this.owner.onRequest(message);
    } else this.owner.fail(peerError(Status.UNIMPLEMENTED, "the request has no message"));
  }

  onReadFailed(error: unknown): void {
    this.owner.fail(error);
  }

  onAborted(code: ErrorCode, _message: string): void {
    this.owner.onAborted(code);
  }

  onDrained(): void {
    this.owner.onDrained();
  }

  /** A message may go on that had to wait for others: the client could not have sent it sooner. */
  onRoomForMessage(): void {
    if (this.#waitsSince !== Infinity) this.#waitsSince = performance.now();
    this.#source?.creditPartial();
  }

  onLessCredit(): void {
    this.#source?.creditPartial();
  }

  onFull(): void {
    if (!this.owner.finished) this.owner.fail(tooMuchKept());
  }

  /** The request has ended, if it is not over. */
  #onEnd(): void {
    if (this.owner.finished) return;
    if (this.#source === undefined) this.onMessagesEnd();
    else this.#source.end();
  }

  /** The handler has taken a message. */
  #onRead(cost: number): void {
    this.#host.consume(this, cost);
    if (!this.#queue!.isEmpty || this.#source === undefined) return;
    this.#source.wanted();
    this.#watch();
  }

  /** Takes the time from when a message of a stream has begun, and the handler waits for it. */
  #watch(): void {
    if (this.#queue === undefined) return;
    const waits = this.#queue.isEmpty && this.#source?.isBetweenMessages === false;
    if (!waits) this.#waitsSince = Infinity;
    else if (this.#waitsSince === Infinity) this.#waitsSince = performance.now();
  }

  #messages(): MessageSource {
    return (this.#source ??= new MessageSource(
      this,
      this,
      this.#host.limits.maxReceiveMessageBytes,
      this.#head.encoding,
    ));
  }
}
