import type { Metadata, ServerError, ServerMiddleware } from "nice-grpc-common";
import type { Logger } from "pino";
import { withArrivalHooks } from "../arrival.js";
import { setStatusDetails } from "../errors/status-details.js";
import { toServerError } from "../errors/to-server-error.js";
import { isCancellation } from "../internal/abort.js";
import { requestIdKey } from "../internal/metadata-keys.js";
import { splitPath } from "../internal/method.js";
import type { IncomingCallContext } from "../runtime.js";

/** Options for {@link errorBoundary}. */
export interface ErrorBoundaryOptions {
  /**
   * Takes what each error came of that was not made on purpose, at level error, and the `cause` of one that was, at
   * level warn.
   */
  logger: Pick<Logger, "error" | "warn">;
  /** ErrorInfo's domain. Default: the full name of the service that was called, like `users.UserService`. */
  domain?: string;
}

/**
 * The one place where errors leave the server. An error made on purpose goes out with its google.rpc details, which
 * always have an ErrorInfo; anything else goes out as INTERNAL with a fixed message, and its cause to the log.
 * Place it inside `logging` and outside everything that throws.
 */
export function errorBoundary({
  logger,
  domain,
}: ErrorBoundaryOptions): ServerMiddleware<{}, IncomingCallContext & { requestId?: string }> {
  const finish = (
    path: string,
    thrown: unknown,
    error: ServerError,
    trailer: Metadata,
    requestId?: string,
  ) => {
    const { service, method } = splitPath(path);
    const fields = { "grpc.service": service, "grpc.method": method, request_id: requestId };
    if (error !== thrown) logger.error({ err: thrown, ...fields }, "unexpected error");
    else if (error.cause !== undefined) logger.warn({ err: error.cause, ...fields }, "cause of an error");
    setStatusDetails(trailer, error, domain ?? service);
  };

  return withArrivalHooks<{}, IncomingCallContext & { requestId?: string }>(
    async function* errorBoundary(call, context) {
      try {
        return yield* call.next(call.request, context);
      } catch (thrown) {
        if (isCancellation(thrown, context.signal)) throw thrown;
        const error = toServerError(thrown);
        finish(call.method.path, thrown, error, context.trailer, context.requestId);
        throw error;
      }
    },
    {
      refused(call, { thrown, error, trailer }) {
        finish(call.method.path, thrown, error, trailer, trailer.get(requestIdKey));
      },
    },
  );
}
