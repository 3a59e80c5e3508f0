import {
  checkOptions,
  rules,
  type ClientCallContext,
  type ClientPhases,
  type FailureOrigin,
  type RulesOf,
} from "@callwire/transport/seam";
import { type Metadata, type MethodDescriptor, Status } from "nice-grpc-common";
import { backoffMs } from "../internal/backoff.js";
import { codeOf } from "../internal/client-errors.js";
import { RetryThrottle } from "../internal/retry-throttle.js";

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

/** The options of {@link retry}. */
export const retryRules: RulesOf<RetryOptions> = {
  maxAttempts: rules.wholeNumber({ min: 1, max: 5 }),
  initialBackoffMs: rules.positiveMilliseconds,
  maxBackoffMs: rules.positiveMilliseconds,
  backoffMultiplier: rules.anyNumber({ min: 1 }),
  maxWaitMs: rules.milliseconds(),
  maxTokens: rules.rule(
    "a number of more than 0, at most 1000",
    (value) => typeof value === "number" && value > 0 && value <= 1000,
  ),
  tokenRatio: rules.rule("a number of more than 0", (value) => typeof value === "number" && value > 0),
};
/** The longest wait between two looks for a connection, in milliseconds. */
const MAX_LOOK_MS = 1_000;

const defaults: Required<RetryOptions> = {
  maxAttempts: 4,
  initialBackoffMs: 200,
  maxBackoffMs: 5_000,
  backoffMultiplier: 2,
  maxTokens: 100,
  maxWaitMs: 30_000,
  tokenRatio: 0.1,
};

/** Options of a call, for {@link retry}. */
export interface RetryCallOptions {
  /**
   * True if this call may be tried again. Default: whether the contract gives its method an `idempotency_level`. Calls that
   * stream their requests never are: what was sent is gone.
   */
  retry?: boolean;
}

/** Pure: whether the call may be sent more than once. */
export function isRepeatable(method: MethodDescriptor, asked: boolean | undefined): boolean {
  return !method.requestStream && (asked ?? method.options.idempotencyLevel !== undefined);
}

/**
 * Pure: what the server wishes by `grpc-retry-pushback-ms` (gRFC A6): a wait in milliseconds, "stop" if it is negative or
 * not a number, undefined if it wishes nothing.
 */
export function pushback(trailer: Metadata): number | "stop" | undefined {
  const wish = trailer.get("grpc-retry-pushback-ms");
  if (wish === undefined) return undefined;
  return /^\d{1,9}$/.test(wish) ? Number(wish) : "stop";
}

/** The codes of a reset by a proxy whose server is gone. A server says them by a status, with another origin. */
const CUT_OFF: ReadonlySet<Status> = new Set([Status.INTERNAL, Status.UNKNOWN, Status.CANCELLED]);

/** Pure: true if a call that ended so may find a server that answers. */
export function isTransient(code: Status, origin: FailureOrigin): boolean {
  return code === Status.UNAVAILABLE || (origin === "reset" && CUT_OFF.has(code));
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

/** The wait, if it ends before the call's deadline. */
function inTime({ deadlineMs }: ClientCallContext, waitMs: number): number | undefined {
  return performance.now() + waitMs < deadlineMs ? waitMs : undefined;
}

/**
 * Tries a call again after UNAVAILABLE, or a reset that no server sent as a status, by gRFC A6 and AIP-194: only if that is safe, only while nothing of an answer has
 * come (headers included), after a wait that grows, never past the deadline, and not while most calls fail. `onHeader`
 * and `onTrailer` hear of the attempt that counts.
 *
 * Throws a RangeError at once if an option is out of its limits.
 */
export function retry(options: RetryOptions = {}): ClientPhases<RetryCallOptions> {
  checkOptions("retry", options, retryRules);
  const { maxAttempts, initialBackoffMs, maxBackoffMs, backoffMultiplier, maxTokens, tokenRatio, maxWaitMs } =
    {
      ...defaults,
      ...options,
    };
  const backoff = { initialMs: initialBackoffMs, maxMs: maxBackoffMs, multiplier: backoffMultiplier };
  const throttle = new RetryThrottle(maxTokens, tokenRatio);
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
    const waitMs = backoffMs(backoff, wait.looks);
    return inTime(call, isReached ? Math.min(waitMs, MAX_LOOK_MS) : waitMs);
  };

  return {
    retryAfterMs(error, origin, call) {
      isReached ||= wasSeen(origin, call);
      if (!isRepeatable(call.method, call.options.retry)) return undefined;
      if (call.isUnseen) return waitForConnection(call);
      const unavailable = isTransient(codeOf(error), origin);
      const wish = pushback(call.trailer);
      if (!unavailable && wish !== "stop") return undefined;
      // Every such failure counts, also one that is the last.
      const allowed = origin === "connection" ? throttle.lost() : throttle.failed();
      if (!allowed || wish === "stop" || call.attempts >= maxAttempts) return undefined;
      return inTime(call, wish ?? backoffMs(backoff, call.attempts));
    },
    failed(error, origin, call) {
      isReached ||= wasSeen(origin, call);
      // For a call that has begun to answer, `retryAfterMs` is not asked.
      if (
        call.isCommitted &&
        isRepeatable(call.method, call.options.retry) &&
        (isTransient(codeOf(error), origin) || pushback(call.trailer) === "stop")
      ) {
        if (origin === "connection") throttle.lost();
        else throttle.failed();
      }
      return error;
    },
    ended(call, code) {
      if (code === Status.OK) isReached = true;
      if (code === Status.OK && isRepeatable(call.method, call.options.retry)) throttle.succeeded();
    },
  };
}
