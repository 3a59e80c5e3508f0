import { Status as RpcStatus } from "@callwire/contracts/google/rpc";
import { Status, type Metadata, type ServerError } from "nice-grpc-common";
import { encodeDetails, ServiceError, type FieldViolation } from "./service-error.js";

/** The trailer that carries a serialized google.rpc.Status. */
export const statusDetailsKey = "grpc-status-details-bin";

/**
 * The most bytes of google.rpc.Status put into trailers. Clients bound their header lists, many to 8 KiB, and base64
 * adds a third: a larger status would make the client lose the whole error.
 */
export const MAX_STATUS_DETAILS_BYTES = 4 * 1024;

/** The most bytes of a status message, percent-encoded as it goes out. The rest is cut off. */
export const MAX_STATUS_MESSAGE_BYTES = 1024;

/**
 * A status message that can be sent: well-formed Unicode, since there is no encoding a lone surrogate, and at most
 * {@link MAX_STATUS_MESSAGE_BYTES} long.
 */
export function sendableMessage(message: string): string {
  const wellFormed = Buffer.from(message).toString();
  if (encodeURI(wellFormed).length <= MAX_STATUS_MESSAGE_BYTES) return wellFormed;
  const ellipsis = "…";
  let size = encodeURI(ellipsis).length;
  let kept = "";
  for (const character of wellFormed) {
    size += encodeURI(character).length;
    if (size > MAX_STATUS_MESSAGE_BYTES) break;
    kept += character;
  }
  return kept + ellipsis;
}

/**
 * The google.rpc.Status of an error, within {@link MAX_STATUS_DETAILS_BYTES}. One too large keeps its ErrorInfo, without
 * the metadata if need be, as many field violations as fit, and of the other details those that fit.
 */
export function encodeStatus(error: ServerError, domain: string): Uint8Array {
  const message = sendableMessage(error.details);
  const { reason, metadata, errorDetails } =
    error instanceof ServiceError
      ? error
      : { reason: Status[error.code] ?? "UNKNOWN", metadata: {}, errorDetails: {} };
  const room = MAX_STATUS_DETAILS_BYTES - Buffer.byteLength(message) - overhead;
  const sizeOf = (detail: { typeUrl: string; value: Uint8Array }) =>
    detail.typeUrl.length + detail.value.length + overhead;

  let [info] = encodeDetails({ reason, metadata, errorDetails: {} }, domain);
  if (info && sizeOf(info) > room) [info] = encodeDetails({ reason, metadata: {}, errorDetails: {} }, domain);
  const kept = info ? [info] : [];
  let left = room - (info ? sizeOf(info) : 0);

  const { fieldViolations } = errorDetails;
  const fitting = fieldViolations && {
    fieldViolations: whatFits(fieldViolations, left - badRequestOverhead),
  };
  const [, ...others] = encodeDetails(
    { reason, metadata: {}, errorDetails: { ...errorDetails, ...fitting } },
    domain,
  );
  for (const detail of others) {
    if (sizeOf(detail) > left) continue;
    kept.push(detail);
    left -= sizeOf(detail);
  }
  return RpcStatus.encode({ code: error.code, message, details: kept }).finish();
}

/** Puts an error's details into the trailers of its call. */
export function setStatusDetails(trailer: Metadata, error: ServerError, domain: string): void {
  trailer.set(statusDetailsKey, encodeStatus(error, domain));
}

// Tags and lengths: at most 12 bytes for each message here, none of which is longer than 16 KiB.
const overhead = 12;
const badRequestOverhead = 64;

function whatFits(violations: readonly FieldViolation[], room: number): FieldViolation[] {
  let size = 0;
  return violations.filter(({ field, description }) => {
    const own = Buffer.byteLength(field) + Buffer.byteLength(description) + overhead;
    if (size + own > room) return false;
    size += own;
    return true;
  });
}
