/**
 * The number of streams that we have reset and remember: the peer may have sent more for them meanwhile. Thousands of calls
 * that are cancelled at once must not end the connection.
 */
const MAX_REMEMBERED_RESETS = 10_000;

/** The memory of streams that are not open (RFC 9113, section 5.1). */
export class StreamIds {
  /** The highest id of a stream that the peer opened. */
  last = 0;
  #skippedFrom = 0;
  #skippedTo = 0;
  readonly #resets = new Set<number>();

  /** The peer opens a stream: those below that it left out are closed, unused (RFC 9113, section 5.1.1). */
  opened(id: number): void {
    if (id > this.last + 2) {
      this.#skippedFrom = this.last + 1;
      this.#skippedTo = id;
    }
    this.last = id;
  }

  /** True if the peer left this id out, when it last left some out. */
  wasSkipped(id: number): boolean {
    return id >= this.#skippedFrom && id < this.#skippedTo;
  }

  rememberReset(id: number): void {
    this.#resets.add(id);
    if (this.#resets.size > MAX_REMEMBERED_RESETS) {
      for (const oldest of this.#resets) {
        this.#resets.delete(oldest);
        break;
      }
    }
  }

  /** True if we have reset this stream, as far as that is remembered. */
  wasReset(id: number): boolean {
    return this.#resets.has(id);
  }
}
