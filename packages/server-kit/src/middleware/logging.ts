import { ServerError, Status, type MethodDescriptor } from "nice-grpc-common";
import type { Logger } from "pino";
import { checkOptions } from "../internal/check-options.js";
import { IsoTime } from "../internal/iso-time.js";
import { flatJsonFields, jsonText } from "../internal/json-text.js";
import { lineLoggerOf, type LineLogger } from "../internal/line-logger.js";
import { methodType, splitPath } from "../internal/method.js";
import type { Middleware, PhaseContext } from "../middleware.js";

/** Options for {@link logging}. */
export interface LoggingOptions {
  /**
   * Takes one line for each call when it ends. {@link createLogger} makes one that redacts secrets, and for which the line is
   * written some seven times as fast; any other logger of pino, and children, do too.
   */
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

type Call = PhaseContext<LoggingContext, { requestId?: string }> & {
  /** By the clock of `performance.now()`. */
  [startedAt]?: number;
  [added]?: Record<string, unknown>;
};
const startedAt = Symbol("callwire.startedAt");
const added = Symbol("callwire.addedLogFields");

/** What the line says of a call's end. */
interface End {
  code: Status;
  error: unknown;
  /** How long the call took, in milliseconds. */
  timeMs: number;
}

/**
 * Writes one line for each call when it ends, refused ones too, with the fields of go-grpc-middleware. Place it after
 * `requestId` and outside `errorBoundary`, so that it sees what goes out. Messages and metadata are never logged.
 */
export function logging(options: LoggingOptions): Middleware<LoggingContext, { requestId?: string }> {
  checkOptions("logging", options, ["logger", "level"]);
  const { logger, level = levelOf } = options;
  const lineLogger = lineLoggerOf(logger);
  return {
    name: "logging",
    for(method) {
      const { service, method: name } = splitPath(method.path);
      const callFields = (call: Call) => ({
        "grpc.service": service,
        "grpc.method": name,
        request_id: call.requestId,
      });
      const formatted = lineLogger && formattedLines(lineLogger, method);
      const methodPhases: Middleware<LoggingContext, { requestId?: string }> = {
        name: "logging",
        uses: ["requestId"],
        lazy: {
          log: (call) => logger.child(callFields(call)),
          addLogFields: (call: Call) => (fields) => {
            call[added] = call[added] === undefined ? fields : { ...call[added], ...fields };
          },
        },
        arrived(call: Call) {
          call[startedAt] = performance.now();
        },
        ended(call: Call, code, error) {
          const now = performance.now();
          const end = { code, error, timeMs: now - (call[startedAt] ?? now) };
          const chosen = level(code);
          if (formatted?.(chosen, call, end) === true) return;
          const fields = { ...callFields(call), ...endFields(method, call, end), ...call[added] };
          logger[chosen](fields, "finished call");
        },
      };
      return methodPhases;
    },
  };
}

/** The fields that a call's line has beside those of its other lines. */
function endFields(method: MethodDescriptor, call: Call, { code, error, timeMs }: End): object {
  const { deadline } = call;
  return {
    "grpc.method_type": methodType(method),
    "grpc.code": Status[code],
    ...(isOf(code, error) && { "grpc.error": error.details }),
    "grpc.start_time": new Date(Date.now() - timeMs).toISOString(),
    ...(deadline && { "grpc.request.deadline": deadline.toISOString() }),
    "grpc.time_ms": Math.round(timeMs * 1000) / 1000,
    "peer.address": call.peer,
  };
}

/**
 * The same line written by hand: what a general logger does for it costs more than the rest of a call. Its function returns
 * whether the line is done with; what handlers add may be anything, and then it is not.
 */
function formattedLines(
  lineLogger: LineLogger,
  method: MethodDescriptor,
): (level: LogLevel, call: Call, end: End) => boolean {
  const { service, method: name } = splitPath(method.path);
  const callPart = `,"grpc.service":${jsonText(service)},"grpc.method":${jsonText(name)}`;
  const typePart = `,"grpc.method_type":"${methodType(method)}"`;
  const startTime = new IsoTime();
  const deadlineTime = new IsoTime();

  return (level, call, { code, error, timeMs }) => {
    if (!lineLogger.isEnabled(level)) return true;
    const { [added]: extra, requestId, deadline } = call;
    let last = "";
    if (extra !== undefined) {
      const flat = flatJsonFields(lineLogger.redact(extra));
      if (flat === undefined) return false;
      last = flat;
    }
    let fields = callPart;
    if (requestId !== undefined) fields += `,"request_id":${jsonText(requestId)}`;
    fields += `${typePart},"grpc.code":"${Status[code]}"`;
    if (isOf(code, error)) fields += `,"grpc.error":${jsonText(error.details)}`;
    fields += `,"grpc.start_time":"${startTime.format(Math.trunc(Date.now() - timeMs))}"`;
    if (deadline !== undefined)
      fields += `,"grpc.request.deadline":"${deadlineTime.format(deadline.getTime())}"`;
    fields += `,"grpc.time_ms":${Math.round(timeMs * 1000) / 1000},"peer.address":${jsonText(call.peer)}${last}`;
    lineLogger.write(level, fields, "finished call");
    return true;
  };
}

function isOf(code: Status, error: unknown): error is ServerError {
  return error !== undefined && error instanceof ServerError && error.code === code;
}
