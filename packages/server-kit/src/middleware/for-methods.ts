import type { MethodDescriptor, ServerMiddleware } from "nice-grpc-common";
import { checkValue, rules } from "@callwire/transport/server";
import {
  isNamed,
  methodNamesOf,
  selectionsOf,
  withMethodNames,
  withSelections,
} from "../internal/method-selection.js";
import type { AnyMiddleware, Middleware, SelectedServerMiddleware } from "../middleware.js";

/**
 * Says which methods: `users.UserService/GetUser`, all of a service by `users.UserService/*`, a function, or several of
 * these. A name that no method has is an error of `listen`, and so is a match that hits no method.
 */
export type MethodMatch = string | ((method: MethodDescriptor) => boolean) | readonly MethodMatch[];

/** True if `match` names the method. */
export function matchesMethod(match: MethodMatch, method: MethodDescriptor): boolean {
  if (typeof match === "function") return match(method);
  if (typeof match !== "string") return match.some((one) => matchesMethod(one, method));
  return isNamed(match, method.path);
}

/** All methods that `match` does not name. */
export function except(match: MethodMatch): MethodMatch {
  checkValue("except", "the match", match, matchRule);
  return withMethodNames((method: MethodDescriptor) => !matchesMethod(match, method), namesIn(match));
}

/**
 * A middleware only for the methods that `match` says. A handler of another method does not have its context, so what it adds
 * is optional there. Which methods are meant is found out once for each, when its service is added.
 */
export function forMethods<Ext, Required>(
  match: MethodMatch,
  middleware: ServerMiddleware<Ext, Required> | SelectedServerMiddleware<Ext, Required>,
): SelectedServerMiddleware<Partial<Ext>, Required>;
export function forMethods<Ext, Required>(
  match: MethodMatch,
  middleware: Middleware<Ext, Required>,
): Middleware<Partial<Ext>, Required>;
export function forMethods(
  match: MethodMatch,
  middleware: AnyMiddleware,
  // oxlint-disable-next-line typescript/no-explicit-any -- the overloads say what it adds and needs
): any {
  checkValue("forMethods", "the match", match, matchRule);
  checkValue("forMethods", "the middleware", middleware, middlewareRule);
  const selects = (method: MethodDescriptor) => matchesMethod(match, method);
  const name = `forMethods(${middleware.name})`;
  const selected: Middleware = { name, for: (method) => (selects(method) ? middleware : undefined) };
  const inner = selectionsOf(middleware).map((one) => ({
    ...one,
    selects: (method: MethodDescriptor) => selects(method) && one.selects(method),
  }));
  return withSelections(selected, [{ of: name, names: namesIn(match), selects }, ...inner]);
}

const matchRule = rules.required(
  rules.rule(
    "a text like 'pkg.Service/Method' or 'pkg.Service/*', a function, or an array of these",
    isMatch,
  ),
);

const middlewareRule = rules.required(
  rules.rule(
    "a middleware; the match comes first",
    (value) => typeof value === "function" || (typeof value === "object" && value !== null),
  ),
);

function isMatch(value: unknown): boolean {
  return (
    typeof value === "string" || typeof value === "function" || (Array.isArray(value) && value.every(isMatch))
  );
}

function namesIn(match: MethodMatch): readonly string[] {
  if (typeof match === "string") return [match];
  return typeof match === "function" ? methodNamesOf(match) : match.flatMap(namesIn);
}
