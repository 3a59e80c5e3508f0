import type { MethodDescriptor } from "nice-grpc-common";
import { DirectCall } from "./direct-call.js";
import type { DirectCalls } from "./direct-calls.js";
import type { DirectArrival, DirectlyServed } from "./direct-types.js";

/** A method of a server, to be called in its process, with all the server's middleware and without gRPC. */
export interface DirectMethod {
  readonly descriptor: MethodDescriptor;
  /** The method in the definition that was given to `add`: its message types, and what else a generator has put there. */
  readonly definition: object;
  /**
   * Begins a call. Nothing runs before its `unary` or `stream`.
   *
   * @throws {ServerError} UNAVAILABLE if the server is stopping.
   */
  open(arrival: DirectArrival): DirectCall;
}

/** Describes a method that can be called directly. */
export function directMethod(served: DirectlyServed, calls: DirectCalls): DirectMethod {
  class Call extends DirectCall {}
  const parts = Object.entries(served.phases?.lazy ?? {});
  for (const [index, [name, make]] of parts.entries()) DirectCall.addPart(Call.prototype, name, index, make);
  return {
    descriptor: served.descriptor,
    definition: served.definition,
    open(arrival) {
      calls.check();
      const call = new Call(served, arrival, calls);
      calls.add(call);
      return call;
    },
  };
}
