import type { HeaderFields } from "../hpack/header-fields.js";
import type { HeaderList } from "../hpack/header-list.js";
import type { BufferedBytes } from "./buffered-bytes.js";
import type { ErrorCode } from "./errors.js";
import type { Output } from "./output.js";
import type { PendingOutput } from "./pending-output.js";

/** The sending half of a connection, as its streams use it. */
export interface StreamSender {
  readonly output: Output;
  /** The peer's settings. */
  readonly peer: { readonly maxHeaderListSize: number };
  /** True if a message may be written for a stream now, without waiting behind another. */
  isOpenFor(stream: Http2Stream): boolean;
  /** The bytes of DATA of all streams that wait for the peer to take them. */
  readonly pendingBytes: number;
  /** The number of bytes of DATA that one frame of a stream may carry now, or more, if it has `open` bytes. Default: 0. */
  frameRoom(stream: Http2Stream, open?: number): number;
  /** Accounts for a DATA frame that was written to the output directly, in accordance with {@link frameRoom}. */
  sentMessage(stream: Http2Stream, bytes: number, endStream: boolean): void;
  /** Writes a header block. Trailers go behind what the stream must still send. */
  headers(
    stream: Http2Stream,
    fields: HeaderFields,
    rest: readonly string[] | undefined,
    endStream: boolean,
  ): void;
  /**
   * Sends DATA, as far as the windows let it; the rest waits.
   *
   * @param borrowed True if the bytes may change after this: then those that wait are copied. Otherwise they must not change.
   */
  data(stream: Http2Stream, bytes: Uint8Array, endStream: boolean, borrowed?: boolean): void;
  /** Forgets what a stream still had to send. */
  drop(stream: Http2Stream): void;
}

/** A connection, as its streams use it. */
export interface StreamConnection {
  readonly sender: StreamSender;
  readonly buffered: BufferedBytes;
  /** Says that received bytes of a stream have been used up, so that the peer may send as many again. */
  consume(stream: Http2Stream, bytes: number): void;
  /**
   * Lets the peer go on with a message for which a reader waits, and which might not fit in the stream's window; a shorter
   * one needs nothing.
   *
   * @param length The length of the message with its prefix.
   * @param have The part of it that has come.
   */
  advance(stream: Http2Stream, length: number, have: number): void;
  /**
   * Counts a message that was decompressed until bytes of its stream are used up. False if there is no room for it: then
   * the call must end.
   */
  keep(stream: Http2Stream, bytes: number): boolean;
  /** True if a stream's message waits for {@link advance} to have room: the peer cannot go on with it. */
  isHeldBack(stream: Http2Stream): boolean;
  /** Ends a stream at once, on both sides. */
  resetStream(stream: Http2Stream, code: ErrorCode): void;
}

/**
 * One stream of a connection (RFC 9113, section 5): the state that the connection and its two halves keep of it, and the events that it gets from them. A side of
 * the transport adds what it carries.
 */
export abstract class Http2Stream {
  /** 0 until the stream is opened. */
  id = 0;
  connection: StreamConnection | undefined;
  /** True if our side has ended: half-closed (local). */
  localEnded = false;
  /** True if the peer's side has ended: half-closed (remote). */
  remoteEnded = false;
  /** True if it is over, for whatever reason. */
  closed = false;
  /** Our credit: the number of bytes that the peer still takes on this stream, less the initial window of its SETTINGS. */
  sendWindow = 0;
  /** The peer's credit: the number of bytes that it may still send, less the initial window of our SETTINGS. */
  receiveWindow = 0;
  /** The number of bytes that have come in and have not been used up. */
  unread = 0;
  /** The size of its header list, if it counts among what waits in memory, in bytes. */
  headBytes = 0;
  /** The length of the message that was decompressed and has not been taken, in bytes. */
  kept = 0;
  pending: PendingOutput<Http2Stream> | undefined;

  /** A header block has come: the request's or response's headers, or trailers. */
  abstract onHeaders(list: HeaderList, endStream: boolean): void;
  /** DATA has come, at `start` to `end` of `buffer`. `connection.consume` gives the peer new credit for its bytes. */
  abstract onData(buffer: Buffer, start: number, end: number, endStream: boolean): void;
  /** The stream has ended before both sides were through: by RST_STREAM or with the connection. */
  abstract onAborted(code: ErrorCode, message: string): void;
  /** A message for which there was no room may go on, if there is room now. */
  abstract onRoomForMessage(): void;
  /** The windows have shrunk: a message that has come in part may need credit to go on. */
  abstract onLessCredit(): void;
  /** The connection keeps no more bytes that nobody reads, and the stream has some: it must end. */
  abstract onFull(): void;
  /** The data that waited have been sent. */
  abstract onDrained(): void;
}
