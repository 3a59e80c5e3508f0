import type {
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
import { jsonValue } from "../internal/json-value.js";
import type { Metadata } from "nice-grpc-common";
import { decoded, details as shapes, status } from "./detail-shapes.js";

/**
 * A server's details of an error besides its code and text: the details of a google.rpc.Status (AIP-193), each in
 * the field of its type. Of two details of one type the last one counts.
 */
export interface ErrorDetails {
  /** The reason for a program to read: it is stable within its domain. */
  errorInfo?: ErrorInfo;
  /** The fields of the request that are wrong, each with the mistake. */
  badRequest?: BadRequest;
  /** The resource that the error is about. */
  resourceInfo?: ResourceInfo;
  /** The time to wait before trying again. */
  retryInfo?: RetryInfo;
  /** The conditions that must be met first. */
  preconditionFailure?: PreconditionFailure;
  /** The quota that was exceeded. */
  quotaFailure?: QuotaFailure;
  /** Links to read on. */
  help?: Help;
  /** A text that may be shown to the person at the screen. */
  localizedMessage?: LocalizedMessage;
  /** The place in the server where it happened. */
  debugInfo?: DebugInfo;
  /** The server's name for this request in its logs. */
  requestInfo?: RequestInfo;
  /** Details of other types, and details that could not be decoded. */
  unknown: RpcStatus["details"];
}

/** The name of a type of google/rpc/error_details.proto within {@link ErrorDetails}; empty for another type. */
function fieldOf(typeUrl: string): string {
  const [, first = "", rest = ""] = /(?:^|\/)google\.rpc\.([A-Z])(\w+)$/.exec(typeUrl) ?? [];
  return first.toLowerCase() + rest;
}

/** Decodes the trailer `grpc-status-details-bin`. What is malformed is left out: it must not hide the error itself. */
export function decodeErrorDetails(trailers: Metadata): ErrorDetails {
  const details: ErrorDetails = { unknown: [] };
  // JSON itself takes neither the integers of a RetryInfo nor the map of an ErrorInfo. Not enumerable: it is no detail.
  Object.defineProperty(details, "toJSON", { value: () => jsonValue(details) });
  const bytes = trailers.get("grpc-status-details-bin");
  if (!bytes) return details;
  let packed: RpcStatus["details"];
  try {
    packed = decoded(status, bytes)["details"] as RpcStatus["details"];
  } catch {
    return details;
  }
  for (const any of packed) {
    const field = fieldOf(any.typeUrl);
    try {
      if (Object.hasOwn(shapes, field))
        Object.assign(details, { [field]: decoded(shapes[field]!, any.value) });
      else details.unknown.push(any);
    } catch {
      details.unknown.push(any);
    }
  }
  return details;
}
