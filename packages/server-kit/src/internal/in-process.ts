import type { InProcessServer } from "@callwire/transport/client";
import type { ServerPhases } from "@callwire/transport/server";
import type { MethodDescriptor } from "nice-grpc-common";

/** The inside of a server, for the entry point of tests: what a server that runs has no need of. */
export interface ServerInternals {
  /** The phases of each method that was added, which the runtime reads at each call. */
  readonly phases: ReadonlyMap<MethodDescriptor, ServerPhases>;
  /**
   * Begins to serve within the process, as `listen` does on an address.
   *
   * @throws {Error} as `listen`, or if the runtime has no connections within the process.
   */
  open(): Promise<InProcessServer>;
}

const internals = new WeakMap<object, ServerInternals>();

/** Keeps the inside of a server for {@link internalsOf}. */
export function keepInternals<Server extends object>(server: Server, inside: ServerInternals): Server {
  internals.set(server, inside);
  return server;
}

/** The inside of a server; undefined if `createServer` of this package has not made it. */
export function internalsOf(server: object): ServerInternals | undefined {
  return internals.get(server);
}
