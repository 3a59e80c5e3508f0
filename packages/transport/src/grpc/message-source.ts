import { Status, type ServerError } from "nice-grpc-common";
import { keepBytes } from "../http2/socket-reader.js";
import type { Http2Stream } from "../http2/stream.js";
import { ByteParts } from "./byte-parts.js";
import { decompress, type Encoding } from "./compression.js";
import { MessageReader, PREFIX_LENGTH, type MessageSink } from "./message-reader.js";
import { peerError } from "./without-stack.js";

/**
 * The number of decoded messages of a stream that wait for their reader. What comes then stays as the bytes that it came as: a
 * message of no bytes takes a hundred bytes of memory.
 */
export const MAX_QUEUED_MESSAGES = 1024;

/** Ends a call whose bytes nobody reads, and for which there is no more room. */
export function tooMuchKept(): ServerError {
  return peerError(Status.RESOURCE_EXHAUSTED, "too many bytes wait to be read");
}

/** The side of a call that a {@link MessageSource} calls back. */
export interface MessageReceiver {
  /** True if the reader of the messages waits for one. */
  readonly wantsMessage: boolean;
  /**
   * One message, at `start` to `end` of `buffer`, decompressed. It took `cost` bytes of the stream's credit, to be consumed
   * when it is used up. Returns false to read no further before {@link MessageSource.wanted}. An error that it throws goes to
   * {@link onReadFailed}.
   */
  onWholeMessage(buffer: Buffer, start: number, end: number, compressed: boolean, cost: number): boolean;
  /** The stream has ended, and all its messages were handed on; {@link MessageSource.isBetweenMessages} says whether in one. */
  onMessagesEnd(): void;
  /** The messages cannot be read: a ServerError, or what the receiver has thrown. It must not throw. */
  onReadFailed(error: unknown): void;
}

/**
 * True if DATA is one whole message, as nearly all is, and nothing else: not compressed, and not too long. Then the DATA
 * needs no {@link MessageSource}.
 */
export function isWholeMessage(buffer: Buffer, start: number, end: number, maxBytes: number): boolean {
  const length = end - start - PREFIX_LENGTH;
  return (
    length >= 0 && length <= maxBytes && buffer[start] === 0 && buffer.readUInt32BE(start + 1) === length
  );
}

/**
 * The messages of one side of a stream: cuts DATA into messages, decompresses them one at a time, and keeps as bytes what
 * comes while the receiver wants no more. It gives the peer the credit that a message longer than the window needs;
 * the credit for whole messages is for the receiver to give.
 */
export class MessageSource implements MessageSink {
  readonly #stream: Http2Stream;
  readonly #receiver: MessageReceiver;
  readonly #maxBytes: number;
  readonly #encoding: Encoding | undefined;
  /** Made when a message does not stand alone in its DATA. */
  #reader: MessageReader | undefined;
  /** Bytes that came while {@link #isPaused}, not read since; undefined if there are none. */
  #held: ByteParts | undefined;
  #isPaused = false;
  /** True if it is paused for a reason that only {@link start} ends, or the end of a decompression. */
  #isBusy = false;
  #hasEnded = false;
  #isClosed = false;

  /**
   * @param maxBytes The largest message taken, in bytes, also decompressed.
   * @param encoding The encoding of compressed messages; undefined if it is not known.
   */
  constructor(
    stream: Http2Stream,
    receiver: MessageReceiver,
    maxBytes: number,
    encoding: Encoding | undefined,
  ) {
    this.#stream = stream;
    this.#receiver = receiver;
    this.#maxBytes = maxBytes;
    this.#encoding = encoding;
  }

  /** True if the reader itself has stopped, and not for want of input. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** True if what was read ends with a message. */
  get isBetweenMessages(): boolean {
    return this.#reader === undefined || this.#reader.isBetweenMessages;
  }

