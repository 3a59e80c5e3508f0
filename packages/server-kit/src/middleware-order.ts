import type { ServerCallContext } from "@callwire/transport/server";
import type { AnyMiddleware, KitContext, TypeOf } from "./middleware.js";

/** The context of a server without middleware. */
type BaseContext = ServerCallContext & KitContext;

/** The context after these middleware, outermost first: what the handlers get. */
export type ContextAfter<M extends readonly AnyMiddleware[], Context = BaseContext> = M extends readonly [
  infer First,
  ...infer Rest extends readonly AnyMiddleware[],
]
  ? ContextAfter<Rest, Context & TypeOf<First, "adds">>
  : Context;

/**
 * Anything, if each middleware finds in its context what it needs; else what the first one in the wrong place lacks. Phases run
 * before a generator does, so they find nothing that a generator adds.
 */
export type Ordered<
  M extends readonly AnyMiddleware[],
  Context = BaseContext,
  PhaseContext = BaseContext,
> = M extends readonly [infer First, ...infer Rest extends readonly AnyMiddleware[]]
  ? (TypeOf<First, "sees"> extends "phases" ? PhaseContext : Context) extends KitContext &
      TypeOf<First, "needs">
    ? Ordered<
        Rest,
        Context & TypeOf<First, "adds">,
        TypeOf<First, "sees"> extends "phases" ? PhaseContext & TypeOf<First, "adds"> : PhaseContext
      >
    : { "a middleware must come after the one that adds": TypeOf<First, "needs"> }
  : unknown;
