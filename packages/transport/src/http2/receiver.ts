import { BdpEstimator } from "./bdp-estimator.js";
import { DEFAULT_WINDOW_SIZE } from "./constants.js";
import { ConnectionError, ErrorCode } from "./errors.js";
import type { Sender } from "./sender.js";
import type { Http2Stream } from "./stream.js";

/** The options of the connection that {@link Receiver} needs. */
export interface ReceiverOptions {
  streamWindow: number;
  maxStreamWindow: number;
  connectionWindow: number;
  maxUnreadBytes: number;
}

/**
 * The receiving half of a connection's flow control (RFC 9113, section 5.2). A stream gets new credit as its bytes
 * are used up, so that a slow handler stops its own sender. The connection gets new credit as bytes come in, so that slow
 * streams do not stop the others. Once too many bytes wait to be used, it gets credit only as they are.
 */
export class Receiver {
  readonly #bdp: BdpEstimator;
  readonly #sender: Sender;
  readonly #connectionWindow: number;
  readonly #maxUnread: number;
  /** The connection's credit: the number of bytes that the peer may still send on it. */
  #window: number;
  /** The credit that the next WINDOW_UPDATE of the connection gives, in bytes. */
  #uncredited = 0;
  /** The credit that is not given because too many bytes are unread, in bytes. */
  #held = 0;
  /** The number of bytes that have come in and have not been used up. */
  #unread = 0;
  /** The streams with an incomplete message that is longer than their window: it gets credit as it comes. */
  readonly #reservations = new Map<Http2Stream, number>();
  #reserved = 0;
  /** The streams for which there was no room, in the order in which they asked. */
  readonly #waiting = new Map<Http2Stream, number>();

  constructor(sender: Sender, options: ReceiverOptions) {
    this.#sender = sender;
    this.#bdp = new BdpEstimator(options.streamWindow, options.maxStreamWindow);
    // RFC 9113, section 6.9.2: it cannot be less.
    this.#connectionWindow = Math.max(options.connectionWindow, DEFAULT_WINDOW_SIZE);
    this.#window = this.#connectionWindow;
    this.#maxUnread = options.maxUnreadBytes;
  }

  /** The window of a new stream, as our SETTINGS announce it. */
  get streamWindow(): number {
    return this.#bdp.window;
  }

  /** Announces the connection's window to the peer. */
  start(): void {
    const increment = this.#connectionWindow - DEFAULT_WINDOW_SIZE;
    if (increment > 0) this.#sender.windowUpdate(0, increment);
  }

  /** @param acknowledged True if the peer knows our SETTINGS: before that, streams have the window of section 6.9.2. */
  open(stream: Http2Stream, acknowledged: boolean): void {
    stream.receiveWindow = acknowledged
      ? this.streamWindow
      : Math.max(this.streamWindow, DEFAULT_WINDOW_SIZE);
  }

  /** @throws {ConnectionError} FLOW_CONTROL_ERROR if the peer has sent more than the connection's window. */
  receivedOnConnection(bytes: number): void {
    this.#window -= bytes;
    if (this.#window < 0) {
      throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, "DATA over the connection's window");
    }
    this.#unread += bytes;
    if (this.#unread > this.#maxUnread) this.#held += bytes;
    else this.#credit(bytes);
  }

  /** False if the peer has sent more than the stream's window. */
  receivedOnStream(stream: Http2Stream, bytes: number): boolean {
    stream.receiveWindow -= bytes;
    stream.unread += bytes;
    return stream.receiveWindow >= 0;
  }

  /** Bytes of a stream have been used up. */
  consume(stream: Http2Stream, bytes: number): void {
    // The bytes that were unread when the stream closed are accounted for.
    if (stream.closed) return;
    stream.unread -= bytes;
    this.discard(bytes);
    if (stream.remoteEnded) return;
    stream.uncredited += bytes;
    if (stream.uncredited >= this.streamWindow / 2) {
      this.#sender.windowUpdate(stream.id, stream.uncredited);
      stream.receiveWindow += stream.uncredited;
      stream.uncredited = 0;
    }
  }

  /** Bytes that belong to no stream any more have been used up. */
  discard(bytes: number): void {
    this.#unread -= bytes;
    if (this.#held > 0) {
      const released = Math.min(bytes, this.#held);
      this.#held -= released;
      this.#credit(released);
    }
  }

  /**
   * True if a stream may go on with a message of that many bytes, which is longer than its window. If not, it hears when
   * there may be room. So all such messages of a connection together take `maxUnreadBytes` at most, or one message.
   */
  reserve(stream: Http2Stream, bytes: number): boolean {
    if (this.#reservations.has(stream)) return true;
    if (!this.#hasRoomFor(bytes)) {
      this.#waiting.set(stream, bytes);
      return false;
    }
    this.#reservations.set(stream, bytes);
    this.#reserved += bytes;
    return true;
  }

  /** True if a stream waits for {@link reserve} to have room: its peer cannot go on. */
  isHeldBack(stream: Http2Stream): boolean {
    return this.#waiting.has(stream);
  }

  /** The message that {@link reserve} made room for is complete, or will never be. */
  release(stream: Http2Stream): void {
    const bytes = this.#reservations.get(stream);
    if (bytes === undefined) return;
    this.#reservations.delete(stream);
    this.#reserved -= bytes;
    for (const [next, wanted] of this.#waiting) {
      if (!this.#hasRoomFor(wanted)) return;
      this.#waiting.delete(next);
      next.onRoomForMessage();
    }
  }

  #hasRoomFor(bytes: number): boolean {
    return this.#reserved === 0 || this.#reserved + bytes <= this.#maxUnread;
  }

  /** A stream is over: nobody will use up what it has not read. */
  forget(stream: Http2Stream): void {
    this.#waiting.delete(stream);
    this.release(stream);
    if (stream.unread > 0) this.discard(stream.unread);
    stream.unread = 0;
  }

  /** True if the connection is to be measured now, by a PING. */
  shouldMeasure(stream: Http2Stream, bytes: number): boolean {
    return this.#bdp.received(bytes, this.streamWindow - stream.receiveWindow);
  }

  /** True if a measuring PING waits for its answer. */
  get isMeasuring(): boolean {
    return this.#bdp.isMeasuring;
  }

  /** Takes the answer of the measuring PING. True if every stream's window grows, which SETTINGS must announce. */
  measured(streams: Iterable<Http2Stream>): boolean {
    const before = this.streamWindow;
    if (!this.#bdp.answered()) return false;
    const growth = this.streamWindow - before;
    for (const stream of streams) stream.receiveWindow += growth;
    return growth > 0;
  }

  #credit(bytes: number): void {
    this.#uncredited += bytes;
    if (this.#uncredited >= this.#connectionWindow / 2) {
      this.#sender.windowUpdate(0, this.#uncredited);
      this.#window += this.#uncredited;
      this.#uncredited = 0;
    }
  }
}
