import { BdpEstimator } from "./bdp-estimator.js";
import type { BufferedBytes } from "./buffered-bytes.js";
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

/** The part of a connection that {@link Receiver} needs. */
export interface ReceiverConnection {
  readonly sender: Pick<Sender, "windowUpdate">;
  readonly buffered: BufferedBytes;
  readonly streams: { readonly size: number; values(): Http2Stream[] };
  /** Sends SETTINGS with this initial window of streams; {@link Receiver.acknowledged} follows. */
  announceWindow(bytes: number): void;
}

/** The window of a stream in tight times, in bytes: 10,000 streams that nobody reads then hold 40 MiB. */
export const TIGHT_WINDOW = 4 * 1024;
/** Tight times last so long at least, in milliseconds: peers count SETTINGS that come too often as abuse. */
const MIN_TIGHT_MS = 1000;

/**
 * The receiving half of a connection's flow control (RFC 9113, section 5.2). A stream gets new credit as its bytes
 * are used up, so that a slow reader stops its own sender. The connection gets new credit as bytes come in, so that slow
 * streams do not stop the others.
 *
 * Once a quarter of `maxUnreadBytes` is unread, times are tight: SETTINGS shrink all windows to {@link TIGHT_WINDOW}, and
 * only streams whose readers wait get more, an equal share of what is left. Beyond `maxUnreadBytes` the connection
 * {@link isFull}, and the calls that still send what nobody reads are ended.
 */
export class Receiver {
  readonly #bdp: BdpEstimator;
  readonly #connection: ReceiverConnection;
  readonly #buffered: BufferedBytes;
  readonly #connectionWindow: number;
  readonly #streamWindow: number;
  readonly #maxUnread: number;
  /** The connection's credit: the number of bytes that the peer may still send on it. */
  #window: number;
  /** The credit that the next WINDOW_UPDATE of the connection gives, in bytes. */
  #uncredited = 0;
  /** The number of bytes that have come in and have not been used up. */
  #unread = 0;
  /** The bytes of messages that were decompressed and not taken. */
  #kept = 0;
  /** The streams with a message that is longer than half their window: it gets credit as it comes. */
  readonly #reservations = new Map<Http2Stream, number>();
  #reserved = 0;
  /** The streams for which there was no room, in the order in which they asked. */
  readonly #waiting = new Map<Http2Stream, number>();
  /** The initial window of streams in our last SETTINGS. */
  #announced: number;
  /** Those of all SETTINGS that are not acknowledged, in their order. */
  readonly #unacknowledged: number[] = [];
  /** The largest initial window that the peer may take to be in force. */
  #initial = DEFAULT_WINDOW_SIZE;
  #isTight = false;
  #tightSince = -Infinity;

  constructor(connection: ReceiverConnection, options: ReceiverOptions) {
    this.#connection = connection;
    this.#buffered = connection.buffered;
    this.#bdp = new BdpEstimator(options.streamWindow, options.maxStreamWindow);
    // RFC 9113, section 6.9.2: it cannot be less.
    this.#connectionWindow = Math.max(options.connectionWindow, DEFAULT_WINDOW_SIZE);
    this.#window = this.#connectionWindow;
    this.#maxUnread = options.maxUnreadBytes;
    this.#streamWindow = this.#announced = options.streamWindow;
  }

  /** Announces the windows to the peer; its first SETTINGS must have gone out, with that of the streams. */
  start(): void {
    this.#announce(this.#announced);
    const increment = this.#connectionWindow - DEFAULT_WINDOW_SIZE;
    if (increment > 0) this.#connection.sender.windowUpdate(0, increment);
  }

  /** The peer has acknowledged our SETTINGS, the oldest that it had not (RFC 9113, section 6.5.3). */
  acknowledged(): void {
    const inForce = this.#unacknowledged.shift();
    if (inForce !== undefined) this.#initial = Math.max(inForce, ...this.#unacknowledged);
  }

  /** True if no more may be kept on this connection: streams that still send what nobody reads must end. */
  get isFull(): boolean {
    return this.#unread > this.#maxUnread + this.#reserved || this.#buffered.isOver;
  }

  /** @throws {ConnectionError} FLOW_CONTROL_ERROR if the peer has sent more than the connection's window. */
  receivedOnConnection(bytes: number): void {
    this.#window -= bytes;
    if (this.#window < 0) {
      throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, "DATA over the connection's window");
    }
    this.#unread += bytes;
    this.#buffered.add(bytes);
    this.#uncredited += bytes;
    if (this.#uncredited < this.#connectionWindow / 2) return;
    this.#connection.sender.windowUpdate(0, this.#uncredited);
    this.#window += this.#uncredited;
    this.#uncredited = 0;
  }

