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
import { createRegistry, type JsonRegistry } from "@callwire/protobuf";
import { ServiceError } from "@callwire/server-kit";
import { encodeStatus } from "@callwire/server-kit/direct";
import { Status, type Metadata, type ServerError } from "nice-grpc-common";

/** The trailer of gRPC that has a serialized google.rpc.Status. */
export const STATUS_DETAILS = "grpc-status-details-bin";

const ownTypes = createRegistry(
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
);

/** A google.protobuf.Any. */
export type Detail = RpcStatus["details"][number];

/** A google.rpc.Status, ready to be written as JSON. */
export interface JsonStatus {
  /** The name of the code. */
  readonly status: string;
  readonly message: string;
  /** In JSON, each with its `@type`. */
  readonly details: readonly unknown[];
  /** How long to wait before a repeat, in whole seconds, if a detail says so. */
  readonly retryAfterSeconds: number | undefined;
}

/**
 * An error as JSON. Its details are those of its trailers, as gRPC has them; else its own.
 *
 * @param domain ErrorInfo's domain, for an error that comes without details.
 * @param registry More types of details. One of no known type has its bytes in base64.
 */
export function statusToJson(
  error: ServerError,
  trailer: Metadata | undefined,
  domain: string,
  registry: JsonRegistry | undefined,
): JsonStatus {
  const details = detailsOf(statusBytesOf(error, trailer, domain));
  const types: JsonRegistry = {
    ...ownTypes,
    message: (name) => ownTypes.message(name) ?? registry?.message(name),
  };
  return {
    status: Status[error.code] ?? "UNKNOWN",
    message: error.details,
    details: details.map((detail) => detailToJson(detail, types)),
    retryAfterSeconds: retryAfterSeconds(details),
  };
}

/** The reasons of a status: those of its ErrorInfo. */
export function reasonsOf({ details }: JsonStatus): string[] {
  return (details as readonly { "@type": string; reason?: string }[])
    .filter((detail) => detail["@type"].endsWith("/google.rpc.ErrorInfo"))
    .map(({ reason = "" }) => reason);
}

/** The google.rpc.Status of an error: that of its trailers, as gRPC has it; else its own. Empty if there are no details. */
export function statusBytesOf(error: ServerError, trailer: Metadata | undefined, domain: string): Uint8Array {
  return trailer?.get(STATUS_DETAILS) ?? ownDetails(error, domain);
}

/** The details of a google.rpc.Status; none, if a foreign server sends what is no such message. */
export function detailsOf(bytes: Uint8Array): readonly Detail[] {
  try {
    return RpcStatus.decode(bytes).details;
  } catch {
    return [];
  }
}

function retryAfterSeconds(details: readonly Detail[]): number | undefined {
  const found = details.find(({ typeUrl }) => typeUrl.endsWith("/google.rpc.RetryInfo"));
  try {
    const { retryDelay } = RetryInfo.decode(found?.value ?? new Uint8Array(0));
    const seconds = retryDelay && Math.ceil(Number(retryDelay.seconds) + retryDelay.nanos / 1e9);
    return seconds !== undefined && seconds >= 0 ? seconds : undefined;
  } catch {
    return undefined;
  }
}

function ownDetails(error: ServerError, domain: string): Uint8Array {
  return error instanceof ServiceError ? encodeStatus(error, domain) : new Uint8Array(0);
}

function detailToJson(detail: Detail, registry: JsonRegistry): unknown {
  try {
    const json = RpcStatus.toJSON({ code: 0, message: "", details: [detail] }, { registry });
    return (json as { details: unknown[] }).details[0];
  } catch {
    return { "@type": detail.typeUrl, value: Buffer.from(detail.value).toString("base64") };
  }
}
