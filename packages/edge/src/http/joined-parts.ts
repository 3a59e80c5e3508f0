/**
 * Shorter parts are copied together: a Buffer of its own would take more memory than it has bytes, and may be part of what came with it of
 * others.
 */
const SMALL_BYTES = 16 * 1024;
/** The least memory that they are copied into. */
const MIN_PIECE_BYTES = 4096;

/** Puts together what comes in parts, in little more memory than its bytes, however short the parts are. */
export class JoinedParts {
  #parts: Uint8Array[] = [];
  /** The last one, if there is room in it behind {@link #used} bytes. */
  #open: Uint8Array | undefined;
  #used = 0;
  #size = 0;

  /** The number of bytes. */
  get size(): number {
    return this.#size;
  }

  add(part: Uint8Array): void {
    if (part.length === 0) return;
    // The first is often the whole.
    if (this.#size === 0 || part.length >= SMALL_BYTES) {
      this.#close();
      this.#parts.push(part);
    } else this.#copy(part);
    this.#size += part.length;
  }

  /** All of it; then there is nothing. */
  take(): Uint8Array {
    this.#close();
    const bytes = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts, this.#size);
    this.#parts = [];
    this.#size = 0;
    return bytes;
  }

  #copy(part: Uint8Array): void {
    if (this.#open === undefined || this.#used + part.length > this.#open.length) {
      this.#close();
      const bytes = Math.max(MIN_PIECE_BYTES, part.length, Math.min(this.#size, SMALL_BYTES));
      this.#open = Buffer.allocUnsafeSlow(bytes);
    }
    this.#open.set(part, this.#used);
    this.#used += part.length;
  }

  #close(): void {
    if (this.#open !== undefined) this.#parts.push(this.#open.subarray(0, this.#used));
    this.#open = undefined;
    this.#used = 0;
  }
}
