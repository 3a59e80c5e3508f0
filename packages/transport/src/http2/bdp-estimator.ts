/** How much larger than what one round trip held the window becomes. */
const SAMPLE_FACTOR = 2;

/** How long to wait, in milliseconds, after a measurement that changed nothing. */
const PAUSE_MS = 100;

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
  #notBefore = 0;
  #bandwidth = 0;
  readonly #max: number;
  readonly #clock: () => number;

  /** @param clock The time in milliseconds, and parts of them: a round trip on one machine takes far less than one. */
  constructor(initial: number, max: number, clock = () => performance.now()) {
    this.window = initial;
    this.#max = max;
    this.#clock = clock;
  }

  /**
   * Counts DATA that has come in. True if a PING should be sent to measure. Only streams that used up half their window
   * ask for it: small calls never do.
   */
  received(bytes: number, windowIsShort: boolean): boolean {
    if (this.#measuring) {
      this.#sample += bytes;
      return false;
    }
    if (!windowIsShort || this.window >= this.#max) return false;
    const now = this.#clock();
    if (now < this.#notBefore) return false;
    this.#measuring = true;
    this.#sample = bytes;
    this.#sentAt = now;
    return true;
  }

  /** Takes the answer of the PING; true if the window has grown. */
  answered(): boolean {
    // Somebody answers what was not asked.
    if (!this.#measuring) return false;
    this.#measuring = false;
    const now = this.#clock();
    const bandwidth = this.#sample / Math.max(now - this.#sentAt, 0.001);
    const grown = Math.min(this.#sample * SAMPLE_FACTOR, this.#max);
    // A window that fills without more bandwidth is filled by somebody's queue.
    if (this.#sample < (this.window * 2) / 3 || bandwidth <= this.#bandwidth || grown <= this.window) {
      this.#notBefore = now + PAUSE_MS;
      return false;
    }
    this.#bandwidth = bandwidth;
    this.window = grown;
    return true;
  }
}
