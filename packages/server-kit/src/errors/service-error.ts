import {
  BadRequest,
  ErrorInfo,
  PreconditionFailure,
  QuotaFailure,
  ResourceInfo,
  RetryInfo,
} from "@callwire/contracts/google/rpc";
import { ServerError, type Status } from "nice-grpc-common";

/** One field of a request that is wrong. */
export interface FieldViolation {
  /** Path of the field as the contract names it, like `user.email` or `rows[2].age`. */
  field: string;
  /** The mistake, for a person to read. */
  description: string;
}

/** One condition that the system's state does not meet. */
export interface PreconditionViolation {
  /** The kind of condition, UPPER_SNAKE_CASE. */
  type: string;
  /** The subject, like the name of a resource. */
  subject: string;
  /** The mistake, for a person to read. */
  description: string;
}

/** One quota that is used up. */
export interface QuotaViolation {
  /** Whose quota it is. */
  subject: string;
  /** Which quota it is, for a person to read. */
  description: string;
}

/** The google.rpc details that an error may carry beside its ErrorInfo, at most one of each (AIP-193). */
export interface ErrorDetails {
  /** BadRequest: the fields that are wrong. */
  fieldViolations?: readonly FieldViolation[];
  /** PreconditionFailure: the conditions that are not met. */
  preconditionViolations?: readonly PreconditionViolation[];
  /** QuotaFailure: the quotas that are used up. */
  quotaViolations?: readonly QuotaViolation[];
  /** ResourceInfo: the resource that the error is about. */
  resource?: { type: string; name: string };
  /** RetryInfo: how long to wait before a repeat, in milliseconds. */
  retryAfterMs?: number;
}

/** The parts of a {@link ServiceError}. */
export interface ServiceErrorOptions {
  code: Status;
  /** For a person to read; goes out as the status message. */
  message: string;
  /** For a program to read: UPPER_SNAKE_CASE, at most 63 characters; ErrorInfo's reason. */
  reason: string;
  /** ErrorInfo's metadata. */
  metadata?: Readonly<Record<string, string>>;
  details?: ErrorDetails;
  /** The cause: for the log, never sent. */
  cause?: unknown;
}

const brand = Symbol.for("callwire.ServiceError");

/** An error that a service makes on purpose, with google.rpc details (AIP-193). `instanceof` works across copies. */
export class ServiceError extends ServerError {
  readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly errorDetails: ErrorDetails;
  override readonly cause: unknown;
  readonly [brand] = true;

  constructor({ code, message, reason, metadata = {}, details = {}, cause }: ServiceErrorOptions) {
    super(code, message);
    this.name = "ServiceError";
    this.reason = reason;
    this.metadata = metadata;
    this.errorDetails = details;
    this.cause = cause;
  }

  /** The object that `JSON.stringify` writes: all that may be sent. The cause may be anything and is not in it. */
  toJSON(): Record<string, unknown> {
    const { name, message, code, reason, metadata, errorDetails } = this;
    return { name, message, code, reason, metadata, errorDetails };
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    // A subclass has instances of its own.
    if (this !== ServiceError) return Function.prototype[Symbol.hasInstance].call(this, value);
    return typeof value === "object" && value !== null && brand in value;
  }
}

/** The longest google.protobuf.Duration, in milliseconds. */
const MAX_DURATION_MS = 315_576_000_000_000;

/** The details as messages of google.rpc, ErrorInfo first. */
export function encodeDetails(
  { reason, metadata, errorDetails }: Pick<ServiceError, "reason" | "metadata" | "errorDetails">,
  domain: string,
): { typeUrl: string; value: Uint8Array }[] {
  const { fieldViolations, preconditionViolations, quotaViolations, resource, retryAfterMs } = errorDetails;
  const any = (name: string, value: { finish(): Uint8Array }) => ({
    typeUrl: `type.googleapis.com/google.rpc.${name}`,
    value: value.finish(),
  });
  const info = ErrorInfo.fromPartial({ reason, domain, metadata: new Map(Object.entries(metadata)) });
  const details = [any("ErrorInfo", ErrorInfo.encode(info))];
  if (fieldViolations) {
    details.push(
      any("BadRequest", BadRequest.encode(BadRequest.fromPartial({ fieldViolations: [...fieldViolations] }))),
    );
  }
  if (preconditionViolations) {
    const failure = PreconditionFailure.fromPartial({ violations: [...preconditionViolations] });
    details.push(any("PreconditionFailure", PreconditionFailure.encode(failure)));
  }
  if (quotaViolations) {
    const failure = QuotaFailure.fromPartial({ violations: [...quotaViolations] });
    details.push(any("QuotaFailure", QuotaFailure.encode(failure)));
  }
  if (resource) {
    const message = ResourceInfo.fromPartial({ resourceType: resource.type, resourceName: resource.name });
    details.push(any("ResourceInfo", ResourceInfo.encode(message)));
  }
  if (retryAfterMs !== undefined && Number.isFinite(retryAfterMs)) {
    const ms = Math.min(Math.max(0, Math.round(retryAfterMs)), MAX_DURATION_MS);
    const retryDelay = { seconds: BigInt(Math.trunc(ms / 1000)), nanos: (ms % 1000) * 1_000_000 };
    details.push(any("RetryInfo", RetryInfo.encode(RetryInfo.fromPartial({ retryDelay }))));
  }
  return details;
}
