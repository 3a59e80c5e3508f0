import type {
  CompatServiceDefinition,
  MethodDefinition,
  MethodRequestOut,
  MethodResponseIn,
  NormalizedServiceDefinition,
} from "./definition-types.js";
import type { CallContext } from "nice-grpc-common";

// The types of nice-grpc's handlers, so that the declarations of this package do not need nice-grpc. Each is assignable to its namesake
// there and the other way round.

/** The handlers of a service, by the names of its methods. `Context` is what middleware add to the context of a call. */
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
      : Promise<MethodResponseIn<Method>>
  : never;
