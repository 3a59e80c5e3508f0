import { checkValue, rules, type ClientPhases } from "@callwire/transport/seam";
import type { ClientMiddleware, MethodDescriptor } from "nice-grpc-common";
import { composePhases } from "./compose-phases.js";
import { phasedMiddleware } from "./phased-middleware.js";

/** Compiles the list for each method that is called, once. */
function phasesByPath(list: readonly ClientPhases[]): (method: MethodDescriptor) => ClientPhases | undefined {
  const compiled = new Map<string, ClientPhases | undefined>();
  return (method) => {
    if (!compiled.has(method.path)) compiled.set(method.path, composePhases(method, list));
    return compiled.get(method.path);
  };
}

/** The call options of a whole list together. */
type All<Options extends object[]> = Options extends [infer First, ...infer Rest extends object[]]
  ? First & All<Rest>
  : object;

/**
 * Makes a nice-grpc middleware of this package's, outermost first, for a client that is made without it.
 *
 * ```ts
 * const factory = createClientFactory().use(toNiceGrpc(callErrors(), requestId(), deadline(), retry()));
 * ```
 *
 * One generator runs them all. Each can be attached by itself too: nice-grpc invokes what is attached first last.
 */
export function toNiceGrpc<Options extends object[]>(
  ...middleware: { [Each in keyof Options]: ClientPhases<Options[Each]> }
): ClientMiddleware<All<Options>> {
  for (const each of middleware)
    checkValue("toNiceGrpc", "a middleware", each, rules.required(rules.anyObject));
  return phasedMiddleware(phasesByPath(middleware));
}
