import {
  checkOptions,
  rules,
  type ClientCallContext,
  type ClientPhases,
  type FailureOrigin,
  type RulesOf,
} from "@callwire/transport/seam";
import { Status } from "nice-grpc-common";
import { backoffMs } from "../internal/backoff.js";
import { inTime, isRepeatable, MAX_ATTEMPTS, retryPolicy } from "../internal/retry-policy.js";

/** Options for {@link retry}. */
export interface RetryOptions {
  /**
   * The most attempts of a call, 1 to 5 (gRFC A6). Default: 4, which with the default waits spans 1.4 seconds: longer
   * than a server's restart or a load balancer's switch. The caller gets to know of longer failures.
   */
  maxAttempts?: number;
  /** The wait before the second attempt, in milliseconds, give or take a fifth. Default: 200. */
  initialBackoffMs?: number;
  /** The longest wait, in milliseconds. Default: 5,000. */
  maxBackoffMs?: number;
  /** The factor by which each wait is longer than the one before, at least 1. Default: 2. */
  backoffMultiplier?: number;
  /**
   * The failures in a row that stop retries: half of this, at most 1,000 (gRFC A6, "throttling"). Calls that lose one
   * connection together count as one failure. Default: 100.
   */
  maxTokens?: number;
  /**
   * The longest wait of a call that no server has seen, in milliseconds: while there is no connection it takes no token, counts as no
   * attempt, and waits within its deadline. A client that has never reached its server gives up after `maxAttempts` instead: its
   * address may be wrong. Default: 30,000, the default time of a call, so that restarts lose nothing.
   */
  maxWaitMs?: number;
  /** The part of a failure that one success makes up for. Default: 0.1, which in the long run adds one retry to ten calls. */
  tokenRatio?: number;
}

/** The options of {@link retry}. They are marked as pure: the client for browsers has the defaults alone. */
export const retryRules: RulesOf<RetryOptions> = {
  maxAttempts: /* @__PURE__ */ rules.wholeNumber({ min: 1, max: 5 }),
  initialBackoffMs: rules.positiveMilliseconds,
  maxBackoffMs: rules.positiveMilliseconds,
  backoffMultiplier: /* @__PURE__ */ rules.anyNumber({ min: 1 }),
  maxWaitMs: /* @__PURE__ */ rules.milliseconds(),
  maxTokens: /* @__PURE__ */ rules.rule(
    "a number of more than 0, at most 1000",
    (value) => typeof value === "number" && value > 0 && value <= 1000,
  ),
  tokenRatio: /* @__PURE__ */ rules.rule(
    "a number of more than 0",
    (value) => typeof value === "number" && value > 0,
  ),
};

/** The default of {@link RetryOptions.maxWaitMs}. */
const MAX_WAIT_MS = 30_000;

/** The longest wait between two looks for a connection, in milliseconds. */
const MAX_LOOK_MS = 1_000;

/** Options of a call, for {@link retry}. */
export interface RetryCallOptions {
  /**
   * True if this call may be tried again. Default: whether the contract gives its method an `idempotency_level`. Calls that
   * stream their requests never are: what was sent is gone.
   */
  retry?: boolean;
}

/** Since when a call waits for a connection, by the clock of `performance.now()`, and how often it has looked. */
interface ConnectionWait {
  since: number;
  looks: number;
}

/** Pure: true if a call that failed so has reached a server. */
function wasSeen(origin: FailureOrigin, { isUnseen }: ClientCallContext): boolean {
  return !isUnseen && origin !== "local" && origin !== "deadline";
}

/**
 * Tries a call again after UNAVAILABLE, or a reset that no server sent as a status, by gRFC A6 and AIP-194: only if that is safe, only
 * while nothing of an answer has come (headers included), after a wait that grows, never past the deadline, and not while most calls fail. `onHeader`
 * and `onTrailer` hear of the attempt that counts.
 *
 * Throws a RangeError at once if an option is out of its limits.
 */
export function retry(options: RetryOptions = {}): ClientPhases<RetryCallOptions> {
  checkOptions("retry", options, retryRules);
  const { maxAttempts = MAX_ATTEMPTS, maxWaitMs = MAX_WAIT_MS } = options;
  const policy = retryPolicy(options);
  /** True once a server has seen a call. */
  let isReached = false;
  const waits = new WeakMap<object, ConnectionWait>();

  /** The wait of a call that no server has seen. */
  const waitForConnection = (call: ClientCallContext): number | undefined => {
    const now = performance.now();
    let wait = waits.get(call);
    if (wait === undefined) waits.set(call, (wait = { since: now, looks: 0 }));
    wait.looks++;
    if (isReached ? now - wait.since >= maxWaitMs : call.attempts + wait.looks > maxAttempts)
      return undefined;
    const waitMs = backoffMs(policy.backoff, wait.looks);
    return inTime(call, isReached ? Math.min(waitMs, MAX_LOOK_MS) : waitMs);
  };

  return {
    retryAfterMs(error, origin, call) {
      isReached ||= wasSeen(origin, call);
      if (!call.isUnseen) return policy.retryAfterMs(error, origin, call);
      return isRepeatable(call.method, call.options.retry) ? waitForConnection(call) : undefined;
    },
    failed(error, origin, call) {
      isReached ||= wasSeen(origin, call);
      policy.failed(error, origin, call);
      return error;
    },
    ended(call, code) {
      if (code === Status.OK) isReached = true;
      policy.ended(call, code);
    },
  };
}
