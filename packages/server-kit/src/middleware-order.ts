import type { ServerMiddleware } from "nice-grpc-common";
import type { AnyMiddleware, IncomingCallContext } from "./runtime.js";

/** The context after these middleware, outermost first. */
export type ContextAfter<
  M extends readonly AnyMiddleware[],
  Context = IncomingCallContext,
> = M extends readonly [
  ServerMiddleware<infer Ext, infer _Required>,
  ...infer Rest extends readonly AnyMiddleware[],
]
  ? ContextAfter<Rest, Context & Ext>
  : Context;

/** Anything, if each middleware finds in its context what it needs; else what the first one in the wrong place lacks. */
export type Ordered<M extends readonly AnyMiddleware[], Context = IncomingCallContext> = M extends readonly [
  ServerMiddleware<infer Ext, infer Required>,
  ...infer Rest extends readonly AnyMiddleware[],
]
  ? Context extends Required
    ? Ordered<Rest, Context & Ext>
    : { "a middleware must come after the one that adds": Required }
  : unknown;
