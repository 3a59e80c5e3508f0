import { ClientError, Status } from "nice-grpc-common";
import type { FailureOrigin } from "@callwire/transport";
import { errorText } from "./error-text.js";

/** An error of nice-grpc's, with what the runtimes note on it. */
export type OriginError = ClientError & { origin?: FailureOrigin };

/** Makes an error that says how the call came to fail. */
export function clientError(
  path: string,
  code: Status,
  details: string,
  origin: FailureOrigin,
  cause?: unknown,
): OriginError {
  const error: OriginError = new ClientError(path, code, details);
  error.origin = origin;
  if (cause !== undefined) error.cause = cause;
  return error;
}

/** True if a thrown value is nice-grpc's error, of any copy of it. Never throws. */
export function isClientError(thrown: unknown): thrown is ClientError {
  try {
    return thrown instanceof ClientError;
  } catch {
    return false;
  }
}

/** The status of a thrown value: CANCELLED for an AbortError, UNKNOWN for what has none. Never throws. */
export function codeOf(thrown: unknown): Status {
  if (isClientError(thrown)) return thrown.code;
  try {
    const { code, name } = thrown as { code?: unknown; name?: unknown };
    if (name === "CallError" && typeof code === "number") return code;
    return name === "AbortError" ? Status.CANCELLED : Status.UNKNOWN;
  } catch {
    return Status.UNKNOWN;
  }
}

/** The error of a call that stopped because its own requests could not be read. */
export function requestsFailed(path: string, cause: unknown): OriginError {
  return clientError(
    path,
    Status.CANCELLED,
    `the requests could not be read: ${errorText(cause)}`,
    "local",
    cause,
  );
}
