import type { FailureOrigin } from "@callwire/transport/seam";

/** The time in which calls that lose their connection have lost the same one, in milliseconds. */
const ONE_LOSS_MS = 100;

/**
 * The token bucket of gRFC A6: a client whose calls mostly fail stops retrying, so that it does not multiply its load on
 * servers that are in trouble already.
 */
export interface RetryThrottle {
  /**
   * Takes note of a failure; says whether a retry is allowed. A lost connection fails many calls at once: they count as one failure.
   */
  failed(origin?: FailureOrigin): boolean;
  /** Takes note of an answer. */
  succeeded(): void;
}

export function retryThrottle(maxTokens: number, tokenRatio: number): RetryThrottle {
  let tokens = maxTokens;
  /** When a connection was lost last, by the clock of `performance.now()`. */
  let lostAt = -Infinity;
  return {
    failed(origin) {
      const now = performance.now();
      const isLost = origin === "connection";
      if (!isLost || now - lostAt >= ONE_LOSS_MS) {
        tokens = Math.max(tokens - 1, 0);
        if (isLost) lostAt = now;
      }
      return tokens > maxTokens / 2;
    },
    succeeded() {
      tokens = Math.min(tokens + tokenRatio, maxTokens);
    },
  };
}