  /** DATA has come. */
  read(buffer: Buffer, start: number, end: number): void {
    if (this.#held === undefined) this.#read(buffer, start, end);
    else if (end > start) this.#held.add(buffer, start, end);
  }

  /** No more will come. */
  end(): void {
    this.#hasEnded = true;
    if (this.#held === undefined) this.#finish();
  }

  /** The receiver is over: nobody wants the messages any more. */
  close(): void {
    this.#isClosed = true;
    this.#held = undefined;
  }

  /** Reads nothing before {@link start}. */
  hold(): void {
    this.pause();
    this.#isBusy = true;
  }

  /** Goes on after {@link hold}. */
  start(): void {
    this.#isBusy = false;
    this.#resume();
  }

  /** Reads nothing before {@link wanted}. */
  pause(): void {
    this.#isPaused = true;
    this.#held ??= new ByteParts();
  }

  /** The receiver's reader waits for a message. */
  wanted(): void {
    if (this.#isPaused) this.#resume();
    else this.creditPartial();
  }

  /** A message longer than the window needs credit for its beginning. */
  creditPartial(): void {
    const stream = this.#stream;
    const { connection } = stream;
    if (this.#reader === undefined || this.#isClosed || stream.closed || !this.#receiver.wantsMessage) return;
    const { partialBytes, partialLength } = this.#reader;
    if (partialBytes > 0) connection!.advance(stream, partialLength, partialBytes);
  }

  onMessage(buffer: Buffer, start: number, end: number, compressed: boolean, cost: number): boolean {
    if (this.#isClosed) {
      this.#stream.connection!.consume(this.#stream, cost);
      return true;
    }
    if (compressed) {
      this.#decompress(keepBytes(buffer, start, end), cost);
      return false;
    }
    if (!this.#receiver.onWholeMessage(buffer, start, end, false, cost) && !this.#isClosed) this.pause();
    return !this.#isPaused;
  }

  #read(buffer: Buffer, start: number, end: number): void {
    try {
      if (this.#reader === undefined && isWholeMessage(buffer, start, end, this.#maxBytes)) {
        this.onMessage(buffer, start + PREFIX_LENGTH, end, false, end - start);
        return;
      }
      this.#reader ??= new MessageReader(this.#maxBytes);
      const at = this.#reader.read(buffer, start, end, this);
      if (at < end) this.#held?.unshift(keepBytes(buffer, at, end));
      this.creditPartial();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Decompresses a message; nothing is read meanwhile, nor before it was taken: it may be 1,000 times larger. */
  #decompress(bytes: Buffer, cost: number): void {
    if (this.#encoding !== "gzip") {
      throw peerError(Status.INTERNAL, "a compressed message, and no grpc-encoding that is known");
    }
    this.hold();
    const stream = this.#stream;
    decompress(bytes, this.#maxBytes, stream.connection!, () => !this.#isClosed)
      .then((plain) => {
        this.#isBusy = false;
        if (this.#isClosed) return;
        if (!stream.connection!.keep(stream, plain.length)) throw tooMuchKept();
        this.#receiver.onWholeMessage(plain, 0, plain.length, true, cost);
        if (this.#receiver.wantsMessage) this.#resume();
      })
      .catch((error: unknown) => {
        this.#isBusy = false;
        this.#fail(error);
      });
  }

  /** Reads what was held back. */
  #resume(): void {
    if (!this.#isPaused || this.#isBusy) return;
    this.#isPaused = false;
    while (!this.#isPaused && !this.#isClosed) {
      const part = this.#held!.shift();
      if (part === undefined) {
        this.#held = undefined;
        if (this.#hasEnded) this.#finish();
        return;
      }
      this.#read(part, 0, part.length);
    }
  }

  #finish(): void {
    if (!this.#isClosed) this.#receiver.onMessagesEnd();
  }

  #fail(error: unknown): void {
    if (!this.#isClosed) this.#receiver.onReadFailed(error);
  }
}
