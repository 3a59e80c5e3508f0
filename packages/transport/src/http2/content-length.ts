import { ErrorCode, StreamError } from "./errors.js";

// RFC 9113, section 8.1.1: a message whose DATA is not as long as its `content-length` says is malformed.

/** @throws {StreamError} PROTOCOL_ERROR if the value is no number. */
export function parseContentLength(value: string): number {
  if (!/^\d{1,15}$/.test(value)) {
    throw new StreamError(ErrorCode.PROTOCOL_ERROR, "malformed: content-length is not a number");
  }
  return Number(value);
}

/**
 * Holds a request or a response to its `content-length`.
 *
 * @throws {StreamError} PROTOCOL_ERROR if the DATA so far is more, or at its end less.
 */
export function checkLength(
  { contentLength }: { readonly contentLength: number | undefined },
  received: number,
  ended: boolean,
): void {
  if (contentLength === undefined) return;
  if (received > contentLength || (ended && received < contentLength)) {
    throw new StreamError(
      ErrorCode.PROTOCOL_ERROR,
      "malformed: content-length is not the length of the DATA",
    );
  }
}
