/**
 * Parts that are shorter are copied together: each part is an object, and keeps all that the socket has read with it in
 * memory. Bytes that come one by one would take hundreds of times their size.
 */
const SHORT_PART = 4096;
/** The largest piece of memory that short parts are copied into. */
const PIECE_SIZE = 16 * 1024;

/** Received bytes that wait, in the parts that they came in. Long parts are not copied: they must not be written to. */
export class ByteParts {
  /** How many bytes there are. */
  size = 0;
  #parts: Buffer[] = [];
  /** Where the first part is; before it are those that were taken. */
  #first = 0;
  /** What is left of the memory for short parts. */
  #piece: Buffer | undefined;

  /** @param expected How many bytes may come, this part among them: no more memory is taken than they need. */
  add(part: Buffer, expected: number): void {
    this.size += part.length;
    if (part.length >= SHORT_PART) {
      this.#parts.push(part);
      return;
    }
    for (let at = 0; at < part.length;) {
      this.#piece ??= Buffer.allocUnsafe(Math.min(Math.max(expected, part.length) - at, PIECE_SIZE));
      const copied = part.copy(this.#piece, 0, at);
      this.#append(this.#piece.subarray(0, copied));
      this.#piece = copied < this.#piece.length ? this.#piece.subarray(copied) : undefined;
      at += copied;
    }
  }

  /** Takes the first part out. */
  shift(): Buffer | undefined {
    if (this.#first === this.#parts.length) return undefined;
    const part = this.#parts[this.#first++]!;
    this.size -= part.length;
    if (this.#first === this.#parts.length) this.clear();
    return part;
  }

  /** Puts what is left of the part that was taken last back. */
  unshift(part: Buffer): void {
    this.size += part.length;
    if (this.#first > 0) this.#parts[--this.#first] = part;
    else this.#parts.unshift(part);
  }

  /** Takes all out, as one. */
  concat(): Buffer {
    const parts = this.#first === 0 ? this.#parts : this.#parts.slice(this.#first);
    const whole = parts.length === 1 ? parts[0]! : Buffer.concat(parts, this.size);
    this.clear();
    return whole;
  }

  clear(): void {
    this.#parts = [];
    this.#first = 0;
    this.#piece = undefined;
    this.size = 0;
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
