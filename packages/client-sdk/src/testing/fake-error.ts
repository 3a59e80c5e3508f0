import {
  BadRequest,
  DebugInfo,
  ErrorInfo,
  Help,
  LocalizedMessage,
  PreconditionFailure,
  QuotaFailure,
  RequestInfo,
  ResourceInfo,
  RetryInfo,
  Status as RpcStatus,
} from "@callwire/contracts/google/rpc";
import { ServerError, Status, type Metadata } from "nice-grpc-common";
import type { ErrorDetails } from "../errors/error-details.js";

const types = {
  errorInfo: ErrorInfo,
  badRequest: BadRequest,
  resourceInfo: ResourceInfo,
  retryInfo: RetryInfo,
  preconditionFailure: PreconditionFailure,
  quotaFailure: QuotaFailure,
  help: Help,
  localizedMessage: LocalizedMessage,
  debugInfo: DebugInfo,
  requestInfo: RequestInfo,
};

/** A message of which any part may be left out. */
type Part<T> = T extends readonly (infer Item)[]
  ? readonly Part<Item>[]
  : T extends Date | Uint8Array | ReadonlyMap<unknown, unknown>
    ? T
    : T extends object
      ? { [Name in keyof T]?: Part<T[Name]> | undefined }
      : T;

/** The details of an error as a client finds them in `CallError.details`; fields that are left out are empty. */
export type FakeDetails = Part<Omit<ErrorDetails, "unknown">>;

/** Options for {@link fakeError}. */
export interface FakeErrorOptions {
  /** The status that the client sees. */
  code: Status;
  /** The text of the status. Default: the name of the code. */
  message?: string;
  /** The google.rpc details. Default: none. */
  details?: FakeDetails;
}

const detailsOf = new WeakMap<ServerError, FakeDetails>();

/** An error for a fake's handler to throw: a status with google.rpc details, as a server built with the kit sends it. */
export function fakeError({ code, message = Status[code], details }: FakeErrorOptions): Error {
  const error = new ServerError(code, message);
  if (details !== undefined) detailsOf.set(error, details);
  return error;
}

/** Puts an error's details into the trailers. What is no {@link fakeError} becomes UNKNOWN, with its text, so that a test shows it. */
export function sendableError(thrown: unknown, trailer: Metadata): unknown {
  if (!(thrown instanceof ServerError)) {
    const isAbort = thrown instanceof Error && thrown.name === "AbortError";
    return isAbort
      ? thrown
      : new ServerError(Status.UNKNOWN, `a handler of the fake has thrown: ${String(thrown)}`);
  }
  const details = detailsOf.get(thrown);
  if (details !== undefined) trailer.set("grpc-status-details-bin", encode(thrown, details));
  return thrown;
}

function encode({ code, details: message }: ServerError, details: FakeDetails): Uint8Array {
  const packed = Object.entries(types).flatMap(([name, type]) => {
    const detail = details[name as keyof FakeDetails];
    if (detail === undefined) return [];
    const { encode, fromPartial } = type as {
      encode(m: unknown): { finish(): Uint8Array };
      fromPartial(m: unknown): unknown;
    };
    const typeName = `${name[0]!.toUpperCase()}${name.slice(1)}`;
    return [
      { typeUrl: `type.googleapis.com/google.rpc.${typeName}`, value: encode(fromPartial(detail)).finish() },
    ];
  });
  return RpcStatus.encode({ code, message, details: packed }).finish();
}
