/** The time in which calls that lose their connection have lost the same one, in milliseconds. */
const ONE_LOSS_MS = 100;

/**
 * The token bucket of gRFC A6: a client whose calls mostly fail stops retrying, so that it does not multiply its load on
 * servers that are in trouble already.
 */
export class RetryThrottle {
  readonly #maxTokens: number;
  readonly #tokenRatio: number;
  #tokens: number;
  /** When a connection was lost last, by the clock of `performance.now()`. */
  #lostAt = -Infinity;

  constructor(maxTokens: number, tokenRatio: number) {
    this.#maxTokens = maxTokens;
    this.#tokenRatio = tokenRatio;
    this.#tokens = maxTokens;
  }

  /** Takes note of a failure; says whether a retry is allowed. */
  failed(): boolean {
    this.#tokens = Math.max(this.#tokens - 1, 0);
    return this.#tokens > this.#maxTokens / 2;
  }

  /**
   * Takes note of a lost connection, which fails many calls at once: they count as one failure. Says whether a retry is allowed.
   */
  lost(): boolean {
    const now = performance.now();
    if (now - this.#lostAt < ONE_LOSS_MS) return this.#tokens > this.#maxTokens / 2;
    this.#lostAt = now;
    return this.failed();
  }

  /** Takes note of an answer. */
  succeeded(): void {
    this.#tokens = Math.min(this.#tokens + this.#tokenRatio, this.#maxTokens);
  }
}
