import { isToken } from "../http/header-list.js";

/** A rule of google.api.http, as protoc-gen-callwire writes it into a definition: one for each binding. */
export interface HttpRule {
  /** The HTTP method, in capitals; `*` for any (a `custom` rule). */
  readonly method: string;
  /** The path template. */
  readonly path: string;
  /** The field that the body is, `*` for all that the path does not have. Default: there is no body. */
  readonly body?: string;
  /** The field of the response that is sent. Default: all of it. */
  readonly responseBody?: string;
}

/** The rules that a method of a definition has. @throws {Error} for what is no list of rules. */
export function httpRulesOf(method: object): readonly HttpRule[] {
  const { http } = method as { http?: unknown };
  if (http === undefined) return [];
  if (!Array.isArray(http)) throw new Error("has http rules that are no list");
  for (const rule of http as unknown[]) {
    const { method: httpMethod, path } = (rule ?? {}) as Partial<Record<keyof HttpRule, unknown>>;
    if (typeof httpMethod !== "string" || !isToken(httpMethod))
      throw new Error(`has a rule without an HTTP method: ${JSON.stringify(rule)}`);
    if (typeof path !== "string") throw new Error(`has a rule without a path: ${JSON.stringify(rule)}`);
  }
  return http as HttpRule[];
}
