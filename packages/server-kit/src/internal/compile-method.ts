import type { ServerPhases } from "@callwire/transport/server";
import type { MethodDescriptor } from "nice-grpc-common";
import { selectionsOf, type Selection } from "./method-selection.js";
import { isGenerator, type AnyMiddleware } from "../middleware.js";
import { checkOne } from "./check-middleware.js";
import { checkOrder } from "./check-order.js";
import { compilePhases, type NamedPhases } from "./compile-phases.js";
import { aroundHandler, type ChainLink, type Handler } from "./generator-chain.js";
import { ignoreResult } from "./promises.js";

/** A list of middleware, compiled for one method. */
export interface CompiledMethod {
  /** The functions that a runtime calls at each phase. */
  phases: ServerPhases;
  /** The generators of the list, outermost first. */
  generators: readonly ChainLink["generator"][];
  /** Puts the generators of the list around the method's handler; undefined if there are none. */
  around: ((handler: Handler) => Handler) | undefined;
}

/** Options of {@link compileMethod}. */
export interface CompileOptions {
  /** True if the order was checked already. Default: false. */
  checked?: boolean;
  /** Hears of what middleware select that a middleware's `for` has made. Default: nobody does. */
  onSelection?: (selection: Selection) => void;
}

/**
 * Compiles a list of middleware, outermost first, for one method.
 *
 * @throws {Error} that names a middleware in the wrong place.
 */
export function compileMethod(
  list: readonly AnyMiddleware[],
  method: MethodDescriptor,
  { checked = false, onSelection }: CompileOptions = {},
): CompiledMethod {
  const all: NamedPhases[] = [];
  const links: (ChainLink & { inside: NamedPhases[] })[] = [];
  const resolved = list.map((one) => resolve(one, method, onSelection)).filter((one) => one !== undefined);
  if (!checked) checkOrder(resolved, method);
  for (const one of resolved) {
    if (isGenerator(one)) {
      links.push({ generator: one, inside: [] });
      continue;
    }
    const phases = one as NamedPhases;
    all.push(phases);
    links.at(-1)?.inside.push(phases);
  }
  const outside = links.length === 0 ? all : all.slice(0, all.length - count(links));
  const phases = compilePhases(all, outside);
  const generators = links.map(({ generator }) => generator);
  if (links.length === 0) return { phases, generators, around: undefined };
  const lazy = Object.keys(phases.lazy ?? {});
  return {
    phases,
    generators,
    around: (handler) => aroundHandler(method, links, outside.length, lazy, handler),
  };
}

/** The middleware that one is for a method; undefined if it is none. */
function resolve(
  middleware: AnyMiddleware,
  method: MethodDescriptor,
  onSelection: CompileOptions["onSelection"],
): AnyMiddleware | undefined {
  let one: AnyMiddleware | undefined = middleware;
  while (one !== undefined && !isGenerator(one) && one.for !== undefined) {
    const { name } = one;
    one = one.for(method);
    // What is no middleware, such as a promise of one, would guard nothing.
    if (one !== undefined) checkFound(name, method, one);
    // What is in the list itself was looked at as a whole.
    if (one !== undefined && onSelection && selectionsOf(middleware).length === 0)
      selectionsOf(one).forEach(onSelection);
  }
  return one;
}

/** @throws {TypeError} if what a middleware's `for` has returned is none. */
function checkFound(name: string, method: MethodDescriptor, found: unknown): void {
  ignoreResult(found, () => {});
  checkOne(`what the middleware ${name} returns from for (${method.path.slice(1)})`, found);
}

function count(links: readonly ChainLink[]): number {
  return links.reduce((sum, { inside }) => sum + inside.length, 0);
}
