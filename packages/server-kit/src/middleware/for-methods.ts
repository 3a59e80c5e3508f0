import type { MethodDescriptor, ServerMiddleware } from "nice-grpc-common";
import { isNamed, methodNamesOf, withMethodNames } from "../internal/method-names.js";
import type { AnyMiddleware, Middleware, SelectedServerMiddleware } from "../middleware.js";

/**
 * Says which methods: `users.UserService/GetUser`, all of a service by `users.UserService/*`, a function, or several of
 * these. A name that no method has is an error of `listen`.
 */
export type MethodMatch = string | ((method: MethodDescriptor) => boolean) | readonly MethodMatch[];

/** True if a method is among those that `match` says. */
export function matchesMethod(match: MethodMatch, method: MethodDescriptor): boolean {
  if (typeof match === "function") return match(method);
  if (typeof match !== "string") return match.some((one) => matchesMethod(one, method));
  return isNamed(match, method.path);
}

/** All methods but those that `match` says. */
export function except(match: MethodMatch): MethodMatch {
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
  const selected: Middleware = {
    name: `forMethods(${middleware.name})`,
    for: (method) => (matchesMethod(match, method) ? middleware : undefined),
  };
  return withMethodNames(selected, [...namesIn(match), ...methodNamesOf(middleware)]);
}

function namesIn(match: MethodMatch): readonly string[] {
  if (typeof match === "string") return [match];
  return typeof match === "function" ? methodNamesOf(match) : match.flatMap(namesIn);
}
