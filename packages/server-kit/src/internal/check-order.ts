import type { MethodDescriptor } from "nice-grpc-common";
import { isGenerator, type AnyMiddleware, type Middleware } from "../middleware.js";

// The compiler checks the order by the types of a list. This finds what it could not see: lists that are put together when
// the program runs, in JavaScript, or of middleware whose need is optional.

/**
 * Checks that each middleware comes after the ones whose additions it needs or uses.
 *
 * @throws {Error} that names the middleware, what it lacks, and the one that adds it.
 */
export function checkOrder(list: readonly AnyMiddleware[], { path }: MethodDescriptor): void {
  const added = new Set<string>();
  for (const [index, one] of list.entries()) {
    if (isGenerator(one)) continue;
    const { name, needs = [], uses = [] } = one as Middleware;
    const later = (part: string) => list.slice(index).find((other) => additionsOf(other).includes(part));
    for (const part of needs) {
      if (added.has(part)) continue;
      const adds = later(part);
      throw new Error(
        `${path}: the middleware ${name} needs '${part}' in its context, ` +
          (adds === undefined
            ? "and no middleware adds it"
            : `and must come after ${adds.name}, which adds it`),
      );
    }
    for (const part of uses) {
      const adds = added.has(part) ? undefined : later(part);
      if (adds !== undefined) {
        throw new Error(
          `${path}: the middleware ${name} uses '${part}' of its context, and must come after ${adds.name}, which adds it`,
        );
      }
    }
    for (const part of additionsOf(one)) added.add(part);
  }
}

function additionsOf(middleware: AnyMiddleware): readonly string[] {
  if (isGenerator(middleware)) return [];
  const { adds = [], lazy = {} } = middleware as Middleware<Record<string, unknown>>;
  return [...adds, ...Object.keys(lazy)];
}
