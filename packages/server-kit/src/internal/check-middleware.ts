import { checkGenerator, didYouMean, kindOf, rules } from "@callwire/transport/server";
import type { AnyMiddleware, Middleware } from "../middleware.js";

const known: Readonly<Record<keyof Middleware, true>> = {
  name: true,
  lazy: true,
  arrived: true,
  request: true,
  response: true,
  failed: true,
  faulted: true,
  ended: true,
  for: true,
  adds: true,
  needs: true,
  uses: true,
} as Readonly<Record<keyof Middleware, true>>;
const names = Object.keys(known);
const phases = ["arrived", "request", "response", "failed", "faulted", "ended", "for"];
/** The kit's own factories, which are easily put into a list without being called. */
const factories = new Set(["auth", "errorBoundary", "logging", "requestId", "requireRoles"]);
/** The most letters that may be wrong in a phase: a middleware may have other properties of its own. */
const MAX_DISTANCE = 2;

/**
 * Checks a list of middleware.
 *
 * @throws {TypeError} that names what is no middleware by its place, a factory that was not called, or a misspelt phase.
 */
export function checkMiddleware(list: unknown): asserts list is readonly AnyMiddleware[] {
  if (!Array.isArray(list)) {
    throw new TypeError(
      `createServer: middleware is ${kindOf(list)}: it must be an array of middleware, outermost first`,
    );
  }
  for (const [index, one] of (list as unknown[]).entries())
    checkOne(`createServer: middleware[${index}]`, one);
}

/**
 * Checks one middleware.
 *
 * @param place What it is called in errors.
 * @throws {TypeError} As {@link checkMiddleware}.
 */
export function checkOne(place: string, one: unknown): void {
  if (typeof one === "function") {
    const notCalled = factories.has(one.name) && one.length < 2;
    if (notCalled) throw new TypeError(`${place} is ${one.name} itself: call it, as in ${one.name}({ … })`);
    checkGenerator(place, one);
    return;
  }
  if (!rules.anyObject.accepts(one)) {
    throw new TypeError(`${place} is ${kindOf(one)}: it must be a middleware`);
  }
  const middleware = one as Record<string, unknown>;
  if (typeof middleware["name"] !== "string") {
    throw new TypeError(`${place} has no name: a middleware names itself in errors`);
  }
  for (const name of Object.keys(middleware)) {
    const hint = names.includes(name) ? "" : didYouMean(name, names, MAX_DISTANCE);
    if (hint !== "") throw new TypeError(`${place} (${middleware["name"]}) has no phase '${name}'${hint}`);
  }
  for (const name of phases) {
    const phase = middleware[name];
    if (phase === undefined || typeof phase === "function") continue;
    throw new TypeError(
      `${place} (${middleware["name"]}): ${name} is ${kindOf(phase)}: it must be a function`,
    );
  }
}
