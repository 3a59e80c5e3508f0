import type { FailureOrigin } from "@callwire/transport/client";
import { Status } from "nice-grpc-common";
import { isClientError } from "../internal/client-errors.js";

/**
 * The texts with which grpc-js ends a call whose stream was reset (its `subchannel-call.ts`). nice-grpc passes on no more of
 * it, so here, and only here, something depends on wording.
 */
const resets = [
  "Received RST_STREAM with code ",
  "Stream refused by server",
  "Call cancelled",
  "Bandwidth exhausted or memory limit exceeded",
  "Protocol not secure enough",
];

/** Those with which it ends one that has no connection. */
const noConnection = ["No connection established", "Name resolution failed", "Subchannel not ready"];

/** Those with which it ends one that has none any more, and those before. */
const losses = [
  ...noConnection,
  "Connection dropped",
  "Channel closed before call started",
  "The channel has been closed",
];

/** Those of the system's errors that it passes on. */
const socketError = /\b(ECONN[A-Z]+|ETIMEDOUT|EPIPE|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)\b/;

/** That of a message that is too long, as grpc-js has read its length. */
const tooLong = /^Received message larger than max \((\d+) vs /;

/** Pure: true if the length of a message is text in truth: a proxy's page, such as HTML, where a server was lost. */
function isTextForLength(details: string): boolean {
  const length = Number(tooLong.exec(details)?.[1]);
  if (!(length <= 0xffff_ffff)) return false;
  return [24, 16, 8, 0].every((shift) => /[\t\n\r -~]/.test(String.fromCharCode((length >>> shift) & 0xff)));
}

/** Pure: how a call over grpc-js failed, by what nice-grpc has thrown. A text that is not known comes from the server. */
export function grpcJsOrigin(thrown: unknown): FailureOrigin {
  if (!isClientError(thrown)) return "local";
  const { code, details } = thrown;
  // Errors of this side's own say it themselves.
  const { origin } = thrown as { origin?: FailureOrigin };
  if (origin !== undefined) return origin;
  if (resets.some((text) => details.startsWith(text)) || isTextForLength(details)) return "reset";
  if (code !== Status.UNAVAILABLE) return "status";
  return losses.some((text) => details.startsWith(text)) || socketError.test(details)
    ? "connection"
    : "status";
}

/** Pure: true if a call over grpc-js failed before any server has seen it. */
export function isUnseen(thrown: unknown): boolean {
  if (!isClientError(thrown) || thrown.code !== Status.UNAVAILABLE) return false;
  return noConnection.some((text) => thrown.details.startsWith(text));
}
