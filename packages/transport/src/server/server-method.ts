import type { CallContext, MethodDescriptor, ServerMiddleware } from "nice-grpc-common";
import type { Codec } from "../grpc/definitions.js";
import type { ContextClass } from "./call-context.js";
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
  /** Makes the context of a call. */
  contextClass: ContextClass;
}
