import { ServerError, Status } from "nice-grpc-common";
import { ignoreResult } from "../internal/promises.js";
import { ServiceError } from "./service-error.js";

/** The error that goes out instead of one that was not made on purpose. */
export const internalErrorMessage = "internal error";

/** The same error, if its message is a text; else one of its code without a message. */
export function withText(error: ServerError): ServerError {
  const details: unknown = error.details;
  if (typeof details === "string") return error;
  ignoreResult(details, () => {});
  return new ServerError(error.code, "");
}

/** Pure: true for the code of an error. A text is none, neither a name, as "NOT_FOUND", nor a number in one. */
export function isErrorCode(code: Status): boolean {
  return typeof code === "number" && code !== Status.OK && Status[code] !== undefined;
}

/**
 * Turns whatever was thrown into what may be sent: an error made on purpose stays as it is; anything else, and an error
 * whose code is not one of an error, becomes INTERNAL with a fixed message and keeps what was thrown as its `cause`,
 * for the log. It takes anything: undefined, objects without a prototype, errors whose parts throw when they are read.
 */
export function toServerError(thrown: unknown): ServerError {
  try {
    if (thrown instanceof ServerError && isErrorCode(thrown.code)) return withText(thrown);
  } catch {
    // It cannot even be looked at.
  }
  return new ServiceError({
    code: Status.INTERNAL,
    message: internalErrorMessage,
    reason: "INTERNAL",
    cause: thrown,
  });
}
