import type { Metadata } from "nice-grpc-common";
import type { Encoding } from "../grpc/compression.js";
import { toFields } from "../grpc/metadata.js";
import { parseTimeout, remainingTimeout } from "../grpc/timeout.js";
import type { CallOptions } from "./client-types.js";

/**
 * The header fields of a request that are its own, beside those of its method; undefined if there are none. The list is
 * the caller's.
 *
 * @param leftMs The time that is left, in milliseconds; `Infinity` for no limit.
 * @param timeoutMs The time that the call was given, of which `leftMs` is left. Default: `Infinity`, it is not known.
 * @throws {Error} If the metadata is none.
 */
export function requestFields(
  metadata: Metadata | undefined,
  leftMs: number,
  encoding: Encoding,
  timeoutMs = Infinity,
): string[] | undefined {
  const own = metadata === undefined ? undefined : toFields(metadata);
  let fields: string[] | undefined;
  if (own !== undefined) {
    // A copy that more is added to would be copied again.
    fields = [];
    for (const text of own) fields.push(text);
  }
  if (leftMs !== Infinity) (fields ??= []).push("grpc-timeout", remainingTimeout(leftMs, timeoutMs));
  if (encoding !== "identity") (fields ??= []).push("grpc-encoding", encoding);
  return fields;
}

/**
 * When a call is over, by the clock of `performance.now()`: by its deadline, its timeout, or the timeout in its metadata,
 * whichever is earliest. `Infinity` if there is none.
 *
 * @param metadata The call's, where it was given some.
 * @throws {RangeError} if one of the times in the options is none.
 */
export function deadlineOf(options: CallOptions, metadata: Metadata | undefined): number {
  const { deadline, timeoutMs = Infinity, stallTimeoutMs = Infinity } = options;
  checkLimit("timeoutMs", timeoutMs);
  checkLimit("stallTimeoutMs", stallTimeoutMs);
  const text = metadata?.get("grpc-timeout");
  const left = Math.min(
    timeoutMs,
    deadline === undefined ? Infinity : timeUntil(deadline),
    (text === undefined ? undefined : parseTimeout(text)) ?? Infinity,
  );
  return left === Infinity ? Infinity : performance.now() + left;
}

function checkLimit(name: string, ms: number): void {
  if (!(ms > 0)) throw new RangeError(`${name} is ${ms}: it must be more than 0; Infinity means no limit`);
}

function timeUntil(deadline: Date | number): number {
  const time = Number(deadline);
  if (Number.isNaN(time)) throw new RangeError("deadline is not a time");
  return time - Date.now();
}
