import { Status } from "nice-grpc-common";
import { peerError } from "./without-stack.js";

/** Length of what stands before each message: one byte of flags and four of length (gRPC over HTTP/2). */
export const PREFIX_LENGTH = 5;

/** The most memory that is taken for a message of which hardly anything has come, in bytes. */
const FIRST_MEMORY_BYTES = 4 * 1024;
/** A message's memory is at most so many times what has come of it: the length that it claims costs nothing. */
const MEMORY_GROWTH = 8;

const noBytes = Buffer.alloc(0);

/** Takes messages from a {@link MessageReader}. */
export interface MessageSink {
  /**
   * One message, at `start` to `end` of `buffer`. It took `cost` bytes of the stream's credit, to be given again when it is
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
  /** The part of an incomplete message that has come, with its prefix: the first {@link #have} bytes. */
  #partial: Buffer = noBytes;
  #have = 0;
  /** Length of that message, with its prefix; 0 while the prefix is not complete. */
  #needed = 0;
  readonly #maxBytes: number;

  /** @param maxBytes The largest message taken. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** True if the stream may end here, which it may not inside a message. */
  get isBetweenMessages(): boolean {
    return this.#have === 0;
  }

  /** The length of the incomplete message, with its prefix; 0 if it is not known. */
  get partialLength(): number {
    return this.#needed;
  }

  /** The part of it that has come, in bytes. */
  get partialBytes(): number {
    return this.#have;
  }

  /**
   * Reads on; returns how far, which is `end` unless the sink has stopped it. What it keeps of the bytes is copied.
   *
   * @throws {ServerError} RESOURCE_EXHAUSTED as soon as a message claims to be too long, INTERNAL for unknown flags.
   */
  read(buffer: Buffer, start: number, end: number, sink: MessageSink): number {
    let at = start;
    if (this.#have > 0) {
      at = this.#collect(buffer, at, end);
      if (this.#needed === 0 || this.#have < this.#needed) return at;
      if (this.#complete(sink) === false) return at;
    }
    while (end - at >= PREFIX_LENGTH) {
      const messageEnd = at + PREFIX_LENGTH + this.#length(buffer, at);
      if (messageEnd > end) {
        this.#needed = messageEnd - at;
        break;
      }
      const goOn = sink.onMessage(buffer, at + PREFIX_LENGTH, messageEnd, buffer[at] === 1, messageEnd - at);
      at = messageEnd;
      if (goOn === false) return at;
    }
    if (at < end) this.#add(buffer, at, end);
    return end;
  }

  #length(buffer: Buffer, at: number): number {
    if (buffer[at]! > 1) throw peerError(Status.INTERNAL, `a message with unknown flags, ${buffer[at]}`);
    const length = buffer.readUInt32BE(at + 1);
    if (length > this.#maxBytes) {
      throw peerError(
        Status.RESOURCE_EXHAUSTED,
        `a message of ${length} bytes, where ${this.#maxBytes} are allowed`,
      );
    }
    return length;
  }

  /** Adds to a message that is not complete; returns how far the DATA is used up. */
  #collect(buffer: Buffer, start: number, end: number): number {
    let at = start;
    if (this.#needed === 0) {
      at = Math.min(end, start + PREFIX_LENGTH - this.#have);
      this.#add(buffer, start, at);
      if (this.#have < PREFIX_LENGTH) return at;
      this.#needed = PREFIX_LENGTH + this.#length(this.#partial, 0);
    }
    const partEnd = Math.min(end, at + this.#needed - this.#have);
    this.#add(buffer, at, partEnd);
    return partEnd;
  }

  #add(buffer: Buffer, start: number, end: number): void {
    const size = this.#have + end - start;
    if (size > this.#partial.length) {
      const memory = Math.max(FIRST_MEMORY_BYTES, MEMORY_GROWTH * size);
      const larger = Buffer.allocUnsafe(this.#needed === 0 ? PREFIX_LENGTH : Math.min(this.#needed, memory));
      this.#partial.copy(larger, 0, 0, this.#have);
      this.#partial = larger;
    }
    buffer.copy(this.#partial, this.#have, start, end);
    this.#have = size;
  }

  #complete(sink: MessageSink): boolean | undefined | void {
    const cost = this.#needed;
    const message = this.#partial;
    this.#partial = noBytes;
    this.#have = 0;
    this.#needed = 0;
    return sink.onMessage(message, PREFIX_LENGTH, message.length, message[0] === 1, cost);
  }
}
