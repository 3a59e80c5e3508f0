/** How much larger than what one round trip held the window becomes. */
const SAMPLE_FACTOR = 2;

/**
 * Estimates the bandwidth-delay product of a connection as grpc-go does: a PING goes out, and what has come in when its
 * answer arrives is what one round trip holds. While that nearly fills the window, the window doubles.
 */
export class BdpEstimator {
  /** The window, in bytes. */
  window: number;
  #sample = 0;
  #measuring = false;
  #sentAt = 0;
  #bandwidth = 0;
  readonly #max: number;

  constructor(initial: number, max: number) {
    this.window = initial;
    this.#max = max;
  }

  /**
   * Counts DATA that has come in. True if a PING should be sent to measure. Only streams that used up half their window
   * ask for it: small calls never do.
   */
  received(bytes: number, windowIsShort: boolean, now: number): boolean {
    if (this.#measuring) {
      this.#sample += bytes;
      return false;
    }
    if (!windowIsShort || this.window >= this.#max) return false;
    this.#measuring = true;
    this.#sample = bytes;
    this.#sentAt = now;
    return true;
  }

  /** Takes the answer of the PING; true if the window has grown. */
  answered(now: number): boolean {
    // Somebody answers what was not asked.
    if (!this.#measuring) return false;
    this.#measuring = false;
    const seconds = Math.max(now - this.#sentAt, 0.01) / 1000;
    const bandwidth = this.#sample / seconds;
    // A window that fills without more bandwidth is filled by somebody's queue.
    if (this.#sample < (this.window * 2) / 3 || bandwidth <= this.#bandwidth) return false;
    this.#bandwidth = bandwidth;
    const grown = Math.min(this.#sample * SAMPLE_FACTOR, this.#max);
    if (grown <= this.window) return false;
    this.window = grown;
    return true;
  }
}
