import {
  type CallOptions,
  ClientError,
  type ClientMiddleware,
  type ClientMiddlewareCall,
  type MethodDescriptor,
  Status,
} from "nice-grpc-common";
import { onAbort } from "../internal/abort.js";

/** Options for {@link deadline}. */
export interface DeadlineOptions {
  /**
   * How long a call may take, in milliseconds, if it answers with one message; `Infinity` for no limit. Calls that answer
   * with a stream have no limit unless they ask for one: a watch is meant to stay open. Default: 30,000, long enough for
   * any healthy call and short enough that nobody waits for a dead one.
   */
  timeoutMs?: number;
  /**
   * Where to keep each call while it runs, as a function that ends it with CANCELLED: a Set will do. For whoever wants to end
   * them all. Default: nowhere.
   */
  running?: { add(cancel: () => void): unknown; delete(cancel: () => void): unknown };
}

/** Options of a call, for {@link deadline}. */
export interface DeadlineCallOptions {
  /**
   * How long this call may take with all its attempts, in milliseconds; `Infinity` for no limit. More than 24.8 days,
   * the most that a timer can take, count as that. Default: the client's.
   */
  timeoutMs?: number;
}

/** What {@link deadline} adds to the options that the middleware inside it see. */
export interface DeadlineContext {
  /** When the call is over, by the clock of `performance.now()`. Absent if there is no limit. */
  deadline?: number;
}

/**
 * The longest time that setTimeout can take, and grpc-js's server too, which overflows beyond it; in whole seconds, so that
 * rounding up for the wire does not exceed it.
 */
const maxTimeoutMs = 2_147_483_000;

/** Checks a time limit. Throws a RangeError unless it is a positive number or Infinity. */
export function checkTimeout(timeoutMs: number): number {
  if (timeoutMs > 0) return timeoutMs;
  throw new RangeError(`timeoutMs is ${timeoutMs}: it must be more than 0; Infinity means no limit`);
}

/** Pure: how long the call may take in milliseconds, or undefined for as long as it likes. */
export function callTimeout(
  method: MethodDescriptor,
  own: number | undefined,
  byDefault: number,
): number | undefined {
  const timeoutMs = own === undefined ? (method.responseStream ? Infinity : byDefault) : checkTimeout(own);
  return timeoutMs === Infinity ? undefined : Math.min(timeoutMs, maxTimeoutMs);
}

/**
 * Ends a call when its time is up (DEADLINE_EXCEEDED), when its caller's signal is aborted, or when the client is closed
 * (CANCELLED). One timer and one listener on that signal, both gone when the call is. Place it outside `retry`, so that
 * the limit is for all attempts together, and `deadlineHeader` innermost, which tells the server.
 *
 * Throws a RangeError at once if `timeoutMs` is not positive.
 */
export function deadline({ timeoutMs: byDefault = 30_000, running }: DeadlineOptions = {}): ClientMiddleware<
  DeadlineCallOptions,
  DeadlineContext
> {
  checkTimeout(byDefault);
  return async function* deadline<Request, Response>(
    call: ClientMiddlewareCall<Request, Response, DeadlineContext>,
    { timeoutMs: own, ...options }: CallOptions & DeadlineCallOptions,
  ) {
    const { path } = call.method;
    let timeoutMs: number | undefined;
    try {
      timeoutMs = callTimeout(call.method, own, byDefault);
    } catch (error) {
      throw new ClientError(path, Status.INVALID_ARGUMENT, (error as RangeError).message);
    }

    // Aborted with the very error that the call is to end with.
    const controller = new AbortController();
    const { signal: callers } = options;
    const abort = () => controller.abort(callers?.reason);
    const cancel = () => controller.abort(new ClientError(path, Status.CANCELLED, "the client is closed"));
    const expire = () => {
      controller.abort(new ClientError(path, Status.DEADLINE_EXCEEDED, `not done after ${timeoutMs} ms`));
    };
    const next: CallOptions & DeadlineContext = { ...options, signal: controller.signal };
    let timer: NodeJS.Timeout | undefined;
    if (timeoutMs !== undefined) {
      next.deadline = performance.now() + timeoutMs;
      timer = setTimeout(expire, timeoutMs);
    }
    const off = callers && onAbort(callers, abort);
    running?.add(cancel);
    try {
      controller.signal.throwIfAborted();
      return yield* call.next(call.request, next);
    } catch (error) {
      throw controller.signal.aborted ? controller.signal.reason : error;
    } finally {
      clearTimeout(timer);
      off?.();
      running?.delete(cancel);
    }
  };
}
