/** By how much each wait is longer than the one before (gRPC, "Connection Backoff"). */
const MULTIPLIER = 1.6;
/** The part of a wait that chance adds or takes away. */
const JITTER = 0.2;

/** The waits between failed attempts to connect (gRPC, "Connection Backoff"). */
export class Backoff {
  readonly #initialMs: number;
  readonly #maxMs: number;
  #nextMs: number;

  constructor(initialMs: number, maxMs: number) {
    this.#initialMs = initialMs;
    this.#maxMs = maxMs;
    this.#nextMs = initialMs;
  }

  /** The time from the beginning of the attempt that has failed to the next one, in milliseconds. */
  next(): number {
    const ms = this.#nextMs;
    this.#nextMs = Math.min(ms * MULTIPLIER, this.#maxMs);
    return ms * (1 - JITTER + 2 * JITTER * Math.random());
  }

  /** An attempt has succeeded. */
  reset(): void {
    this.#nextMs = this.#initialMs;
  }
}
