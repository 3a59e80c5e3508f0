import { ServerError, Status } from "nice-grpc-common";
import { ByteParts } from "./byte-parts.js";

/** Length of what stands before each message: one byte of flags and four of length (gRPC over HTTP/2). */
export const PREFIX_LENGTH = 5;

/** Takes messages from a {@link MessageReader}. */
export interface MessageSink {
  /**
   * One message, at `start` to `end` of `buffer`. It took `cost` bytes of the stream's window, to be given back when it is
   * used up. False stops {@link MessageReader.read} behind it.
   */
  onMessage(
    buffer: Buffer,
    start: number,
    end: number,
    compressed: boolean,
    cost: number,
  ): boolean | undefined | void;
}

/** Cuts a stream's DATA into messages (gRPC over HTTP/2, "Length-Prefixed-Message"). */
export class MessageReader {
  /** What has come of a message that is not complete. */
  readonly #parts = new ByteParts();
  /** Length of the message whose parts are collected, with its prefix; 0 while the prefix is not complete. */
  #needed = 0;
  /** How much of the collected parts was given back to the peer already. */
  #credited = 0;
  readonly #maxBytes: number;

  /** @param maxBytes The largest message taken. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Whether the stream may end here: not inside a message. */
  get isBetweenMessages(): boolean {
    return this.#parts.size === 0;
  }

  /** How long the message is, with its prefix, that has begun and is not complete; 0 if that is not known. */
  get partialLength(): number {
    return this.#needed;
  }

  /**
   * How many bytes of the message that is not complete may be given back to the peer now; it counts them off the message's
   * cost. For messages that are longer than the window, which could never be completed.
   */
  creditPartial(): number {
    const bytes = this.#parts.size - this.#credited;
    this.#credited = this.#parts.size;
    return bytes;
  }

  /**
   * Reads on; returns how far, which is `end` unless the sink has stopped it.
   *
   * @throws {ServerError} RESOURCE_EXHAUSTED as soon as a message claims to be too long, INTERNAL for unknown flags.
   */
  read(buffer: Buffer, start: number, end: number, sink: MessageSink): number {
    let at = start;
    if (this.#parts.size > 0) {
      at = this.#collect(buffer, at, end);
      if (this.#needed === 0 || this.#parts.size < this.#needed) return at;
      if (this.#complete(sink) === false) return at;
    }
    while (end - at >= PREFIX_LENGTH) {
      const messageEnd = at + PREFIX_LENGTH + this.#length(buffer, at);
      if (messageEnd > end) break;
      const goOn = sink.onMessage(buffer, at + PREFIX_LENGTH, messageEnd, buffer[at] === 1, messageEnd - at);
      at = messageEnd;
      if (goOn === false) return at;
    }
    if (at < end) this.#begin(buffer.subarray(at, end));
    return end;
  }

  #length(buffer: Buffer, at: number): number {
    if (buffer[at]! > 1)
      throw new ServerError(Status.INTERNAL, `a message with unknown flags, ${buffer[at]}`);
    const length = buffer.readUInt32BE(at + 1);
    if (length > this.#maxBytes) {
      throw new ServerError(
        Status.RESOURCE_EXHAUSTED,
        `a message of ${length} bytes, where ${this.#maxBytes} are allowed`,
      );
    }
    return length;
  }

  #begin(part: Buffer): void {
    this.#needed = part.length >= PREFIX_LENGTH ? PREFIX_LENGTH + this.#length(part, 0) : 0;
    this.#parts.add(part, this.#needed);
  }

  /** Adds to a message that is not complete; returns how far the DATA is used up. */
  #collect(buffer: Buffer, start: number, end: number): number {
    let at = start;
    if (this.#needed === 0) {
      at = Math.min(end, start + PREFIX_LENGTH - this.#parts.size);
      this.#begin(Buffer.concat([this.#parts.concat(), buffer.subarray(start, at)]));
      if (this.#needed === 0) return at;
    }
    const missing = this.#needed - this.#parts.size;
    const more = Math.min(end - at, missing);
    if (more > 0) this.#parts.add(buffer.subarray(at, at + more), missing);
    return at + more;
  }

  #complete(sink: MessageSink): boolean | undefined | void {
    const cost = this.#needed - this.#credited;
    const message = this.#parts.concat();
    this.#needed = 0;
    this.#credited = 0;
    return sink.onMessage(message, PREFIX_LENGTH, message.length, message[0] === 1, cost);
  }
}
