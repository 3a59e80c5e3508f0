import { checkOptions, rules, type RulesOf } from "@callwire/transport/server";
import type { Logger } from "./logger.js";
import { auth, type AuthContext, type AuthOptions } from "./middleware/auth.js";
import { errorBoundary } from "./middleware/error-boundary.js";
import { logging, type LoggingContext } from "./middleware/logging.js";
import { requestId, type RequestIdContext } from "./middleware/request-id.js";
import { requireRoles, type RequireRolesOptions } from "./middleware/require-roles.js";
import type { Middleware } from "./middleware.js";

/** Options for {@link defaultMiddleware}. */
export interface DefaultMiddlewareOptions {
  /** Takes one line for each call, and the causes of errors. */
  logger: Logger;
}

/** Options for {@link defaultMiddleware} with authentication. */
export interface DefaultMiddlewareWithAuthOptions<Identity> extends DefaultMiddlewareOptions {
  /** Tells who holds a token; as for `auth`. */
  verify: AuthOptions<Identity>["verify"];
}

/** Options for {@link defaultMiddleware} with authentication and roles. */
export interface DefaultMiddlewareWithRolesOptions<
  Identity,
> extends DefaultMiddlewareWithAuthOptions<Identity> {
  /** The roles that may call each method; as for `requireRoles`. */
  allow: RequireRolesOptions["allow"];
}

/** The default middleware of a server without authentication. */
export type DefaultMiddleware = readonly [
  Middleware<RequestIdContext>,
  Middleware<LoggingContext, { requestId?: string }>,
  Middleware<{}, { requestId?: string }>,
];

/** {@link DefaultMiddleware} with authentication. */
export type DefaultMiddlewareWithAuth<Identity> = readonly [
  ...DefaultMiddleware,
  Middleware<AuthContext<Identity>>,
];

/** {@link DefaultMiddleware} with authentication and roles. */
export type DefaultMiddlewareWithRoles<Identity> = readonly [
  ...DefaultMiddlewareWithAuth<Identity>,
  Middleware<{}, { auth: { readonly roles: readonly string[] } }>,
];

const optionRules: RulesOf<DefaultMiddlewareWithRolesOptions<unknown>> = {
  logger: rules.required(rules.objectWith("debug", "info", "warn", "error", "child")),
  verify: rules.callable,
  // `requireRoles` checks what is in it.
  allow: rules.someOptions,
};

/**
 * The middleware that every service needs, in their right order: request ids, a log line for each call, errors with details, and,
 * if they are asked for, authentication and roles. Your own come after them: `[...defaultMiddleware({ logger }), mine()]`.
 *
 * @throws {TypeError} that names an option that there is not, or that is wrong.
 */
export function defaultMiddleware<Identity extends { readonly roles: readonly string[] }>(
  options: DefaultMiddlewareWithRolesOptions<Identity>,
): DefaultMiddlewareWithRoles<Identity>;
export function defaultMiddleware<Identity>(
  options: DefaultMiddlewareWithAuthOptions<Identity>,
): DefaultMiddlewareWithAuth<Identity>;
export function defaultMiddleware(options: DefaultMiddlewareOptions): DefaultMiddleware;
export function defaultMiddleware(
  options: DefaultMiddlewareOptions & Partial<DefaultMiddlewareWithRolesOptions<unknown>>,
): readonly unknown[] {
  checkOptions("defaultMiddleware", options, optionRules);
  const { logger, verify, allow } = options;
  if (allow !== undefined && verify === undefined) {
    throw new TypeError("defaultMiddleware: allow needs verify, which tells who calls");
  }
  return [
    requestId(),
    logging({ logger }),
    errorBoundary({ logger }),
    ...(verify === undefined ? [] : [auth({ verify })]),
    ...(allow === undefined ? [] : [requireRoles({ allow })]),
  ];
}
