/** The size of the memory that what is kept shares, in bytes: it lives as long as the longest call of those in it. */
const CHUNK_BYTES = 64 * 1024;
/** A copy of so many bytes is made one by one: Buffer's own way costs more. */
const FEW_BYTES = 48;

let chunk = Buffer.allocUnsafeSlow(0);
let used = 0;

/** Copies bytes; returns the position after them. */
export function copyBytes(buffer: Buffer, start: number, end: number, to: Buffer, at: number): number {
  const length = end - start;
  if (length > FEW_BYTES) to.set(buffer.subarray(start, end), at);
  else for (let i = 0; i < length; i++) to[at + i] = buffer[start + i]!;
  return at + length;
}

/** Bytes that somebody may need after they were sent: those between two positions of an output, for all that went out with them. */
export class KeptOutput {
  #bytes: Buffer;
  /** What is added to a position to find it in the bytes. */
  #offset = 0;
  #isOutput: boolean;

  /** @param isOutput True if the bytes are the output's memory, and {@link move} follows before it is written to again. */
  constructor(bytes: Buffer, isOutput: boolean) {
    this.#bytes = bytes;
    this.#isOutput = isOutput;
  }

  /** Moves the bytes between two positions to memory that stays as it is. */
  move(start: number, end: number): void {
    const length = end - start;
    if (used + length > chunk.length) {
      chunk = Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, length));
      used = 0;
    }
    const at = used;
    used = copyBytes(this.#bytes, start, end, chunk, at);
    this.#bytes = chunk;
    this.#offset = at - start;
    this.#isOutput = false;
  }

  /** The bytes between two positions. They do not change. */
  between(start: number, end: number): Buffer {
    const bytes = this.#bytes.subarray(start + this.#offset, end + this.#offset);
    return this.#isOutput ? Buffer.from(bytes) : bytes;
  }
}
