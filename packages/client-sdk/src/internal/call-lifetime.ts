import type { FailureOrigin } from "@callwire/transport/seam";
import { abortError, onAbort } from "./abort.js";

/** Why a call is over. */
export interface Failure {
  error: unknown;
  origin: FailureOrigin;
}

/** One signal of all that ends a call from outside: its caller's signal, its deadline, the end of its client. */
export class CallLifetime {
  readonly #controller = new AbortController();
  #failure: Failure | undefined;
  #timer: NodeJS.Timeout | undefined;
  #unfollow: (() => void) | undefined;

  /** Aborted when the call is ended from outside. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Why the call was ended from outside; undefined if it was not. */
  get failure(): Failure | undefined {
    return this.#failure;
  }

  /** Ends the call. Only the first failure counts. */
  fail(error: unknown, origin: FailureOrigin): void {
    if (this.#failure !== undefined) return;
    this.#failure = { error, origin };
    this.#controller.abort(error);
  }

  /** Ends the call when its caller's signal is aborted, with an AbortError, as nice-grpc does. */
  follow(signal: AbortSignal): void {
    this.#unfollow = onAbort(signal, () => this.fail(abortError(), "local"));
  }

  /** Calls `late` when the time is up, by the clock of `performance.now()`. */
  limit(deadlineMs: number, late: () => void): void {
    const leftMs = deadlineMs - performance.now();
    if (leftMs <= 0) late();
    else {
      // A timer takes no more than this; and it may be early. The call's socket keeps the process alive, while there is one.
      const afterMs = Math.min(Math.ceil(leftMs), 2 ** 31 - 1);
      this.#timer = setTimeout(() => this.limit(deadlineMs, late), afterMs);
      this.#timer.unref();
    }
  }

  /** Lets go of the timer and the listener. */
  end(): void {
    clearTimeout(this.#timer);
    this.#unfollow?.();
  }
}
