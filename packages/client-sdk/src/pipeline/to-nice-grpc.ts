import type { ClientPhases } from "@callwire/transport";
import type { ClientMiddleware, MethodDescriptor } from "nice-grpc-common";
import { composePhases } from "./compose-phases.js";
import { phasedMiddleware } from "./phased-middleware.js";

/** Compiles the list for each method that is called, once. */
export function phasesByPath(
  list: readonly ClientPhases[],
): (method: MethodDescriptor) => ClientPhases | undefined {
  const compiled = new Map<string, ClientPhases | undefined>();
  return (method) => {
    if (!compiled.has(method.path)) compiled.set(method.path, composePhases(method, list));
    return compiled.get(method.path);
  };
}

/**
 * Makes a nice-grpc middleware of one of this package's, for a client that is made without it.
 *
 * ```ts
 * const factory = createClientFactory().use(toNiceGrpc(retry())).use(toNiceGrpc(deadline()));
 * ```
 *
 * nice-grpc invokes what is attached first last. With several it is cheaper to give them all, outermost first:
 * `use(toNiceGrpc(callErrors(), requestId(), deadline(), retry()))`.
 */
export function toNiceGrpc<Options extends object = object>(
  ...middleware: ClientPhases<Options>[]
): ClientMiddleware<Options> {
  return phasedMiddleware(phasesByPath(middleware));
}
