import { checkOptions, rules, type RulesOf } from "@callwire/transport/server";
import type { ServerError } from "nice-grpc-common";
import type { Logger } from "pino";
import { ServiceError } from "../errors/service-error.js";
import { setStatusDetails, statusDetailsKey } from "../errors/status-details.js";
import { toServerError } from "../errors/to-server-error.js";
import { isCancellation } from "../internal/abort.js";
import { splitPath } from "../internal/method.js";
import { ignoreResult } from "../internal/promises.js";
import { warn } from "../internal/warn.js";
import type { Middleware, PhaseContext } from "../middleware.js";

/** Options for {@link errorBoundary}. */
export interface ErrorBoundaryOptions {
  /**
   * Takes each error that was not made on purpose, at level error, and the `cause` of each one that was, at level warn.
   */
  logger: Pick<Logger, "error" | "warn">;
  /** ErrorInfo's domain. Default: the full name of the service that was called, like `users.UserService`. */
  domain?: string;
}

const optionRules: RulesOf<ErrorBoundaryOptions> = {
  logger: rules.required(rules.objectWith("error", "warn")),
  domain: rules.nonEmptyText,
};

/**
 * The one place where errors leave the server. An error made on purpose goes out with its google.rpc details, which
 * always have an ErrorInfo; anything else goes out as INTERNAL with a fixed message, and its cause to the log.
 * Place it inside `logging` and outside everything that throws. Details that a middleware inside of it has put into the
 * trailers for an error of its own kind stay.
 */
export function errorBoundary(options: ErrorBoundaryOptions): Middleware<{}, { requestId?: string }> {
  checkOptions("errorBoundary", options, optionRules);
  const { logger, domain } = options;

  const fieldsOf = (call: PhaseContext<{}, { requestId?: string }>) => {
    const { service, method } = splitPath(call.method.path);
    return { "grpc.service": service, "grpc.method": method, request_id: call.requestId };
  };

  const log = (thrown: unknown, error: ServerError, call: PhaseContext<{}, { requestId?: string }>) => {
    const fields = fieldsOf(call);
    if (error !== thrown) write("error", { err: thrown ?? String(thrown), ...fields }, "unexpected error");
    else if (error.cause !== undefined) write("warn", { err: error.cause, ...fields }, "cause of an error");
  };

  /** The thrown value may be anything, even one that cannot be logged. */
  const write = (level: "error" | "warn", fields: { err: unknown; request_id: unknown }, message: string) => {
    const onFault = (unlogged: unknown) => {
      warn(`the cause of an error cannot be logged (request ${String(fields.request_id)})`, unlogged);
    };
    try {
      ignoreResult(logger[level](fields, message), onFault);
    } catch (unlogged) {
      onFault(unlogged);
    }
  };

  return {
    name: "errorBoundary",
    uses: ["requestId"],
    failed(thrown, call) {
      if (isCancellation(thrown, call)) return thrown;
      const error = toServerError(thrown);
      log(thrown, error, call);
      if (error instanceof ServiceError || !call.trailer.has(statusDetailsKey)) {
        setStatusDetails(call.trailer, error, domain ?? splitPath(call.method.path).service);
      }
      return error;
    },
    faulted(error, call) {
      write("error", { err: error ?? String(error), ...fieldsOf(call) }, "error beside the call's result");
    },
  };
}
