import { Status } from "nice-grpc-common";
import { ErrorCode } from "../http2/errors.js";

/** The status of a call whose stream was reset (gRPC over HTTP/2, "Errors"). */
export function statusOfErrorCode(code: ErrorCode): Status {
  switch (code) {
    case ErrorCode.REFUSED_STREAM:
      return Status.UNAVAILABLE;
    case ErrorCode.CANCEL:
      return Status.CANCELLED;
    case ErrorCode.ENHANCE_YOUR_CALM:
      return Status.RESOURCE_EXHAUSTED;
    case ErrorCode.INADEQUATE_SECURITY:
      return Status.PERMISSION_DENIED;
    default:
      return Status.INTERNAL;
  }
}

/** The status of a response that has no `grpc-status` (http-grpc-status-mapping). */
export function statusOfHttpStatus(status: number): Status {
  const statuses: Readonly<Record<number, Status>> = {
    400: Status.INTERNAL,
    401: Status.UNAUTHENTICATED,
    403: Status.PERMISSION_DENIED,
    404: Status.UNIMPLEMENTED,
    429: Status.UNAVAILABLE,
    502: Status.UNAVAILABLE,
    503: Status.UNAVAILABLE,
    504: Status.UNAVAILABLE,
  };
  return statuses[status] ?? Status.UNKNOWN;
}

/** Reads `grpc-status`: a code that nobody knows is UNKNOWN, and so is what is no code at all. */
export function parseStatus(value: string): Status {
  const code = /^\d{1,2}$/.test(value) ? Number(value) : Status.UNKNOWN;
  return code in Status ? code : Status.UNKNOWN;
}

/**
 * Characters that `grpc-message` carries as they are: the printable ASCII characters but for the percent sign, and for a space
 * at either end, which no field may have (RFC 9113, section 8.2.1).
 */
const PLAIN = /^(?! )[ -$&-~]*(?<! )$/;

/**
 * The longest `grpc-message` sent, in bytes, encoded. Clients bound their header lists, and one whose bound is passed loses
 * the whole status.
 */
export const MAX_STATUS_MESSAGE_BYTES = 8 * 1024;

/** Writes `grpc-message`: percent-encoded UTF-8 (gRPC over HTTP/2, "Status-Message"), cut at its longest. */
export function encodeStatusMessage(message: string): string {
  const encoded = percentEncode(message.slice(0, MAX_STATUS_MESSAGE_BYTES));
  if (encoded.length <= MAX_STATUS_MESSAGE_BYTES) return encoded;
  return encoded.slice(0, MAX_STATUS_MESSAGE_BYTES).replace(/%.?$/, "").trimEnd();
}

function percentEncode(message: string): string {
  if (PLAIN.test(message)) return message;
  let encoded = "";
  const bytes = Buffer.from(message, "utf8");
  for (const [at, byte] of bytes.entries()) {
    const isInside = at > 0 && at < bytes.length - 1;
    encoded +=
      byte >= (isInside ? 0x20 : 0x21) && byte <= 0x7e && byte !== 0x25
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return encoded;
}

/** Reads `grpc-message`. What is not well encoded stays as it is: a message must never be lost for its form. */
export function decodeStatusMessage(value: string): string {
  if (!value.includes("%")) return value;
  const bytes = value.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(parseInt(hex, 16)),
  );
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(
    Uint8Array.from(bytes, (char) => char.charCodeAt(0)),
  );
}
