import type { ServerCallContext } from "@callwire/transport/server";
import type { MethodDescriptor, ServerMiddleware, Status } from "nice-grpc-common";

/** The parts of every context beside the transport's. */
export interface KitContext {
  /** The call itself. Of use where a context was copied, and for what takes a call and no more. */
  readonly call: ServerCallContext;
}

/**
 * The context that the phases of a {@link Middleware} get: one object for each call, the same that the handler gets. `arrived`
 * puts what the middleware adds there by assignment.
 */
export type PhaseContext<Ext = {}, Required = {}> = ServerCallContext &
  KitContext &
  Required & { -readonly [Name in keyof Ext]?: Ext[Name] };

declare const types: unique symbol;

/**
 * A middleware: what it does at each phase of a call. All phases are optional, and a call pays for those that are there. A
 * server compiles its list of middleware into one function for each phase of each method.
 *
 * A phase sees what middleware of this kind have added before it. What generators of nice-grpc add, the ones inside of them
 * and the handler see.
 *
 * @template Ext What it adds to the context.
 * @template Required What it needs there: a middleware before it must add that.
 */
export interface Middleware<Ext = {}, Required = {}> {
  /** Names it in errors and warnings. */
  readonly name: string;
  /** The parts of `Ext` that are made when they are first read, at most once for each call. */
  readonly lazy?: { readonly [Name in keyof Ext]?: (call: PhaseContext<Ext, Required>) => Ext[Name] };
  /**
   * The call's metadata are there, and its body is not. Adds to the context. What it throws, or rejects with, refuses the
   * call. It should return a promise only if it must wait. Outermost first.
   */
  arrived?(call: PhaseContext<Ext, Required>): void | Promise<void>;
  /** A message of the request is decoded. Returns the message for the handler. Outermost first. */
  request?(message: unknown, call: PhaseContext<Ext, Required>): unknown;
  /** The handler has given a message. Returns the message to send. Innermost first. */
  response?(message: unknown, call: PhaseContext<Ext, Required>): unknown;
  /**
   * The call fails, or was refused, with what was thrown; its status has not been sent. Returns the error for the ones outside
   * of it, and in the end for the client. It may add to the trailers. Innermost first, of those whose `arrived` has run.
   */
  failed?(thrown: unknown, call: PhaseContext<Ext, Required>): unknown;
  /**
   * The call has ended, with the status that its client sees. Exactly once for each call whose `arrived` has run, though a
   * handler that heeds no signal may still run. Innermost first.
   *
   * @param error The error whose status went out; undefined if nothing was thrown.
   */
  ended?(call: PhaseContext<Ext, Required>, code: Status, error: unknown): void;
  /**
   * Something of the application's has thrown where it fails nothing any more: a listener of the call's signal, or a phase that
   * must not throw. Default, if no middleware has it: a warning of the process. Innermost first.
   */
  faulted?(error: unknown, call: PhaseContext<Ext, Required>): void;
  /**
   * Makes a middleware of its own for a method, once, when the method's service is added; undefined for none. Other phases of
   * one that has it are passed over.
   */
  for?(method: MethodDescriptor): AnyMiddleware | undefined;
  /** The names of what `arrived` adds. With `needs` and `uses` it lets a server find a wrong order when it starts. */
  readonly adds?: readonly (string & keyof Ext)[];
  /** The names of what it needs in the context: a middleware before it must add each. */
  readonly needs?: readonly string[];
  /** The names of what it uses if it is there: a middleware that adds one must not come after it. */
  readonly uses?: readonly string[];
  /** For the compiler alone; never there. */
  readonly [types]?: { adds: Ext; needs: Required; sees: "phases" };
}

/** A nice-grpc middleware for some methods. Made by `forMethods`. */
export interface SelectedServerMiddleware<Ext = {}, Required = {}> {
  readonly name: string;
  /** The middleware, for a method that is meant. */
  for(method: MethodDescriptor): AnyMiddleware | undefined;
  /** For the compiler alone; never there. */
  readonly [types]?: { adds: Ext; needs: Required; sees: "all" };
}

/** A middleware of any kind, whatever it adds and needs: `Ordered` checks each of a list against the others. */
export type AnyMiddleware =
  // oxlint-disable-next-line typescript/no-explicit-any -- lets an array hold middleware of different contexts
  ServerMiddleware<any, any> | Middleware<any, any> | SelectedServerMiddleware<any, any>;

/** The parts of the context that a middleware adds, needs, and sees if others have added them. */
interface MiddlewareTypes {
  adds: unknown;
  needs: unknown;
  sees: "phases" | "all";
}

interface NoTypes {
  adds: {};
  needs: {};
  sees: "phases";
}

/** One of the {@link MiddlewareTypes} of a middleware. One that does not say adds and needs nothing. */
export type TypeOf<One, Part extends keyof MiddlewareTypes> =
  One extends ServerMiddleware<infer Ext, infer Required>
    ? { adds: Ext; needs: Required; sees: "all" }[Part]
    : One extends { readonly [types]?: infer Types }
      ? NonNullable<Types> extends MiddlewareTypes
        ? NonNullable<Types>[Part]
        : NoTypes[Part]
      : NoTypes[Part];

/** True if a middleware is nice-grpc's. */
// oxlint-disable-next-line typescript/no-explicit-any -- of any context
export function isGenerator(middleware: AnyMiddleware): middleware is ServerMiddleware<any, any> {
  return typeof middleware === "function";
}
