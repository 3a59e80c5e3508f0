import { ServerError, Status, type ServerMiddleware } from "nice-grpc-common";
import type { Logger } from "pino";
import { withArrivalHooks } from "../arrival.js";
import { cancellationCode } from "../internal/abort.js";
import { requestIdKey } from "../internal/metadata-keys.js";
import { methodType, splitPath } from "../internal/method.js";
import type { IncomingCall, IncomingCallContext } from "../runtime.js";

/** Options for {@link logging}. */
export interface LoggingOptions {
  /** Takes one line for each call when it ends. {@link createLogger} makes one that redacts secrets. */
  logger: Logger;
  /** Chooses the level of the line. Default: {@link levelOf}. */
  level?: (code: Status) => LogLevel;
}

/** The levels that a call's line may have. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** What {@link logging} adds to the call context. */
export interface LoggingContext {
  /** A logger whose lines carry the call's service, method and request id. */
  log: Logger;
  /** Adds fields to the call's own line, such as who called. */
  addLogFields(fields: Record<string, unknown>): void;
}

const infoCodes = new Set<Status>([
  Status.OK,
  Status.NOT_FOUND,
  Status.CANCELLED,
  Status.ALREADY_EXISTS,
  Status.INVALID_ARGUMENT,
  Status.UNAUTHENTICATED,
]);
const errorCodes = new Set<Status>([Status.UNKNOWN, Status.UNIMPLEMENTED, Status.INTERNAL, Status.DATA_LOSS]);

/** Info for what clients do, error for what the server did wrong, warn for the rest. */
export function levelOf(code: Status): LogLevel {
  if (infoCodes.has(code)) return "info";
  return errorCodes.has(code) ? "error" : "warn";
}

/** The code that a call ended with, as the client sees it: whatever a handler still does after a cancel, it is one. */
export function codeOf(
  error: unknown,
  { deadline }: Pick<IncomingCall, "deadline">,
  signal: AbortSignal,
): Status {
  if (signal.aborted) return cancellationCode(deadline);
  if (error === undefined) return Status.OK;
  return error instanceof ServerError ? error.code : Status.UNKNOWN;
}

/**
 * Writes one line for each call when it ends, refused ones too, with the fields of go-grpc-middleware. Place it after
 * `requestId` and outside `errorBoundary`, so that it sees what goes out. Messages and metadata are never logged.
 */
export function logging({
  logger,
  level = levelOf,
}: LoggingOptions): ServerMiddleware<LoggingContext, IncomingCallContext & { requestId?: string }> {
  const fieldsOf = (call: IncomingCall, requestId: string | undefined) => {
    const { service, method } = splitPath(call.method.path);
    return { "grpc.service": service, "grpc.method": method, request_id: requestId };
  };
  const arrivals = new WeakMap<IncomingCall, number>();
  const write = (
    log: Logger,
    call: IncomingCall,
    code: Status,
    error: unknown,
    added?: Record<string, unknown>,
  ) => {
    const timeMs = performance.now() - (arrivals.get(call) ?? performance.now());
    log[level(code)](
      {
        "grpc.method_type": methodType(call.method),
        "grpc.code": Status[code],
        ...(error instanceof ServerError && error.code === code && { "grpc.error": error.details }),
        "grpc.start_time": new Date(Date.now() - timeMs).toISOString(),
        ...(call.deadline && { "grpc.request.deadline": call.deadline.toISOString() }),
        "grpc.time_ms": Math.round(timeMs * 1000) / 1000,
        "peer.address": call.peer,
        ...added,
      },
      "finished call",
    );
  };

  return withArrivalHooks<LoggingContext, IncomingCallContext & { requestId?: string }>(
    async function* logging(call, context) {
      const log = logger.child(fieldsOf(context.call, context.requestId));
      let added: Record<string, unknown> | undefined;
      const addLogFields = (fields: Record<string, unknown>) => {
        added = { ...added, ...fields };
      };
      let error: unknown;
      try {
        return yield* call.next(call.request, { ...context, log, addLogFields });
      } catch (thrown) {
        error = thrown;
        throw thrown;
      } finally {
        // Also the end of a stream that its client left: that is a `return`, and nothing is thrown.
        write(log, context.call, codeOf(error, context.call, context.signal), error, added);
      }
    },
    {
      admit: (call) => void arrivals.set(call, performance.now()),
      refused(call, { error, trailer }) {
        write(logger.child(fieldsOf(call, trailer.get(requestIdKey))), call, error.code, error);
      },
    },
  );
}
