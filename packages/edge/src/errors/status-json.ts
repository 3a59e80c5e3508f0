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

const STATUS_DETAILS = "grpc-status-details-bin";

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
  const { details } = RpcStatus.decode(trailer?.get(STATUS_DETAILS) ?? ownDetails(error, domain));
  const types: JsonRegistry = {
    ...ownTypes,
    message: (name) => ownTypes.message(name) ?? registry?.message(name),
  };
  const retryInfo = details.find(({ typeUrl }) => typeUrl.endsWith("/google.rpc.RetryInfo"));
  const delay = retryInfo && RetryInfo.decode(retryInfo.value).retryDelay;
  return {
    status: Status[error.code] ?? "UNKNOWN",
    message: error.details,
    details: details.map((detail) => detailToJson(detail, types)),
    retryAfterSeconds: delay && Math.ceil(Number(delay.seconds) + delay.nanos / 1e9),
  };
}

function ownDetails(error: ServerError, domain: string): Uint8Array {
  return error instanceof ServiceError ? encodeStatus(error, domain) : new Uint8Array(0);
}

function detailToJson(detail: { typeUrl: string; value: Uint8Array }, registry: JsonRegistry): unknown {
  try {
    const json = RpcStatus.toJSON({ code: 0, message: "", details: [detail] }, { registry });
    return (json as { details: unknown[] }).details[0];
  } catch {
    return { "@type": detail.typeUrl, value: Buffer.from(detail.value).toString("base64") };
  }
}
