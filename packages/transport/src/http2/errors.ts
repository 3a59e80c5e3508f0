/** Error codes (RFC 9113, section 7). */
export const ErrorCode = {
  NO_ERROR: 0x0,
  PROTOCOL_ERROR: 0x1,
  INTERNAL_ERROR: 0x2,
  FLOW_CONTROL_ERROR: 0x3,
  SETTINGS_TIMEOUT: 0x4,
  STREAM_CLOSED: 0x5,
  FRAME_SIZE_ERROR: 0x6,
  REFUSED_STREAM: 0x7,
  CANCEL: 0x8,
  COMPRESSION_ERROR: 0x9,
  CONNECT_ERROR: 0xa,
  ENHANCE_YOUR_CALM: 0xb,
  INADEQUATE_SECURITY: 0xc,
  HTTP_1_1_REQUIRED: 0xd,
} as const;

/** One of {@link ErrorCode}; a peer may send others. */
export type ErrorCode = number;

const names = new Map<number, string>(Object.entries(ErrorCode).map(([name, code]) => [code, name]));

/** The name of an error code, for messages. */
export function errorCodeName(code: ErrorCode): string {
  return names.get(code) ?? `0x${code.toString(16)}`;
}

/** Ends the whole connection, with GOAWAY (RFC 9113, section 5.4.1). */
export class ConnectionError extends Error {
  override name = "ConnectionError";

  constructor(
    readonly code: ErrorCode,
    message: string,
  ) {
    super(message);
  }
}

/** Ends one stream, with RST_STREAM (RFC 9113, section 5.4.2). */
export class StreamError extends Error {
  override name = "StreamError";

  constructor(
    readonly code: ErrorCode,
    message: string,
  ) {
    super(message);
  }
}
