/** Shorter parts are copied together: a Buffer of its own would take more memory than it has bytes. */
const SMALL_BYTES = 4096;

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
    if (this.#open === undefined || this.#used + part.length > SMALL_BYTES) {
      this.#close();
      this.#open = Buffer.allocUnsafeSlow(SMALL_BYTES);
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
