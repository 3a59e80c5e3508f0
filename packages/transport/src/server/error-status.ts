import { ServerError, Status } from "nice-grpc-common";

/** The status that goes out for an error. */
export interface ErrorStatus {
  readonly code: Status;
  readonly message: string;
}

const CANCELLED: ErrorStatus = { code: Status.CANCELLED, message: "The operation was cancelled" };
const UNEXPECTED: ErrorStatus = { code: Status.UNKNOWN, message: "Unknown server error occurred" };

/** The status of what a handler threw, by nice-grpc's rules; undefined for what it should not throw. It may be anything. */
function statusOfError(thrown: unknown): ErrorStatus | undefined {
  try {
    if (thrown instanceof ServerError) return statusOfServerError(thrown);
    return isAbortError(thrown) ? CANCELLED : undefined;
  } catch {
    // A getter that throws.
    return undefined;
  }
}

/** True if an error says that its call was given up. */
export function isAbortError(thrown: unknown): boolean {
  try {
    return (thrown as Error | null | undefined)?.name === "AbortError";
  } catch {
    return false;
  }
}

/** How many causes of an error are looked at, so that a ring of them comes to an end. */
const MAX_CAUSES = 8;

/**
 * The AbortError that a thrown value is or was caused by; undefined for another. A call that a handler makes says so that the
 * requests which it was to pass on could not be read, since its own caller has gone.
 */
export function abortWithin(thrown: unknown): unknown {
  let error = thrown;
  try {
    for (let depth = 0; depth <= MAX_CAUSES; depth++) {
      if (isAbortError(error)) return error;
      error = (error as Error | null | undefined)?.cause;
      if (error === undefined || error === null) return undefined;
    }
  } catch {
    // A getter that throws.
  }
  return undefined;
}

/**
 * The error that was made on purpose while a call of the handler's read the requests that it was given, by the handler or by what
 * reads its own call's requests: such a call says CANCELLED, and has it as its cause. Of anything else, what was thrown.
 */
export function ownErrorOf(thrown: unknown): unknown {
  try {
    if (thrown instanceof ServerError) return thrown;
    const { code, cause } = thrown as { code?: unknown; cause?: unknown };
    return code === Status.CANCELLED && cause instanceof ServerError ? cause : thrown;
  } catch {
    // It has no properties, or a getter that throws.
    return thrown;
  }
}

/**
 * A call that ends so much before its deadline still counts as ended by it, in milliseconds: the client's timer began before
 * the server's, and a call that the handler makes with the same deadline may be the first to say so.
 */
const DEADLINE_TOLERANCE_MS = 10;

/** True if a call's deadline has passed, or is about to. @param deadlineMs By the clock of `performance.now()`. */
export function isDeadlineOver(deadlineMs: number): boolean {
  return deadlineMs - DEADLINE_TOLERANCE_MS <= performance.now();
}

/**
 * True if what a handler threw is the end of the call's own deadline, as found by a call that the handler made with it. An
 * error that the handler made itself is none.
 *
 * @param deadlineMs The call's, by the clock of `performance.now()`; `Infinity` for none.
 */
export function isOwnDeadline(thrown: unknown, deadlineMs: number): boolean {
  if (deadlineMs === Infinity || !isDeadlineOver(deadlineMs)) return false;
  try {
    return (
      !(thrown instanceof ServerError) &&
      (thrown as { code?: unknown } | null | undefined)?.code === Status.DEADLINE_EXCEEDED
    );
  } catch {
    return false;
  }
}

/** The status of what a handler threw. Warns of what it should not throw: that must not pass in silence. */
export function statusOrWarning(thrown: unknown, path: string): ErrorStatus {
  const status = statusOfError(thrown);
  if (status !== undefined) return status;
  process.emitWarning(
    `${path}: Uncaught error in server implementation method. Server methods should only throw ServerError or AbortError. ${textOf(thrown)}`,
  );
  return UNEXPECTED;
}

/** Warns of a phase that has thrown where it must not. */
export function warnOfPhase(phase: string, path: string, thrown: unknown): void {
  process.emitWarning(`${path}: the phase '${phase}' must not throw. ${textOf(thrown)}`);
}

/** Warns of a listener of a call's signal that has thrown. */
export function warnOfListener(path: string, thrown: unknown): void {
  process.emitWarning(`${path}: a listener of the call's signal has thrown. ${textOf(thrown)}`);
}

function statusOfServerError({ code, details }: ServerError): ErrorStatus {
  const given: unknown = details;
  // Its rejection is no concern of the process.
  if (given instanceof Promise) given.catch(() => {});
  const message = typeof details === "string" ? details : textOf(details ?? "");
  // An error is not OK: a client would wait for a message that never comes.
  const isError = Number.isInteger(code) && code !== Status.OK && code in Status;
  return { code: isError ? code : Status.UNKNOWN, message };
}

/** Describes anything that can be thrown. */
function textOf(thrown: unknown): string {
  try {
    if (thrown instanceof Error) return thrown.stack ?? thrown.message;
    return String(thrown);
  } catch {
    return "It threw an object without a text.";
  }
}
