import { EdgeError } from "../errors/edge-error.js";
import { isPreflight, mayCall, originNotAllowed } from "../http/cors.js";
import type { Exchange } from "../http/exchange.js";
import { isToken } from "../http/header-list.js";
import { commonHeaders } from "./answer.js";
import type { EdgeSettings } from "./settings.js";

/** Answers a request by a method that its path does not have: OPTIONS says which it has. @throws {EdgeError} for any other. */
export function refuseMethod(
  exchange: Exchange,
  allowed: readonly string[],
  settings: EdgeSettings,
): undefined {
  if (exchange.method !== "OPTIONS") throw notAllowed(allowed);
  if (isPreflight(exchange) && settings.cors === undefined && !mayCall(exchange, undefined))
    throw originNotAllowed(exchange);
  const methods = allowed.flatMap((method) => (method === "*" ? askedMethod(exchange) : method));
  const headers = commonHeaders(exchange, settings);
  headers.push(...(settings.cors?.preflight(exchange, methods) ?? []), "allow", methods.join(", "));
  exchange.respond({ status: 204, headers }, undefined);
  return undefined;
}

/** The method that a page asks for: a path that takes any takes this one. */
function askedMethod(exchange: Exchange): string[] {
  const method = exchange.header("access-control-request-method") ?? "";
  return isToken(method) ? [method] : [];
}

/** Refuses a method of HTTP, and names those that a path has. */
export function notAllowed(allowed: readonly string[]): EdgeError {
  const allow = allowed.join(", ");
  return new EdgeError("METHOD_NOT_ALLOWED", `this path takes ${allow}`, { allow });
}
