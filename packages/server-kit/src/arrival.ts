import type { ServerMiddleware } from "nice-grpc-common";
import type { IncomingCall, MaybePromise, Refusal } from "./runtime.js";

/**
 * What a middleware does when a call's metadata has arrived and its body has not been read yet. Nice-grpc runs
 * middleware of a unary call only after its body is parsed; these run before.
 */
export interface ArrivalHooks {
  /** Decides on the call; throwing refuses it with that error. Hooks run in the order of their middleware. */
  admit?(call: IncomingCall): MaybePromise<void>;
  /** Told that a call whose `admit` ran was refused, by this hook or a later one; may add to the trailers. */
  refused?(call: IncomingCall, refusal: Refusal): void;
}

const hooksKey = Symbol.for("callwire.arrivalHooks");

/** Gives a middleware hooks that `createServer` runs when a call's metadata arrives. */
export function withArrivalHooks<Ext, Required>(
  middleware: ServerMiddleware<Ext, Required>,
  hooks: ArrivalHooks,
): ServerMiddleware<Ext, Required> {
  return Object.assign(middleware, { [hooksKey]: hooks });
}

/** The hooks that {@link withArrivalHooks} gave a middleware. */
export function arrivalHooksOf(middleware: object): ArrivalHooks | undefined {
  return (middleware as { [hooksKey]?: ArrivalHooks })[hooksKey];
}
