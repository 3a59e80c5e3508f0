import type { HeaderFields } from "../hpack/header-fields.js";
import type { HeaderList } from "../hpack/header-list.js";
import type { ConnectionLife } from "./connection-life.js";
import type { ErrorCode } from "./errors.js";

/** What a stream waits to send, because a window or the socket is full. */
export interface PendingOutput {
  chunks: Uint8Array[];
  bytes: number;
  /** Ends the stream once the chunks are sent: by the last DATA frame, or by these trailers. */
  end: "data" | HeaderFields | undefined;
  /** Fields after those of the trailers. */
  endFields: readonly string[] | undefined;
}

/** One stream of a connection, and the call on it (RFC 9113, section 5). */
export abstract class Http2Stream {
  /** 0 until the stream is opened. */
  id = 0;
  connection: ConnectionLife | undefined;
  /** Whether our side has ended: half-closed (local). */
  localEnded = false;
  /** Whether the peer's side has ended: half-closed (remote). */
  remoteEnded = false;
  /** Whether it is over, for whatever reason. */
  closed = false;
  /** How many bytes the peer's window for this stream still takes. */
  sendWindow = 0;
  /** How many bytes the peer may still send. */
  receiveWindow = 0;
  /** How many bytes have come in and have not been used up. */
  unread = 0;
  /** How many bytes have been used up and not been given back to the peer yet. */
  uncredited = 0;
  pending: PendingOutput | undefined;

  /** A header block has come: the request's or response's headers, or trailers. */
  abstract onHeaders(list: HeaderList, endStream: boolean): void;
  /** DATA has come, at `start` to `end` of `buffer`. Its bytes must be given back by `connection.consume`. */
  abstract onData(buffer: Buffer, start: number, end: number, endStream: boolean): void;
  /** The stream has ended before both sides were through: by RST_STREAM or with the connection. */
  abstract onAborted(code: ErrorCode, message: string): void;
  /** A message for which there was no room may go on, if there is room now. */
  abstract onRoomForMessage(): void;
  /** What waited to be sent has been sent. */
  abstract onDrained(): void;
}