  /** False if the peer has sent more than the stream's window. */
  receivedOnStream(stream: Http2Stream, bytes: number): boolean {
    stream.receiveWindow -= bytes;
    stream.unread += bytes;
    // They were counted when room was made for them.
    if (this.#reservations.size > 0 && this.#reservations.has(stream)) this.#buffered.remove(bytes);
    return this.#initial + stream.receiveWindow >= 0;
  }

  /** Bytes that have come stay unread: times may be tight from now on. */
  checkUnread(): void {
    if (this.#isTight || this.#announced <= TIGHT_WINDOW) return;
    const isMuch = this.#unread > this.#maxUnread / 4 + this.#reserved;
    if (!isMuch && !this.#buffered.isNear) return;
    this.#isTight = true;
    this.#tightSince = performance.now();
    this.#connection.announceWindow(TIGHT_WINDOW);
    this.#announce(TIGHT_WINDOW);
    // A stream that has used up more than is left of its window would wait for ever.
    for (const stream of this.#connection.streams.values()) {
      if (stream.unread === 0) this.#credit(stream, 0);
      else stream.onLessCredit();
    }
  }

  /** Bytes of a stream have been used up, all of what was kept for it with them. */
  consume(stream: Http2Stream, bytes: number): void {
    // The bytes that were unread when the stream closed are accounted for.
    if (stream.closed) return;
    if (this.#reservations.size > 0) this.release(stream);
    stream.unread -= bytes;
    this.discard(bytes);
    if (stream.kept > 0) this.#unkeep(stream);
    if (!stream.remoteEnded) this.#credit(stream, stream.unread);
  }

  /** The reader waits for a message, of which these bytes have come: the peer may go on with it. */
  advance(stream: Http2Stream, bytes: number): void {
    if (!stream.closed && !stream.remoteEnded) this.#credit(stream, stream.unread - bytes);
  }

  /** Bytes that belong to no stream any more have been used up. */
  discard(bytes: number): void {
    this.#unread -= bytes;
    this.#buffered.remove(bytes);
    if (this.#isTight && this.#unread < this.#maxUnread / 16) this.#relax();
  }

  /**
   * Counts a message that was decompressed, until bytes of its stream are used up. False, and it is not counted, if there is
   * no room for it: all of them take `maxUnreadBytes` at most, or are one.
   */
  keep(stream: Http2Stream, bytes: number): boolean {
    if (stream.closed) return true;
    if (this.#buffered.isOver) return false;
    if (this.#kept > 0 && this.#kept + bytes > this.#maxUnread) return false;
    stream.kept += bytes;
    this.#kept += bytes;
    this.#buffered.add(bytes);
    return true;
  }

  #unkeep(stream: Http2Stream): void {
    this.#kept -= stream.kept;
    this.#buffered.remove(stream.kept);
    stream.kept = 0;
  }

  /** True if a message of that many bytes may not fit in a stream's window. */
  isLong(bytes: number): boolean {
    // Up to half a window may be used up without new credit yet.
    return bytes > Math.min(this.#streamWindow, this.#announced) / 2;
  }

  /**
   * True if a stream may go on with a message of that many bytes, which is longer than its window. If not, it hears when
   * there may be room. So all such messages of a connection together take `maxUnreadBytes` at most, or one message, and those
   * of all connections about half of what they may.
   */
  reserve(stream: Http2Stream, bytes: number): boolean {
    if (this.#reservations.has(stream)) return true;
    if (!this.#hasRoomFor(bytes)) {
      this.#waiting.set(stream, bytes);
      return false;
    }
    this.#reservations.set(stream, bytes);
    this.#reserved += bytes;
    this.#buffered.add(bytes - stream.unread);
    return true;
  }

  /** True if a stream waits for {@link reserve} to have room: its peer cannot go on. */
  isHeldBack(stream: Http2Stream): boolean {
    return this.#waiting.has(stream);
  }

  /** The message that {@link reserve} made room for was taken, or will never be. */
  release(stream: Http2Stream): void {
    const bytes = this.#reservations.get(stream);
    if (bytes === undefined) return;
    this.#reservations.delete(stream);
    this.#reserved -= bytes;
    this.#buffered.add(stream.unread - bytes);
    for (const [next, wanted] of this.#waiting) {
      if (!this.#hasRoomFor(wanted)) return;
      this.#waiting.delete(next);
      next.onRoomForMessage();
    }
  }

  #hasRoomFor(bytes: number): boolean {
    if (this.#reserved === 0) return true;
    return this.#reserved + bytes <= this.#maxUnread && !this.#buffered.isNear;
  }

  /** A stream is over: nobody will use up what it has not read. */
  forget(stream: Http2Stream): void {
    this.#waiting.delete(stream);
    this.release(stream);
    if (stream.kept > 0) this.#unkeep(stream);
    if (stream.unread > 0) this.discard(stream.unread);
    stream.unread = 0;
  }

  /** True if the connection is to be measured now, by a PING. */
  shouldMeasure(stream: Http2Stream, bytes: number): boolean {
    return !this.#isTight && this.#bdp.received(bytes, -stream.receiveWindow);
  }

  /** Takes the answer of the measuring PING; false if there was none to answer. Windows may grow, which SETTINGS announce. */
  measured(): boolean {
    if (!this.#bdp.isMeasuring) return false;
    if (this.#bdp.answered() && !this.#isTight) this.#grow();
    return true;
  }

  /** Gives a stream the credit that its window has room for, if that is worth a frame. */
  #credit(stream: Http2Stream, unread: number): void {
    let window = this.#announced;
    if (this.#isTight && unread === 0) {
      const share = Math.floor(this.#maxUnread / 2 / this.#connection.streams.size);
      window = Math.max(window, Math.min(share, this.#streamWindow));
    }
    const room = window - unread - this.#announced - stream.receiveWindow;
    if (room * 2 < window) return;
    this.#connection.sender.windowUpdate(stream.id, room);
    stream.receiveWindow += room;
  }

  /** Times are good again. */
  #relax(): void {
    if (this.#buffered.isNear || performance.now() - this.#tightSince < MIN_TIGHT_MS) return;
    this.#isTight = false;
    this.#grow();
  }

  #grow(): void {
    this.#connection.announceWindow(this.#bdp.window);
    this.#announce(this.#bdp.window);
  }

  #announce(window: number): void {
    this.#announced = window;
    this.#unacknowledged.push(window);
    this.#initial = Math.max(this.#initial, window);
  }
}
