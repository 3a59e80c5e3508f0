import type { FailureOrigin } from "@callwire/transport/seam";
import { Metadata, Status } from "nice-grpc-common";
import type { ContractMismatch } from "../contract-mismatch.js";
import { isClientError, type OriginError } from "../internal/client-errors.js";
import { jsonValue } from "../internal/json-value.js";
import { errorText } from "../internal/error-text.js";
import { decodeErrorDetails, type ErrorDetails } from "./error-details.js";

const brand = Symbol.for("@callwire/client-sdk/CallError");

/** The call that an error is about. */
export interface CallErrorContext {
  /** The method, as `package.Service/Method`. */
  method: string;
  /** The `x-request-id` that the call was sent with. */
  requestId?: string | undefined;
  /** The trailers of the answer. Default: none. */
  metadata?: Metadata | undefined;
  /** The way in which the call failed. Default: what the error says of itself, if it does. */
  origin?: FailureOrigin | undefined;
}

/** The parts of a {@link CallError}. */
export interface CallErrorInit extends CallErrorContext {
  code: Status;
  /** The text of the status. */
  description: string;
  /** The cause, if it began on this side. */
  cause?: unknown;
  /** The contracts that do not fit, if the call was refused for that. */
  contractMismatch?: ContractMismatch | undefined;
}

/**
 * A call that failed. `code` says how; the text is for people.
 *
 * `instanceof CallError` holds across copies of this package, so that two versions of it can live in one program.
 */
export class CallError extends Error {
  override readonly name = "CallError";
  /** The status code that the server sent, or that this side gave up with. */
  declare readonly code: Status;
  /** The text of the status as it was sent. */
  declare readonly description: string;
  /** The method that was called, as `package.Service/Method`. */
  declare readonly method: string;
  /** The `x-request-id` that the call was sent with: the way to find it in the server's log. */
  declare readonly requestId: string | undefined;
  /**
   * Where the failure began: "status" if the server sent it, "reset" if the call was cut off without one, "connection"
   * if the connection was lost or there was none, "deadline" if the time was up, and "local" if this side ended the call.
   * Undefined for an error that was not made by a call.
   */
  declare readonly origin: FailureOrigin | undefined;
  /** The server's details beyond the text (AIP-193). */
  declare readonly details: ErrorDetails;
  /** The trailers of the answer; empty if there was none. Not enumerable: printed, it is a list of functions. */
  declare readonly metadata: Metadata;
  /** The contracts that do not fit, if the client refuses servers of another one ({@link ClientOptions.contractMismatch}). */
  declare readonly contractMismatch?: ContractMismatch;

  constructor(init: CallErrorInit) {
    const { code, description, method, requestId, metadata = Metadata(), origin, cause } = init;
    super(`${method} ${Status[code] ?? code}: ${description}`, cause === undefined ? undefined : { cause });
    Object.assign(this, { code, description, method, requestId, origin });
    // Only where it says something: errors are printed with all their properties.
    if (init.contractMismatch !== undefined) this.contractMismatch = init.contractMismatch;
    this.details = decodeErrorDetails(metadata);
    Object.defineProperties(this, { metadata: { value: metadata }, [brand]: { value: true } });
  }

  /**
   * Turns whatever a call threw into a CallError. A CallError is returned as it is; a ClientError of nice-grpc keeps its
   * code and text; anything else is UNKNOWN, with the error as `cause`. It never throws.
   */
  static from(error: unknown, context: CallErrorContext): CallError {
    if (error instanceof CallError) return error;
    if (isClientError(error)) {
      const { code, details: description, name, origin, contractMismatch } = error as OriginError;
      // An error that a middleware has extended is kept whole.
      const cause = error.cause ?? (name === "ClientError" ? undefined : error);
      return new CallError({ origin, ...context, code, description, cause, contractMismatch });
    }
    return new CallError({ ...context, code: Status.UNKNOWN, description: errorText(error), cause: error });
  }

  /** The object that `JSON.stringify` writes: its own fields, but for the cause and the trailers, which may be anything. */
  toJSON(): Record<string, unknown> {
    const { name, message, code, description, method, requestId, origin, contractMismatch, details } = this;
    return {
      name,
      message,
      code,
      description,
      method,
      requestId,
      origin,
      contractMismatch,
      details: jsonValue(details),
    };
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this !== CallError) return super[Symbol.hasInstance](value);
    try {
      return typeof value === "object" && value !== null && brand in value;
    } catch {
      // A proxy that throws.
      return false;
    }
  }
}
