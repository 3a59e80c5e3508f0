import type { Writer } from "@callwire/protobuf";
import { copyBytes, KeptOutput } from "../http2/kept-output.js";
import type { Output, OutputReader } from "../http2/output.js";
import { bufferOf } from "../protobuf/buffer-of.js";
import { PREFIX_LENGTH } from "./message-reader.js";

/** A message as it went out, so that it can go out again. Its bytes do not change. */
export interface KeptMessage {
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
  readonly compressed: boolean;
}

/** Keeps what is sent: a fast client makes hundreds of thousands of calls in a second, and no object for each message. */
export interface MessageKeeper {
  /**
   * Keeps the message that a writer has just made.
   *
   * @param isBorrowed True if the writer's memory is going to be written to again.
   */
  keepWritten(writer: Writer, length: number, isBorrowed: boolean): void;
  /** Keeps a message that was written into the connection's output just now: `start` is that of its prefix. */
  keepOutput(output: Output, start: number, end: number): void;
  /** Keeps a message of bytes that do not change. */
  keepBytes(buffer: Buffer, start: number, end: number): void;
}

/** The longest message of a request that is copied to be kept, in bytes: what a longer one's copy costs would be felt. */
const MAX_COPIED_BYTES = 16 * 1024;
/** Where the one message of a request that is no stream is kept: between two positions. */
export interface OneMessage {
  /** Undefined if none is kept. */
  keptOutput: KeptOutput | undefined;
  keptStart: number;
  keptEnd: number;
}

/** Keeps the message that a writer has just made as the one of a request, unless it is too long for a copy. */
export function keepOne(one: OneMessage, writer: Writer, length: number, isBorrowed: boolean): void {
  let bytes: Buffer;
  let start = 0;
  if (writer.isWhole && !isBorrowed) {
    bytes = bufferOf(writer.buffer);
    ({ start } = writer);
  } else if (length <= MAX_COPIED_BYTES) copyWritten(writer, length, (bytes = Buffer.allocUnsafe(length)), 0);
  else return;
  one.keptOutput = new KeptOutput(bytes, false);
  one.keptStart = start;
  one.keptEnd = start + length;
}

/** Copies what a writer has made; returns the position after it. */
function copyWritten(writer: Writer, length: number, to: Buffer, at: number): number {
  const { buffer, start } = writer;
  if (!writer.isWhole) {
    for (const { bytes } of writer.pieces()) {
      to.set(bytes, at);
      at += bytes.length;
    }
    return at;
  }
  return copyBytes(bufferOf(buffer), start, start + length, to, at);
}

/** The bytes that a channel may keep of requests that stream, for all its calls. */
export interface KeepBudget {
  leftBytes: number;
}

/** The memory that a request begins with, in bytes. */
const FIRST_BYTES = 512;

/**
 * The messages of a request that streams, as they went out (gRPC over HTTP/2, "Length-Prefixed-Message"), one behind the other. They
 * are kept until the server has seen the call, or there are too many.
 */
export class KeptRequest implements MessageKeeper, OutputReader {
  /** Bytes that were written here do not change: what waits to be sent again may stand in it. */
  #bytes: Buffer | undefined;
  #length = 0;
  /** The bytes that count: those of the messages alone. */
  #counted = 0;
  /** What stands in the output yet, to be copied as one: a copy for each message would cost as much as to encode it. */
  #output: Buffer | undefined;
  #outputStart = 0;
  #outputEnd = 0;
  readonly #maxBytes: number;
  readonly #budget: KeepBudget;

  /** @param maxBytes The most that is kept, in bytes. */
  constructor(maxBytes: number, budget: KeepBudget) {
    this.#maxBytes = maxBytes;
    this.#budget = budget;
    this.#bytes = Buffer.allocUnsafe(FIRST_BYTES);
  }

  /** All messages so far; undefined if they are kept no more. */
  get messages(): Buffer | undefined {
    this.onOutputLeft();
    return this.#bytes?.subarray(0, this.#length);
  }

  /** True while all messages are kept. */
  get isWhole(): boolean {
    return this.#bytes !== undefined;
  }

  keepWritten(writer: Writer, length: number): void {
    if (!this.#takes(length)) return;
    const bytes = this.#prefixed(length, false);
    this.#length = copyWritten(writer, length, bytes, this.#length);
  }

  keepBytes(buffer: Buffer, start: number, end: number, compressed = false): void {
    if (!this.#takes(end - start)) return;
    const bytes = this.#prefixed(end - start, compressed);
    this.#length += buffer.copy(bytes, this.#length, start, end);
  }

  keepOutput(output: Output, start: number, end: number): void {
    if (!this.#takes(end - start - PREFIX_LENGTH)) return;
    if (output.reader !== this || this.#outputEnd !== start) {
      this.onOutputLeft();
      output.readBy(this);
      this.#output = output.buffer;
      this.#outputStart = start;
    }
    this.#outputEnd = end;
  }

  onOutputLeft(): void {
    const start = this.#outputStart;
    const end = this.#outputEnd;
    if (start === end) return;
    this.#outputStart = end;
    if (this.#bytes === undefined) return;
    const bytes = this.#withRoom(end - start);
    this.#length = copyBytes(this.#output!, start, end, bytes, this.#length);
  }

  /** Counts a message; if it is too much, nothing is kept any more. */
  #takes(length: number): boolean {
    if (this.#bytes === undefined) return false;
    if (this.#counted + length > this.#maxBytes || length > this.#budget.leftBytes) {
      this.drop();
      return false;
    }
    this.#counted += length;
    this.#budget.leftBytes -= length;
    return true;
  }

  /** Writes the prefix of a message, for which there is room then. */
  #prefixed(length: number, compressed: boolean): Buffer {
    this.onOutputLeft();
    const bytes = this.#withRoom(PREFIX_LENGTH + length);
    let at = this.#length;
    bytes[at++] = compressed ? 1 : 0;
    bytes[at++] = length >>> 24;
    bytes[at++] = length >>> 16;
    bytes[at++] = length >>> 8;
    bytes[at++] = length;
    this.#length = at;
    return bytes;
  }

  #withRoom(size: number): Buffer {
    const bytes = this.#bytes!;
    const needed = this.#length + size;
    if (needed <= bytes.length) return bytes;
    const longer = Buffer.allocUnsafe(Math.max(needed, 2 * bytes.length));
    bytes.copy(longer, 0, 0, this.#length);
    return (this.#bytes = longer);
  }

  /** Keeps nothing any more. */
  drop(): void {
    this.#bytes = this.#output = undefined;
    this.#outputStart = this.#outputEnd;
    this.#budget.leftBytes += this.#counted;
    this.#counted = 0;
  }
}
