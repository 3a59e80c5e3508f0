import { checkOptions, rules, type RulesOf } from "@callwire/transport/server";
import { ServerError, Status, type MethodDescriptor } from "nice-grpc-common";
import type { Logger } from "pino";
import { IsoTime } from "../internal/iso-time.js";
import { jsonBody, jsonText } from "../internal/json-text.js";
import { lineEnd, lineLoggerOf, type LineLogger } from "../internal/line-logger.js";
import { methodType, splitPath } from "../internal/method.js";
import { ignoreResult } from "../internal/promises.js";
import { warn } from "../internal/warn.js";
import type { Middleware, PhaseContext } from "../middleware.js";

/** Options for {@link logging}. */
export interface LoggingOptions {
  /**
   * Takes one line for each call when it ends. A logger that {@link createLogger} made redacts secrets, and takes the line some
   * seven times as fast as another logger of pino, or a child, which work too.
   */
  logger: Logger;
  /** Chooses the level of the line. Default: {@link levelOf}. */
  level?: (code: Status) => LogLevel;
}

const optionRules: RulesOf<LoggingOptions> = {
  logger: rules.required(rules.objectWith("debug", "info", "warn", "error", "child")),
  level: rules.callable,
};

/** The levels that a call's line may have. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** The parts of the call context that {@link logging} adds. */
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
  /** When it arrived, by the clock of `performance.now()`, if the runtime does not say. */
  [startedAt]?: number;
  [added]?: Record<string, unknown>;
};
const startedAt = Symbol("callwire.startedAt");
const added = Symbol("callwire.addedLogFields");

const MESSAGE = "finished call";
const levels: ReadonlySet<unknown> = new Set<LogLevel>(["debug", "info", "warn", "error"]);

function describe({ method, requestId }: Call): string {
  return `${method.path} (request ${String(requestId)})`;
}

/** The fields that were added to a call's line: without them, if they cannot be read, the line is written all the same. */
function addedFields(call: Call): Record<string, unknown> {
  try {
    return { ...call[added] };
  } catch (thrown) {
    warn(`${describe(call)}: the fields that were added to the line cannot be read`, thrown);
    return {};
  }
}

/**
 * Writes one line for each call when it ends, refused ones too, with the fields of go-grpc-middleware. Place it after
 * `requestId` and outside `errorBoundary`, so that it sees what goes out. Messages and metadata are never logged.
 */
export function logging(options: LoggingOptions): Middleware<LoggingContext, { requestId?: string }> {
  checkOptions("logging", options, optionRules);
  const { logger, level = levelOf } = options;
  const lineLogger = lineLoggerOf(logger);
  const chooseLevel = (code: Status, call: Call): LogLevel => {
    try {
      const chosen: unknown = level(code);
      if (levels.has(chosen)) return chosen as LogLevel;
      ignoreResult(chosen, () => {});
      warn(`${describe(call)}: logging's level gave none of ${[...levels].join(", ")}`, chosen);
    } catch (thrown) {
      warn(`${describe(call)}: logging's level has thrown`, thrown);
    }
    return levelOf(code);
  };
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
      const joined = new JoinedFields();
      const methodPhases: Middleware<LoggingContext, { requestId?: string }> = {
        name: "logging",
        uses: ["requestId"],
        lazy: {
          log: (call) => logger.child(callFields(call)),
          addLogFields: (call: Call) => (fields) => {
            ignoreResult(fields, () => {});
            call[added] = call[added] === undefined ? (fields ?? {}) : joined.of(call[added], fields);
          },
        },
        arrived(call: Call) {
          if (call.arrivedMs === undefined) call[startedAt] = performance.now();
        },
        ended(call: Call, code, error) {
          const now = performance.now();
          const timeMs = now - (call.arrivedMs ?? call[startedAt] ?? now);
          const chosen = chooseLevel(code, call);
          if (formatted?.(chosen, call, code, error, now, timeMs) === true) return undefined;
          const fields = { ...callFields(call), ...endFields(method, call, code, error, timeMs) };
          // A logger of the application's own may be async: who calls this phase looks after what it returns.
          return logger[chosen]({ ...fields, ...addedFields(call) }, MESSAGE);
        },
      };
      return methodPhases;
    },
  };
}

