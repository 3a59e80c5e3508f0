import type { CallContext, MethodDescriptor, ServerMiddleware } from "nice-grpc-common";
import type { Codec } from "../grpc/definitions.js";

/** A handler, of any call shape. */
export type Handler = (request: unknown, context: CallContext) => unknown;

/** A method that is served. */
export interface ServerMethod {
  descriptor: MethodDescriptor;
  request: Codec;
  response: Codec;
  handler: Handler;
  middleware: ServerMiddleware | undefined;
}
