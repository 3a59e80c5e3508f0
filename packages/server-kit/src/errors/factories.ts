import { Status } from "nice-grpc-common";
import { checkErrorOptions, errorRules } from "./check-error-options.js";
import {
  ServiceError,
  type ErrorDetails,
  type FieldViolation,
  type PreconditionViolation,
  type QuotaViolation,
} from "./service-error.js";

/** Options of all factories. */
export interface ErrorOptions {
  /** For a person to read; goes out as the status message. Each factory has a default. */
  message?: string;
  /** For a program to read: UPPER_SNAKE_CASE, at most 63 characters. Each factory has a default. */
  reason?: string;
  /** ErrorInfo's metadata. */
  metadata?: Readonly<Record<string, string>>;
  /** The cause: for the log, never sent. */
  cause?: unknown;
}

/** The resource that an error is about. */
export interface ResourceOptions extends ErrorOptions {
  /** The resource's type, like `users.User`. */
  resource: string;
  /** Its id or name. */
  id: string;
}

function make(
  code: Status,
  message: string,
  reason: string,
  options: ErrorOptions,
  details: ErrorDetails = {},
): ServiceError {
  return new ServiceError({
    code,
    message: options.message ?? message,
    reason: options.reason ?? reason,
    details,
    ...(options.metadata && { metadata: options.metadata }),
    cause: options.cause,
  });
}

/** INVALID_ARGUMENT, with a BadRequest that names every wrong field. */
export function invalidArgument(
  options: ErrorOptions & { violations: readonly FieldViolation[] },
): ServiceError {
  checkErrorOptions("invalidArgument", options, errorRules.fields);
  const { violations } = options;
  const message = violations.map(({ field, description }) => `${field}: ${description}`).join("; ");
  return make(Status.INVALID_ARGUMENT, message, "INVALID_FIELDS", options, { fieldViolations: violations });
}

/** NOT_FOUND, with a ResourceInfo. */
export function notFound(options: ResourceOptions): ServiceError {
  checkErrorOptions("notFound", options, errorRules.resource);
  const { resource, id } = options;
  return make(Status.NOT_FOUND, `${resource} '${id}' does not exist`, "RESOURCE_NOT_FOUND", options, {
    resource: { type: resource, name: id },
  });
}

/** ALREADY_EXISTS, with a ResourceInfo. */
export function alreadyExists(options: ResourceOptions): ServiceError {
  checkErrorOptions("alreadyExists", options, errorRules.resource);
  const { resource, id } = options;
  return make(
    Status.ALREADY_EXISTS,
    `${resource} '${id}' exists already`,
    "RESOURCE_ALREADY_EXISTS",
    options,
    {
      resource: { type: resource, name: id },
    },
  );
}

/** FAILED_PRECONDITION, with a PreconditionFailure: the system must change before a repeat can help. */
export function failedPrecondition(
  options: ErrorOptions & { violations: readonly PreconditionViolation[] },
): ServiceError {
  checkErrorOptions("failedPrecondition", options, errorRules.preconditions);
  const message = options.violations.map((violation) => violation.description).join("; ");
  return make(Status.FAILED_PRECONDITION, message, "PRECONDITION_FAILED", options, {
    preconditionViolations: options.violations,
  });
}

/** ABORTED: somebody else was faster; the caller reads again and repeats. With a ResourceInfo. */
export function aborted(options: ResourceOptions): ServiceError {
  checkErrorOptions("aborted", options, errorRules.resource);
  const { resource, id } = options;
  return make(Status.ABORTED, `${resource} '${id}' has changed meanwhile`, "CONCURRENT_CHANGE", options, {
    resource: { type: resource, name: id },
  });
}

/** OUT_OF_RANGE: past the end, or before the beginning, of what there is. */
export function outOfRange(options: ErrorOptions & { message: string }): ServiceError {
  checkErrorOptions("outOfRange", options, errorRules.withMessage);
  return make(Status.OUT_OF_RANGE, options.message, "OUT_OF_RANGE", options);
}

/** RESOURCE_EXHAUSTED, with a QuotaFailure where quotas are named and a RetryInfo where waiting helps. */
export function resourceExhausted(
  options: ErrorOptions & { message: string; violations?: readonly QuotaViolation[]; retryAfterMs?: number },
): ServiceError {
  checkErrorOptions("resourceExhausted", options, errorRules.quotas);
  const { violations, retryAfterMs } = options;
  return make(Status.RESOURCE_EXHAUSTED, options.message, "RESOURCE_EXHAUSTED", options, {
    ...(violations && { quotaViolations: violations }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}

/** UNAVAILABLE: a repeat, after `retryAfterMs` if given, is likely to succeed. */
export function unavailable(options: ErrorOptions & { retryAfterMs?: number } = {}): ServiceError {
  checkErrorOptions("unavailable", options, errorRules.retryable);
  const { retryAfterMs } = options;
  return make(Status.UNAVAILABLE, "the service is not available now", "SERVICE_UNAVAILABLE", options, {
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}

/** UNAUTHENTICATED: the caller did not say, or could not prove, who it is. */
export function unauthenticated(options: ErrorOptions = {}): ServiceError {
  checkErrorOptions("unauthenticated", options, errorRules.plain);
  return make(Status.UNAUTHENTICATED, "valid credentials are required", "CREDENTIALS_INVALID", options);
}

/** PERMISSION_DENIED: the caller is known and may not do this. */
export function permissionDenied(options: ErrorOptions = {}): ServiceError {
  checkErrorOptions("permissionDenied", options, errorRules.plain);
  return make(Status.PERMISSION_DENIED, "the caller may not do this", "PERMISSION_DENIED", options);
}

/** UNIMPLEMENTED: the service does not do this. */
export function unimplemented(options: ErrorOptions = {}): ServiceError {
  checkErrorOptions("unimplemented", options, errorRules.plain);
  return make(Status.UNIMPLEMENTED, "not implemented", "UNIMPLEMENTED", options);
}
