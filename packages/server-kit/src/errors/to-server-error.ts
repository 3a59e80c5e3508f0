import { ServerError, Status } from "nice-grpc-common";
import { ServiceError } from "./service-error.js";

/** What goes out instead of an error that was not made on purpose. */
export const internalErrorMessage = "internal error";

/**
 * Turns whatever was thrown into what may be sent: an error made on purpose stays as it is; anything else, and an error
 * whose code is not one of an error, becomes INTERNAL with a fixed message and keeps what was thrown as its `cause`,
 * for the log.
 */
export function toServerError(thrown: unknown): ServerError {
  if (thrown instanceof ServerError && thrown.code !== Status.OK && Status[thrown.code] !== undefined)
    return thrown;
  return new ServiceError({
    code: Status.INTERNAL,
    message: internalErrorMessage,
    reason: "INTERNAL",
    cause: thrown,
  });
}
