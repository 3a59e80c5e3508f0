import type { CallContext, MethodDescriptor, ServerMiddleware } from "nice-grpc-common";
import type { Codec } from "../grpc/definitions.js";
import type { ContextClass } from "./call-context.js";
import type { ResponseFields } from "./response-writer.js";
import type { ServerPhases } from "./server-phases.js";

/** A handler, of any call shape. */
export type Handler = (request: unknown, context: CallContext) => unknown;

/** A method that is served. */
export interface ServerMethod {
  descriptor: MethodDescriptor;
  request: Codec;
  response: Codec;
  handler: Handler;
  /** Nice-grpc's middleware around the handler. */
  middleware: ServerMiddleware | undefined;
  /** The phases around the handler. */
  phases: ServerPhases | undefined;
  /** The fields that begin a response. */
  responseFields: ResponseFields;
  /** Makes the context of a call. */
  contextClass: ContextClass;
}

/** The methods that are served, by their paths. */
export class ServedMethods extends Map<string, ServerMethod> {
  /** By the beginning of a service's paths, `/package.Service/`. */
  readonly #contracts = new Map<string, string>();

  /** Notes the contract of a method's service. */
  setContract(path: string, contract: string): void {
    this.#contracts.set(serviceOf(path), contract);
  }

  /** The contract of the service that a path names, whether it has such a method or not. */
  contractAt(path: string): string | undefined {
    return this.#contracts.get(serviceOf(path));
  }
}

function serviceOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/") + 1);
}
