/** Allows so many events at once, and so many a second after that. */
export class TokenBucket {
  #tokens: number;
  #filled = 0;
  readonly #capacity: number;
  readonly #perMs: number;

  constructor({ burst, perSecond }: Rate) {
    this.#tokens = burst;
    this.#capacity = burst;
    this.#perMs = perSecond / 1000;
  }

  /** Takes a token, or so many, if there are as many. `now` is in milliseconds. */
  take(now: number, count = 1): boolean {
    if (this.#filled !== now) {
      this.#tokens = Math.min(this.#capacity, this.#tokens + (now - this.#filled) * this.#perMs);
      this.#filled = now;
    }
    if (this.#tokens < count) return false;
    this.#tokens -= count;
    return true;
  }
}

/** The rate at which something may happen. */
export interface Rate {
  /** The number of times at once. */
  burst: number;
  /** The number of times a second from then on. */
  perSecond: number;
}
