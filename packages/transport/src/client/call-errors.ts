import { ClientError, Status } from "nice-grpc-common";
import type { FailureOrigin } from "./client-phases.js";

/** A call's error, and how the call came to fail. */
export function clientError(
  path: string,
  code: Status,
  details: string,
  origin: FailureOrigin,
  cause?: unknown,
): ClientError & { origin?: FailureOrigin } {
  const error: ClientError & { origin?: FailureOrigin } = new ClientError(path, code, details);
  error.origin = origin;
  if (cause !== undefined) error.cause = cause;
  return error;
}

/** The status that a call has ended with, by the error that ended it. */
export function codeOf(error: unknown): Status {
  if (error instanceof ClientError) return error.code;
  return error instanceof Error && error.name === "AbortError" ? Status.CANCELLED : Status.UNKNOWN;
}

/** The text of what was thrown, whatever it is. */
export function textOf(error: unknown): string {
  try {
    return error instanceof Error ? error.message : String(error);
  } catch {
    return "an error without a text";
  }
}

/** Reports what must not have been thrown: it must neither be lost nor touch a call. */
export function reportFault(error: unknown): void {
  try {
    process.emitWarning(error as Error);
  } catch {
    // No error, or one of another realm.
    process.emitWarning(textOf(error));
  }
}
