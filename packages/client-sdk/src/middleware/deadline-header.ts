import {
  type CallOptions,
  ClientError,
  type ClientMiddleware,
  type ClientMiddlewareCall,
  Metadata,
  Status,
} from "nice-grpc-common";

/** Options of a call, for {@link deadlineHeader}; `deadline` sets them. */
export interface DeadlineHeaderCallOptions {
  /** When the call is over, by the clock of `performance.now()`. Absent: nothing is sent. */
  deadline?: number;
}

/**
 * Pure: a time as `grpc-timeout` has it, an integer of at most 8 digits and a unit (gRPC over HTTP/2, "Requests"). Rounded
 * up, so that the server never gives up before the client does.
 */
export function formatTimeout(ms: number): string {
  const whole = Math.max(1, Math.ceil(ms));
  return whole < 1e8 ? `${whole}m` : `${Math.min(Math.ceil(whole / 1000), 99_999_999)}S`;
}

/**
 * Tells the server how much time is left, as `grpc-timeout`. Place it innermost: it is then computed anew for each
 * attempt, after all that was waited for. (grpc-js sends this key as it is when the call has no deadline of its own, and
 * nice-grpc never sets one.)
 */
export function deadlineHeader(): ClientMiddleware<DeadlineHeaderCallOptions> {
  return async function* deadlineHeader<Request, Response>(
    call: ClientMiddlewareCall<Request, Response>,
    { deadline, ...options }: CallOptions & DeadlineHeaderCallOptions,
  ) {
    if (deadline === undefined) return yield* call.next(call.request, options);
    const leftMs = deadline - performance.now();
    if (leftMs <= 0) {
      throw new ClientError(call.method.path, Status.DEADLINE_EXCEEDED, "no time was left to send the call");
    }
    const metadata = Metadata(options.metadata).set("grpc-timeout", formatTimeout(leftMs));
    return yield* call.next(call.request, { ...options, metadata });
  };
}
