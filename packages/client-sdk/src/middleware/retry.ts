import {
  type CallOptions,
  ClientError,
  type ClientMiddleware,
  type ClientMiddlewareCall,
  Metadata,
  type MethodDescriptor,
  Status,
} from "nice-grpc-common";
import { sleep } from "../internal/abort.js";
import { backoffMs } from "../internal/backoff.js";
import { RetryThrottle } from "../internal/retry-throttle.js";

/** Options for {@link retry}. */
export interface RetryOptions {
  /**
   * How often a call is tried at most, 1 to 5 (gRFC A6). Default: 4, which with the default waits spans 1.4 seconds: longer
   * than a server's restart or a load balancer's switch; what lasts longer is for the caller to know.
   */
  maxAttempts?: number;
  /** The wait before the second attempt, in milliseconds, give or take a fifth. Default: 200. */
  initialBackoffMs?: number;
  /** The longest wait, in milliseconds. Default: 5,000. */
  maxBackoffMs?: number;
  /** By how much each wait is longer than the one before, at least 1. Default: 2. */
  backoffMultiplier?: number;
  /**
   * How many failures in a row stop retries: half of this, at most 1,000 (gRFC A6, "throttling"). Default: 100, so that
   * fifty calls in flight outlive a restart together.
   */
  maxTokens?: number;
  /** How much of a failure one success makes up for. Default: 0.1, which in the long run adds one retry to ten calls. */
  tokenRatio?: number;
}

/** Options of a call, for {@link retry}. */
export interface RetryCallOptions {
  /**
   * Whether this call may be tried again. Default: whether the contract gives its method an `idempotency_level`. Calls that
   * stream their requests never are: what was sent is gone.
   */
  retry?: boolean;
  /** When the call is over, by the clock of `performance.now()`; `deadline` sets it. */
  deadline?: number;
}

/** Pure: whether the call may be sent more than once. */
export function isRepeatable(method: MethodDescriptor, asked: boolean | undefined): boolean {
  return !method.requestStream && (asked ?? method.options.idempotencyLevel !== undefined);
}

/**
 * Pure: what the server wishes by `grpc-retry-pushback-ms` (gRFC A6): a wait in milliseconds, "stop" if it is negative or
 * not a number, undefined if it wishes nothing.
 */
export function pushback(trailers: Metadata | undefined): number | "stop" | undefined {
  const wish = trailers?.get("grpc-retry-pushback-ms");
  if (wish === undefined) return undefined;
  return /^\d{1,9}$/.test(wish) ? Number(wish) : "stop";
}

/**
 * Tries a call again after UNAVAILABLE, by gRFC A6 and AIP-194: only if that is safe, only while nothing of an answer has
 * come (headers included), after a wait that grows, never past the deadline, and not while most calls fail. `onHeader`
 * and `onTrailer` hear of the attempt that counts.
 *
 * Place it inside `deadline` and outside all that an attempt needs anew. Throws a RangeError at once if an option is out
 * of its limits.
 */
export function retry({
  maxAttempts = 4,
  initialBackoffMs = 200,
  maxBackoffMs = 5_000,
  backoffMultiplier = 2,
  maxTokens = 100,
  tokenRatio = 0.1,
}: RetryOptions = {}): ClientMiddleware<RetryCallOptions> {
  if (!(Number.isInteger(maxAttempts) && maxAttempts >= 1 && maxAttempts <= 5)) {
    throw new RangeError(`retry.maxAttempts is ${maxAttempts}: it must be a whole number from 1 to 5`);
  }
  if (!(initialBackoffMs > 0 && maxBackoffMs > 0 && backoffMultiplier >= 1)) {
    throw new RangeError("retry: the waits must be more than 0, and backoffMultiplier at least 1");
  }
  const backoff = { initialMs: initialBackoffMs, maxMs: maxBackoffMs, multiplier: backoffMultiplier };
  const throttle = new RetryThrottle(maxTokens, tokenRatio);

  return async function* retry<Request, Response>(
    call: ClientMiddlewareCall<Request, Response, RetryCallOptions>,
    { retry: asked, ...options }: CallOptions & RetryCallOptions,
  ) {
    if (!isRepeatable(call.method, asked)) return yield* call.next(call.request, options);

    let repeat = 0;
    for (;;) {
      let committed = false;
      let trailers: Metadata | undefined;
      const attempt: CallOptions & RetryCallOptions = {
        ...options,
        onHeader(header) {
          committed = true;
          options.onHeader?.(header);
        },
        onTrailer(received) {
          trailers = received;
        },
      };
      if (repeat > 0) {
        attempt.metadata = Metadata(options.metadata).set("grpc-previous-rpc-attempts", String(repeat));
      }
      try {
        const response = yield* call.next(call.request, attempt);
        throttle.succeeded();
        if (trailers) options.onTrailer?.(trailers);
        return response;
      } catch (error) {
        const unavailable = error instanceof ClientError && error.code === Status.UNAVAILABLE;
        const wish = pushback(trailers);
        const allowed = (unavailable || wish === "stop") && throttle.failed();
        const waitMs = typeof wish === "number" ? wish : backoffMs(backoff, repeat + 1);
        const last =
          !unavailable ||
          committed ||
          wish === "stop" ||
          !allowed ||
          repeat + 1 >= maxAttempts ||
          options.signal?.aborted === true ||
          performance.now() + waitMs >= (options.deadline ?? Infinity);
        if (last) {
          if (trailers) options.onTrailer?.(trailers);
          throw error;
        }
        repeat += 1;
        await sleep(waitMs, options.signal);
      }
    }
  };
}
