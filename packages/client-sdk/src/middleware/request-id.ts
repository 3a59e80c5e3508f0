import { randomUUID } from "node:crypto";
import {
  type CallOptions,
  type ClientMiddleware,
  type ClientMiddlewareCall,
  Metadata,
  Status,
} from "nice-grpc-common";
import { CallError } from "../errors/call-error.js";
import { methodName } from "../internal/method-name.js";

/** The metadata key that carries the request id. */
export const requestIdKey = "x-request-id";

/** Options of a call, for {@link requestId}. */
export interface RequestIdCallOptions {
  /**
   * Names this call in the logs of both sides; printable ASCII. Default: `x-request-id` of the call's metadata, or else
   * a new UUID.
   */
  requestId?: string;
}

/** Pure: the metadata with the id in it. Throws a TypeError if the id cannot be sent. */
export function withRequestId(metadata: Metadata | undefined, requestId: string): Metadata {
  if (!/^[!-~]+$/.test(requestId)) {
    throw new TypeError(
      `requestId is ${JSON.stringify(requestId)}: it must be printable ASCII without spaces`,
    );
  }
  return Metadata(metadata).set(requestIdKey, requestId);
}

/**
 * Sends an `x-request-id`: one for the whole call, however often it is tried. Place it outside everything else, so that
 * every error and log line can name it.
 */
export function requestId(): ClientMiddleware<RequestIdCallOptions> {
  return async function* requestId<Request, Response>(
    call: ClientMiddlewareCall<Request, Response>,
    { requestId, ...options }: CallOptions & RequestIdCallOptions,
  ) {
    const id = requestId ?? options.metadata?.get(requestIdKey) ?? randomUUID();
    let metadata: Metadata;
    try {
      metadata = withRequestId(options.metadata, id);
    } catch (cause) {
      const description = (cause as TypeError).message;
      const method = methodName(call.method.path);
      throw new CallError({ code: Status.INVALID_ARGUMENT, description, method, cause });
    }
    return yield* call.next(call.request, { ...options, metadata });
  };
}
