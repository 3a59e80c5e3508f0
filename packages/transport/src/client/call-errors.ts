import { ClientError, Status } from "nice-grpc-common";
import { withoutStack } from "../grpc/without-stack.js";
import type { FailureOrigin } from "./client-phases.js";

/**
 * A call's error, and how the call came to fail. Only one of this side has a stack: what comes from the wire or a timer has nothing of the
 * application's in it, and thousands of calls may end at once.
 */
export function clientError(
  path: string,
  code: Status,
  details: string,
  origin: FailureOrigin,
  cause?: unknown,
): ClientError & { origin?: FailureOrigin } {
  const make = (): ClientError & { origin?: FailureOrigin } => new ClientError(path, code, details);
  const error = origin === "local" ? make() : withoutStack(make);
  error.origin = origin;
  if (cause !== undefined) error.cause = cause;
  return error;
}

/** The status that a call has ended with, by the error that ended it. */
export function codeOf(error: unknown): Status {
  if (error instanceof ClientError) return error.code;
  return error instanceof Error && error.name === "AbortError" ? Status.CANCELLED : Status.UNKNOWN;
}

const NO_TEXT = "an error without a text";

/** The text of what was thrown, whatever it is; never empty. */
export function textOf(error: unknown): string {
  try {
    if (!(error instanceof Error)) {
      const text = String(error);
      return text === "" || error === undefined || error === null ? NO_TEXT : text;
    }
    if (error.message !== "") return error.message;
    // Node.js puts what went wrong with each address into one that says nothing itself.
    if (error instanceof AggregateError && error.errors.length > 0)
      return error.errors.map(textOf).join("; ");
    const { code } = error as { code?: unknown };
    return typeof code === "string" && code !== "" ? code : NO_TEXT;
  } catch {
    return NO_TEXT;
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
