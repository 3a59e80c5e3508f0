import type { ClientCallContext, FailureOrigin } from "@callwire/transport/seam";
import { type Metadata, type MethodDescriptor, Status } from "nice-grpc-common";
import { backoffMs, type Backoff } from "./backoff.js";
import { codeOf } from "./client-errors.js";
import { retryThrottle } from "./retry-throttle.js";

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
const CUT_OFF: readonly Status[] = [Status.INTERNAL, Status.UNKNOWN, Status.CANCELLED];

/** Pure: true if a call that ended so may find a server that answers. */
export function isTransient(code: Status, origin: FailureOrigin): boolean {
  return code === Status.UNAVAILABLE || (origin === "reset" && CUT_OFF.includes(code));
}

/** Pure: the wait, if it ends before the call's deadline. */
export function inTime({ deadlineMs }: ClientCallContext, waitMs: number): number | undefined {
  return performance.now() + waitMs < deadlineMs ? waitMs : undefined;
}

/** The numbers of a {@link RetryPolicy}: RetryOptions says what each is. */
export interface RetrySettings {
  maxAttempts?: number;
  initialBackoffMs?: number;
  maxBackoffMs?: number;
  backoffMultiplier?: number;
  maxTokens?: number;
  tokenRatio?: number;
}

type Call = ClientCallContext<{ retry?: boolean }>;

/** Decides about the attempts of a client's calls that a server has seen, or whose connection was lost (gRFC A6, AIP-194). */
export interface RetryPolicy {
  readonly backoff: Backoff;
  /** An attempt failed: the time to wait before another one, in milliseconds; undefined for none. */
  retryAfterMs(error: unknown, origin: FailureOrigin, call: Call): number | undefined;
  /** A call has failed. One that had begun to answer counts, since `retryAfterMs` was not asked. */
  failed(error: unknown, origin: FailureOrigin, call: Call): void;
  /** A call has ended. */
  ended(call: Call, code: Status): void;
}

/** The default of `maxAttempts`. */
export const MAX_ATTEMPTS = 4;

export function retryPolicy({
  maxAttempts = MAX_ATTEMPTS,
  initialBackoffMs: initialMs = 200,
  maxBackoffMs: maxMs = 5_000,
  backoffMultiplier: multiplier = 2,
  maxTokens = 100,
  tokenRatio = 0.1,
}: RetrySettings): RetryPolicy {
  const backoff = { initialMs, maxMs, multiplier };
  const throttle = retryThrottle(maxTokens, tokenRatio);
  /** True for a failure that could be tried again, or whose server asks for no more. */
  const counts = (error: unknown, origin: FailureOrigin, { method, options, trailer }: Call) =>
    isRepeatable(method, options.retry) &&
    (isTransient(codeOf(error), origin) || pushback(trailer) === "stop");
  return {
    backoff,
    retryAfterMs(error, origin, call) {
      if (!counts(error, origin, call)) return undefined;
      const wish = pushback(call.trailer);
      // Every such failure counts, also one that is the last.
      if (!throttle.failed(origin) || wish === "stop" || call.attempts >= maxAttempts) return undefined;
      return inTime(call, wish ?? backoffMs(backoff, call.attempts));
    },
    failed(error, origin, call) {
      if (call.isCommitted && counts(error, origin, call)) throttle.failed(origin);
    },
    ended(call, code) {
      if (code === Status.OK && isRepeatable(call.method, call.options.retry)) throttle.succeeded();
    },
  };
}
