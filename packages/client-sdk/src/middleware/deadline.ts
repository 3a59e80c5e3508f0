import { checkOptions, rules, type ClientPhases, type RulesOf } from "@callwire/transport/seam";
import { type MethodDescriptor, Status } from "nice-grpc-common";
import { clientError } from "../internal/client-errors.js";

/** Options for {@link deadline}. */
export interface DeadlineOptions {
  /**
   * The time that a call that sends one message and answers with one may take, in milliseconds; `Infinity` for no limit. Calls
   * that stream have no limit unless they ask for one: a watch is meant to stay open, and an upload takes as long as it is
   * large. Default: 30,000, long enough for any healthy call and short enough that nobody waits for a dead one.
   */
  timeoutMs?: number;
}

/** The default of {@link DeadlineOptions.timeoutMs}. */
export const TIMEOUT_MS = 30_000;

const optionRules: RulesOf<DeadlineOptions> = { timeoutMs: rules.positiveMilliseconds };

/** Options of a call, for {@link deadline}. */
export interface DeadlineCallOptions {
  /**
   * The time that this call may take with all its attempts, in milliseconds; `Infinity` for no limit. More than 24.8 days,
   * the most that a timer can take, count as that. Default: the client's.
   */
  timeoutMs?: number;
  /** The time that a call that streams its requests may be without progress, for the runtime; it is checked here. */
  stallTimeoutMs?: number;
}

/**
 * The longest time that setTimeout can take, and grpc-js's server too, which overflows beyond it; in whole seconds, so that
 * rounding up for the wire does not exceed it.
 */
const MAX_TIMEOUT_MS = 2_147_483_000;

/** Checks a time limit. Throws a RangeError or a TypeError unless it is a positive number or Infinity. */
export function checkTimeout(timeoutMs: number, name = "timeoutMs"): number {
  if (isLimit(timeoutMs)) return timeoutMs;
  const allowed = "it must be a number of more than 0; Infinity means no limit";
  if (typeof timeoutMs === "number") throw new RangeError(`${name} is ${timeoutMs}: ${allowed}`);
  throw new TypeError(`${name} is of type ${typeof timeoutMs}: ${allowed}`);
}

/** JavaScript compares what is no number too, and throws at some. */
function isLimit(value: unknown): boolean {
  return typeof value === "number" && value > 0;
}

/** The error of a call with a time limit that is none; undefined if its limits are right. */
function wrongLimit(
  { path }: MethodDescriptor,
  { timeoutMs = Infinity, stallTimeoutMs = Infinity }: DeadlineCallOptions,
): Error | undefined {
  if (isLimit(timeoutMs) && isLimit(stallTimeoutMs)) return undefined;
  try {
    checkTimeout(timeoutMs);
    checkTimeout(stallTimeoutMs, "stallTimeoutMs");
  } catch (error) {
    return clientError(path, Status.INVALID_ARGUMENT, (error as Error).message, "local", error);
  }
  return undefined;
}

/** Pure: how long the call may take in milliseconds, `Infinity` for as long as it likes. */
export function callTimeout(method: MethodDescriptor, own: number | undefined, byDefault: number): number {
  const streams = method.requestStream || method.responseStream;
  const timeoutMs = own ?? (streams ? Infinity : byDefault);
  return timeoutMs === Infinity ? Infinity : Math.min(timeoutMs, MAX_TIMEOUT_MS);
}

/**
 * Limits the time of a call, all attempts together: it then fails with DEADLINE_EXCEEDED, and the server is told by
 * `grpc-timeout`. A call's own `deadline` replaces the default, and of it and `timeoutMs` the earlier one counts.
 *
 * Throws a RangeError at once if `timeoutMs` is not positive.
 */
export function deadline(options: DeadlineOptions = {}): ClientPhases<DeadlineCallOptions> {
  checkOptions("deadline", options, optionRules);
  const { timeoutMs: byDefault = TIMEOUT_MS } = options;
  return {
    began(call) {
      const { method, options } = call;
      const wrong = wrongLimit(method, options);
      if (wrong !== undefined) throw wrong;
      if (options.timeoutMs === undefined && call.deadlineMs !== Infinity) return;
      const timeoutMs = callTimeout(method, options.timeoutMs, byDefault);
      if (timeoutMs !== Infinity) {
        call.deadlineMs = Math.min(call.deadlineMs, performance.now() + timeoutMs);
      }
    },
    failed(error, origin, call) {
      // A runtime that checks the limits itself has said so in words of its own.
      return origin === "local" ? (wrongLimit(call.method, call.options) ?? error) : error;
    },
  };
}
