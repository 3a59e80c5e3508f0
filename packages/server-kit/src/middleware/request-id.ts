import { randomUUID } from "node:crypto";
import type { ServerMiddleware } from "nice-grpc-common";
import { withArrivalHooks } from "../arrival.js";
import { requestIdKey } from "../internal/metadata-keys.js";
import type { IncomingCall, IncomingCallContext } from "../runtime.js";

/** Options for {@link requestId}. */
export interface RequestIdOptions {
  /** Makes the id of a call that came without one. Default: a random UUID. */
  generate?: () => string;
}

/** What {@link requestId} adds to the call context. */
export interface RequestIdContext {
  /** The id that came in `x-request-id`, or a new one. */
  requestId: string;
}

/** The most characters of an `x-request-id` that is believed. */
export const maxRequestIdLength = 128;

/** Whether an id from outside may go into logs and headers: 1 to 128 visible ASCII characters. */
export function isUsableRequestId(id: string | undefined): id is string {
  return id !== undefined && id.length <= maxRequestIdLength && /^[!-~]+$/.test(id);
}

/**
 * Gives each call an id: the client's `x-request-id`, or a new one. It goes back in the response's header, or in the
 * trailer of a call that failed before its header was sent. Place it first.
 */
export function requestId({ generate = randomUUID }: RequestIdOptions = {}): ServerMiddleware<
  RequestIdContext,
  IncomingCallContext
> {
  const ids = new WeakMap<IncomingCall, string>();
  const idOf = (call: IncomingCall): string => {
    let id = ids.get(call);
    if (id === undefined) {
      const given = call.metadata.get(requestIdKey);
      id = isUsableRequestId(given) ? given : generate();
      ids.set(call, id);
    }
    return id;
  };

  return withArrivalHooks<RequestIdContext, IncomingCallContext>(
    async function* requestId(call, context) {
      const id = idOf(context.call);
      context.header.set(requestIdKey, id);
      try {
        return yield* call.next(call.request, { ...context, requestId: id });
      } catch (error) {
        // A response that has only trailers tells clients that nothing was done, so that they may retry (gRPC A6).
        // A header that is not empty would be sent.
        context.header.delete(requestIdKey);
        context.trailer.set(requestIdKey, id);
        throw error;
      }
    },
    {
      refused: (call, { trailer }) => void trailer.set(requestIdKey, idOf(call)),
    },
  );
}
