import { Status } from "nice-grpc-common";

/**
 * How much earlier than its deadline a call may end and still count as ended by it, in milliseconds: the client's
 * timer began before the server's, and neither keeps pace with the wall clock to the millisecond.
 */
const deadlineToleranceMs = 10;

/** Whether an error says that its call was cancelled, by the client, its deadline or the server's end. */
export function isCancellation(error: unknown, signal: AbortSignal): boolean {
  return signal.aborted && (error === signal.reason || (error as Error | undefined)?.name === "AbortError");
}

/** The code that a client sees of a call that was cut short: by its deadline, or else by a cancellation. */
export function cancellationCode(deadline: Date | undefined): Status.CANCELLED | Status.DEADLINE_EXCEEDED {
  return deadline && deadline.getTime() - deadlineToleranceMs <= Date.now()
    ? Status.DEADLINE_EXCEEDED
    : Status.CANCELLED;
}
