import {
  type CallOptions,
  ClientError,
  type ClientMiddleware,
  type ClientMiddlewareCall,
  type Metadata,
  Status,
} from "nice-grpc-common";
import { CallError } from "../errors/call-error.js";
import { errorText } from "../internal/error-text.js";
import { methodName } from "../internal/method-name.js";
import { requestStream } from "../internal/request-stream.js";

/** Pure: the error for a call that stopped because its own requests could not be read. */
export function requestsFailed(path: string, cause: unknown): ClientError {
  const error = new ClientError(
    path,
    Status.CANCELLED,
    `the requests could not be read: ${errorText(cause)}`,
  );
  error.cause = cause;
  return error;
}

/**
 * Makes every error of a call a {@link CallError}, with the details and trailers that the server sent. The one
 * exception is a call that its caller's signal ended: it throws that signal's reason, as `fetch` does.
 *
 * Place it outside everything but `requestId`: inside it, errors are nice-grpc's ClientError, and every middleware made
 * for nice-grpc works as it does there.
 */
export function callErrors(): ClientMiddleware {
  return async function* callErrors<Request, Response>(
    call: ClientMiddlewareCall<Request, Response>,
    options: CallOptions,
  ) {
    const { path } = call.method;
    let trailers: Metadata | undefined;
    const onTrailer = (received: Metadata) => {
      trailers = received;
      options.onTrailer?.(received);
    };
    const stream = call.requestStream
      ? requestStream(call.request, (error) => requestsFailed(path, error))
      : undefined;
    try {
      return yield* call.next(stream?.requests ?? (call.request as Request), { ...options, onTrailer });
    } catch (error) {
      if (options.signal?.aborted) throw options.signal.reason;
      throw CallError.from(error, {
        method: methodName(path),
        requestId: options.metadata?.get("x-request-id"),
        metadata: trailers,
      });
    } finally {
      stream?.end();
    }
  };
}
