import {
  aborted,
  alreadyExists,
  invalidArgument,
  notFound,
  outOfRange,
  resourceExhausted,
  type Middleware,
  type ServiceError,
} from "@callwire/server-kit";
import { isDomainError, type DomainError } from "../domain/errors.js";

const resource = "users.User";

/** The contract's status for an error of the domain. */
export function toServiceError(error: DomainError): ServiceError {
  const { message } = error;
  switch (error.kind) {
    case "user-not-found":
      return notFound({ resource, id: error.id, message, reason: "USER_NOT_FOUND" });
    case "email-taken":
      return alreadyExists({ resource, id: error.email, message, reason: "EMAIL_TAKEN" });
    case "invalid-fields":
      return invalidArgument({
        message,
        violations: error.violations.map(({ field, reason }) => ({ field, description: reason })),
      });
    case "etag-mismatch":
      return aborted({ resource, id: error.id, message, reason: "ETAG_MISMATCH" });
    case "position-too-old":
      return outOfRange({ message, reason: "RESUME_TOKEN_TOO_OLD" });
    case "watcher-too-slow":
      return resourceExhausted({ message, reason: "WATCHER_TOO_SLOW", retryAfterMs: 0 });
    case "participant-too-slow":
      return resourceExhausted({ message, reason: "PARTICIPANT_TOO_SLOW" });
    case "list-too-long":
      return resourceExhausted({ message, reason: "LIST_TOO_LONG" });
    case "disk-full":
      return resourceExhausted({ message, reason: "DISK_FULL", cause: error.cause });
    case "too-many-lists":
      return resourceExhausted({ message, reason: "TOO_MANY_LISTS", retryAfterMs: 1000 });
  }
}

/** Turns the domain's errors into those that go out. Place it innermost. */
export function domainErrors(): Middleware {
  return {
    name: "domainErrors",
    failed: (thrown) => (isDomainError(thrown) ? toServiceError(thrown) : thrown),
  };
}
