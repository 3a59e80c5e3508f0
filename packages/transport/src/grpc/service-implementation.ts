import type {
  CompatServiceDefinition,
  MethodDefinition,
  MethodRequestOut,
  MethodResponseIn,
  NormalizedServiceDefinition,
} from "./definition-types.js";
import type { CallContext } from "nice-grpc-common";

// The types of nice-grpc's handlers, so that the declarations of this package do not need nice-grpc. A handler of nice-grpc's is one of
// these.

/**
 * The handlers of a service, by the names of its methods. `Context` is what middleware add to the context of a call. One that
 * answers with one message returns it, or a promise of it: an answer that is there at once makes no promise.
 */
export type ServiceImplementation<Service extends CompatServiceDefinition, Context = {}> = {
  [Method in keyof NormalizedServiceDefinition<Service>]: Handler<
    NormalizedServiceDefinition<Service>[Method],
    Context
  >;
};

// oxlint-disable-next-line typescript/no-explicit-any -- a method of any messages
type AnyMethod = MethodDefinition<any, any, any, any>;

/** The handler of a method, by its shape. */
type Handler<Method, Context> = Method extends AnyMethod
  ? (
      request: Method["requestStream"] extends true
        ? AsyncIterable<MethodRequestOut<Method>>
        : MethodRequestOut<Method>,
      context: CallContext & Context,
    ) => Method["responseStream"] extends true
      ? { [Symbol.asyncIterator](): AsyncIterator<MethodResponseIn<Method>, void> }
      : Promise<MethodResponseIn<Method>> | MethodResponseIn<Method>
  : never;