/** The fields that a call's line has beside those of its other lines. */
function endFields(
  method: MethodDescriptor,
  call: Call,
  code: Status,
  error: unknown,
  timeMs: number,
): object {
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

/** Puts fields behind others. Of the same two frozen objects it makes one, which is frozen: its text is made once, too. */
class JoinedFields {
  #first: object | undefined;
  #second: object | undefined;
  #both: Record<string, unknown> = {};

  of(first: Record<string, unknown>, second: Record<string, unknown>): Record<string, unknown> {
    if (first === this.#first && second === this.#second) return this.#both;
    const both = { ...first, ...second };
    if (!Object.isFrozen(first) || !Object.isFrozen(second)) return both;
    this.#first = first;
    this.#second = second;
    return (this.#both = Object.freeze(both));
  }
}

/** The part of a line that calls share which end alike, and begin and end in the same milliseconds: its status and its times. */
class MiddlePart {
  readonly #startTime = new IsoTime();
  readonly #deadline = new IsoTime();
  #status = "";
  #startedAt = NaN;
  #endsAt: number | undefined;
  #part = "";

  /** @param startedAt In whole milliseconds since the epoch, as the deadline is. */
  of(status: string, startedAt: number, endsAt: number | undefined): string {
    if (startedAt !== this.#startedAt || endsAt !== this.#endsAt || status !== this.#status) {
      this.#status = status;
      this.#startedAt = startedAt;
      this.#endsAt = endsAt;
      const parts = [status, `,"grpc.start_time":"`, this.#startTime.format(startedAt)];
      if (endsAt !== undefined) parts.push(`","grpc.request.deadline":"`, this.#deadline.format(endsAt));
      this.#part = [...parts, `","grpc.time_ms":`].join("");
    }
    return this.#part;
  }
}

/** The end of a line, which the calls of one peer share that add the same fields. */
class EndPart {
  #peer: string | undefined;
  #fields = "";
  #part = "";

  of(peer: string, fields: string): string {
    if (peer !== this.#peer || fields !== this.#fields) {
      this.#peer = peer;
      this.#fields = fields;
      this.#part = [`,"peer.address":${jsonText(peer)}`, fields, lineEnd(MESSAGE)].join("");
    }
    return this.#part;
  }
}

/**
 * The same line written by hand: what a general logger does for it costs more than the rest of a call. Its function returns
 * whether the line is done with; what handlers add may be anything, and then it is not.
 *
 * A line is put together of few parts, each a text of one piece, as `join` makes them: half of what a line costs is to make one
 * text of its pieces.
 */
function formattedLines(
  lineLogger: LineLogger,
  method: MethodDescriptor,
): (level: LogLevel, call: Call, code: Status, error: unknown, nowMs: number, timeMs: number) => boolean {
  const { service, method: name } = splitPath(method.path);
  // The quotation mark behind it stands before the next part.
  const callPart = `,"grpc.service":${jsonText(service)},"grpc.method":"${jsonBody(name)}`;
  const callPartWithId = `${callPart}","request_id":"`;
  const codePart = (code: Status) =>
    `","grpc.method_type":"${methodType(method)}","grpc.code":"${Status[code]}"`;
  const okPart = codePart(Status.OK);
  const middle = new MiddlePart();
  const end = new EndPart();

  return (level, call, code, error, nowMs, timeMs) => {
    if (!lineLogger.isEnabled(level)) return true;
    const { [added]: extra, requestId } = call;
    let last: string | undefined = "";
    try {
      if (extra !== undefined) last = lineLogger.flatFields(extra);
    } catch {
      // A getter that throws.
      return false;
    }
    if (last === undefined) return false;
    let status = okPart;
    if (code !== Status.OK) {
      status = codePart(code);
      if (isOf(code, error)) status += `,"grpc.error":${jsonText(error.details)}`;
    }
    const now = Date.now();
    const fields =
      (requestId === undefined ? callPart : callPartWithId + jsonBody(requestId)) +
      middle.of(status, Math.trunc(now - timeMs), deadlineOf(call, now - nowMs)) +
      millisecondsText(timeMs);
    lineLogger.write(level, now, fields, end.of(call.peer, last));
    return true;
  };
}

/**
 * A call's deadline in whole milliseconds since the epoch; undefined for none. The clocks are not asked again for it, if it is
 * there as a number.
 *
 * @param epoch The milliseconds to add to a time of `performance.now()`.
 */
function deadlineOf(call: Call, epoch: number): number | undefined {
  const { deadlineMs } = call;
  if (deadlineMs === undefined) return call.deadline?.getTime();
  return deadlineMs === Infinity ? undefined : Math.trunc(epoch + deadlineMs);
}

/** Thousandths as a number has them: without zeros at the end. */
const THOUSANDTHS = Array.from({ length: 1000 }, (_, n) => String(n / 1000).slice(1));

/** A time of at least 0 in milliseconds as JSON, to the microsecond. A fraction of its own takes three times as long. */
function millisecondsText(timeMs: number): string {
  const us = Math.round(timeMs * 1000);
  const ms = Math.floor(us / 1000);
  return `${ms}${THOUSANDTHS[us - ms * 1000]}`;
}

function isOf(code: Status, error: unknown): error is ServerError {
  return error !== undefined && error instanceof ServerError && error.code === code;
}
