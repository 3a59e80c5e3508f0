import type { ClientPhases, RuntimeMethod } from "@callwire/transport/seam";
import { type ClientMiddleware, composeClientMiddleware, type MethodDescriptor } from "nice-grpc-common";
import type { Middleware } from "../client-options.js";
import { composePhases } from "./compose-phases.js";
import { generatorMethod } from "./generator-method.js";
import { toNiceGrpc } from "./to-nice-grpc.js";

/** The middleware around the calls of a client. */
export interface ClientPipeline {
  /** The phases that the runtime runs around each attempt and call of a method. */
  phasesOf(method: MethodDescriptor): ClientPhases | undefined;
  /** The method as the client's callers get it: the runtime's own, unless its calls pass generators. */
  around(method: MethodDescriptor, inner: RuntimeMethod): RuntimeMethod;
}

/**
 * Compiles middleware, outermost first. What stands inside the last generator, or all if there is none, is for the runtime.
 * The phases outside of it run as a generator too.
 */
export function clientPipeline(list: readonly Middleware[]): ClientPipeline {
  const last = list.findLastIndex((each) => typeof each === "function");
  const inner = list.slice(last + 1) as ClientPhases[];
  const generators = generatorsOf(list.slice(0, last + 1));
  return {
    phasesOf: (method) => composePhases(method, inner),
    around: (method, own) =>
      // The first composed is invoked last.
      generators.length === 0
        ? own
        : generatorMethod(method, generators.toReversed().reduce(composeClientMiddleware), own),
  };
}

/** Middleware as generators, where phases that follow each other become one. */
function generatorsOf(list: readonly Middleware[]): ClientMiddleware[] {
  const generators: ClientMiddleware[] = [];
  let phases: ClientPhases[] = [];
  for (const each of list) {
    if (typeof each !== "function") {
      phases.push(each);
      continue;
    }
    if (phases.length > 0) generators.push(toNiceGrpc(...phases));
    phases = [];
    generators.push(each);
  }
  return generators;
}
