import { EdgeError } from "../errors/edge-error.js";
import { mayCall, originNotAllowed } from "../http/cors.js";
import type { Exchange } from "../http/exchange.js";
import { commonHeaders } from "./answer.js";
import type { EdgeSettings } from "./settings.js";

/** Answers a request by a method that its path does not have: OPTIONS says which it has. @throws {EdgeError} for any other. */
export function refuseMethod(
  exchange: Exchange,
  allowed: readonly string[],
  settings: EdgeSettings,
): undefined {
  if (exchange.method !== "OPTIONS") throw notAllowed(allowed);
  const isAsked = exchange.header("access-control-request-method") !== undefined;
  if (isAsked && settings.cors === undefined && !mayCall(exchange, undefined))
    throw originNotAllowed(exchange);
  const headers = commonHeaders(exchange, settings);
  headers.push(...(settings.cors?.preflight(exchange, allowed) ?? []), "allow", allowed.join(", "));
  exchange.respond({ status: 204, headers }, undefined);
  return undefined;
}

/** Refuses a method of HTTP, and names those that a path has. */
export function notAllowed(allowed: readonly string[]): EdgeError {
  const allow = allowed.join(", ");
  return new EdgeError("METHOD_NOT_ALLOWED", `this path takes ${allow}`, { allow });
}
