import type { ClientPhases } from "@callwire/transport/seam";
import { Status } from "nice-grpc-common";
import { clientError } from "../internal/client-errors.js";
import { errorText } from "../internal/error-text.js";
import { randomUuid } from "../internal/random-uuid.js";
import { requestIdKey } from "../internal/request-id-key.js";

/** Options of a call, for {@link requestId}. */
export interface RequestIdCallOptions {
  /**
   * Names this call in the logs of both sides; printable ASCII without spaces. Default: `x-request-id` of the call's
   * metadata, or else a new UUID.
   */
  requestId?: string;
}

/** Pure: returns the id. Throws a TypeError if it cannot be sent. */
export function checkRequestId(requestId: string): string {
  if (typeof requestId === "string" && /^[!-~]+$/.test(requestId)) return requestId;
  const given = typeof requestId === "string" ? JSON.stringify(requestId) : `of type ${typeof requestId}`;
  throw new TypeError(`requestId is ${given}: it must be printable ASCII without spaces`);
}

/**
 * Sends an `x-request-id`: one for the whole call, however often it is tried. Place it outside the rest, so that every log
 * line can name it.
 */
export function requestId(): ClientPhases<RequestIdCallOptions> {
  return {
    began(call) {
      try {
        // It is made of what the caller gave, which may be none.
        const { metadata } = call;
        const given = call.options.requestId ?? metadata.get(requestIdKey);
        metadata.set(requestIdKey, given === undefined ? randomUuid() : checkRequestId(given));
      } catch (cause) {
        throw clientError(call.method.path, Status.INVALID_ARGUMENT, errorText(cause), "local", cause);
      }
    },
  };
}
