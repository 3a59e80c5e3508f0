/** The factor by which the window exceeds the bytes of one round trip. */
const SAMPLE_FACTOR = 2;

/** The time to wait, in milliseconds, after a measurement that changed nothing. */
const PAUSE_MS = 100;

/** The round trip is the mean of so many at first; then each new one counts for this share. */
const SAMPLES_IN_MEAN = 10;

/**
 * Estimates the bandwidth-delay product of a connection as grpc-go does: a PING goes out, and what has come in when its
 * answer arrives is what one round trip holds. While that nearly fills the window, the window doubles. The PING goes out
 * when a stream has used up half its window: what it has used counts as well, as no more comes before the answer than the
 * other half.
 */
export class BdpEstimator {
  /** The window, in bytes. */
  window: number;
  #sample = 0;
  #measuring = false;
  #sentAt = 0;
  #notBefore = 0;
  #bandwidth = 0;
  /** A mean: one round trip alone says little where others use the machine. */
  #roundTripMs = 0;
  #roundTrips = 0;
  readonly #max: number;
  readonly #clock: () => number;

  /** @param clock The time in milliseconds, and parts of them: a round trip on one machine takes far less than one. */
  constructor(initial: number, max: number, clock = () => performance.now()) {
    this.window = initial;
    this.#max = max;
    this.#clock = clock;
  }

  /** True if the answer to a PING is awaited. */
  get isMeasuring(): boolean {
    return this.#measuring;
  }

  /**
   * Counts DATA that has come in. True if a PING should be sent to measure. Only streams that used up half their window
   * ask for it: small calls never do.
   *
   * @param used The bytes of the window that its stream has used up.
   */
  received(bytes: number, used: number): boolean {
    if (this.#measuring) {
      this.#sample += bytes;
      return false;
    }
    if (used * 2 <= this.window || this.window >= this.#max) return false;
    const now = this.#clock();
    if (now < this.#notBefore) return false;
    this.#measuring = true;
    this.#sample = used;
    this.#sentAt = now;
    return true;
  }

  /** Takes the answer of the PING; true if the window has grown. */
  answered(): boolean {
    // The peer answers a PING that was not sent.
    if (!this.#measuring) return false;
    this.#measuring = false;
    const now = this.#clock();
    if (this.#roundTrips < SAMPLES_IN_MEAN) this.#roundTrips++;
    this.#roundTripMs += (now - this.#sentAt - this.#roundTripMs) / this.#roundTrips;
    const bandwidth = this.#sample / Math.max(this.#roundTripMs, 0.001);
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
