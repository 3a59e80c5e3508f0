import { ClientError, Status } from "nice-grpc-common";
import type { FailureOrigin } from "@callwire/transport/seam";
import type { ContractMismatch } from "../contract-mismatch.js";
import { errorText } from "./error-text.js";

/** An error of nice-grpc's, with what the runtimes note on it. */
export type OriginError = ClientError & {
  origin?: FailureOrigin;
  /** The contracts that do not fit, if the call was refused for that. */
  contractMismatch?: ContractMismatch;
};

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

/**
 * Mends an error whose status nobody can read: grpc-js passes on a `grpc-status` that is no code as NaN, or as the number that it
 * is. It becomes UNKNOWN, with the server's text.
 */
export function withReadableCode(path: string, thrown: unknown): unknown {
  if (!isClientError(thrown) || thrown.code in Status) return thrown;
  const details = typeof thrown.details === "string" && thrown.details !== "" ? thrown.details : undefined;
  const mended = clientError(path, Status.UNKNOWN, details ?? "the status cannot be read", "status", thrown);
  return Object.defineProperties(mended, extraProperties(thrown));
}

/** The properties that others have put on an error, such as nice-grpc's extensions its details. */
function extraProperties(error: ClientError): PropertyDescriptorMap {
  const known = new Set(["name", "message", "stack", "path", "code", "details", "cause", "origin"]);
  return Object.fromEntries(
    Object.entries(Object.getOwnPropertyDescriptors(error)).filter(([name]) => !known.has(name)),
  );
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

/** The beginning of what both runtimes say of a connection that could not be made. */
const NO_CONNECTION = "No connection established";

/** An error with advice behind its text, if it is of a connection that could not be made, and there is advice about the text. */
export function withAdvice(error: unknown, adviceOf: (details: string) => string): unknown {
  if (!isClientError(error) || !error.details.startsWith(NO_CONNECTION)) return error;
  const { path, code, details, cause } = error;
  const advice = adviceOf(details);
  if (advice === "") return error;
  // grpc-js ends with a note, which may be empty, and OpenSSL with the end of a line.
  const text = details.replace(/[\s.]*(?:Resolution note:\s*)?$/, "");
  return clientError(path, code, `${text} (${advice})`, "connection", cause);
}
