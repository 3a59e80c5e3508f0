import { ServerError, Status } from "nice-grpc-common";

/**
 * A call that ends so much before its deadline still counts as ended by it, in milliseconds: the client's
 * timer began before the server's, and neither keeps pace with the wall clock to the millisecond.
 */
const DEADLINE_TOLERANCE_MS = 10;

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

/** The code that a client sees of a call that was cut short: by its deadline, or else by a cancellation. */
export function cancellationCode(deadline: Date | undefined): Status.CANCELLED | Status.DEADLINE_EXCEEDED {
  return deadline && deadline.getTime() - DEADLINE_TOLERANCE_MS <= Date.now()
    ? Status.DEADLINE_EXCEEDED
    : Status.CANCELLED;
}
