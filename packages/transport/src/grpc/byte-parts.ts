import { keepBytes } from "../http2/socket-reader.js";

/**
 * Parts that are shorter are copied together: each part is an object, and may keep more in memory than itself. Bytes that
 * come one by one would take hundreds of times their size, and a part of some KiB all that came beside it.
 */
const SHORT_PART = 16 * 1024;
/** The largest piece of memory that short parts are copied into. */
const PIECE_SIZE = 16 * 1024;

/** Received bytes that wait, in the parts that they came in. */
export class ByteParts {
  #parts: Buffer[] = [];
  /** Where the first part is; before it are those that were taken. */
  #first = 0;
  /** The number of bytes that came in short parts. */
  #short = 0;
  /** The rest of the memory for short parts. */
  #piece: Buffer | undefined;

  /** Adds the bytes of a buffer from `start` to `end`. */
  add(buffer: Buffer, start: number, end: number): void {
    if (end - start >= SHORT_PART) {
      this.#parts.push(keepBytes(buffer, start, end));
      return;
    }
    this.#short += end - start;
    for (let at = start; at < end;) {
      this.#piece ??= Buffer.allocUnsafe(Math.min(this.#short, PIECE_SIZE));
      const copied = buffer.copy(this.#piece, 0, at, end);
      this.#append(this.#piece.subarray(0, copied));
      this.#piece = copied < this.#piece.length ? this.#piece.subarray(copied) : undefined;
      at += copied;
    }
  }

  /** Takes the first part out. */
  shift(): Buffer | undefined {
    if (this.#first === this.#parts.length) return undefined;
    const part = this.#parts[this.#first++]!;
    if (this.#first === this.#parts.length) this.#clear();
    return part;
  }

  /** Puts what is left of the part that was taken last back; it must not be borrowed. */
  unshift(part: Buffer): void {
    if (this.#first > 0) this.#parts[--this.#first] = part;
    else this.#parts.unshift(part);
  }

  #clear(): void {
    this.#parts = [];
    this.#first = 0;
    this.#short = 0;
    this.#piece = undefined;
  }

  /** Adds what stands in a piece: to the last part, if it continues it. */
  #append(bytes: Buffer): void {
    const index = this.#parts.length - 1;
    const last = index >= this.#first ? this.#parts[index] : undefined;
    if (last?.buffer === bytes.buffer && last.byteOffset + last.length === bytes.byteOffset) {
      this.#parts[index] = Buffer.from(last.buffer, last.byteOffset, last.length + bytes.length);
    } else this.#parts.push(bytes);
  }
}
