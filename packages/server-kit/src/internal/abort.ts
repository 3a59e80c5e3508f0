import { isDeadlineOver } from "@callwire/transport/server";
import { ServerError, Status } from "nice-grpc-common";

/** True if an error says that its call was cancelled, by the client, its deadline or the server's end. */
export function isCancellation(error: unknown, call: { readonly signal: AbortSignal }): boolean {
  // Most errors are made on purpose. They need no signal.
  if (error instanceof ServerError) return false;
  const { signal } = call;
  return signal.aborted && (error === signal.reason || isAbortError(error));
}

function isAbortError(error: unknown): boolean {
  try {
    return (error as Error | null | undefined)?.name === "AbortError";
  } catch {
    // Its name is a getter that throws.
    return false;
  }
}

/**
 * A deadline of the wall clock by the clock of `performance.now()`, which nobody sets: to be asked when the call arrives.
 *
 * @param deadline Undefined and `Infinity` are none.
 */
export function monotonicMs(deadline: Date | number | undefined): number {
  if (deadline === undefined || deadline === Infinity) return Infinity;
  return performance.now() + Number(deadline) - Date.now();
}

/**
 * The code that a client sees of a call that was cut short: by its deadline, or else by a cancellation.
 *
 * @param deadlineMs By the clock of `performance.now()`; `Infinity` for none.
 */
export function cancellationCode(deadlineMs: number): Status.CANCELLED | Status.DEADLINE_EXCEEDED {
  return isDeadlineOver(deadlineMs) ? Status.DEADLINE_EXCEEDED : Status.CANCELLED;
}
