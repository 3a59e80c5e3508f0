import type { Status } from "nice-grpc-common";
import type { ServerCallContext } from "./server-call-context.js";

/**
 * The phases around the handler of one method. The server-kit compiles its middleware into one of
 * these for each method; a runtime calls it. `Context` is what the middleware have added so far.
 *
 * Phases get one object for each call, the same that the handler gets. They add to it by assignment.
 */
export interface ServerPhases<Context = ServerCallContext> {
  /**
   * Parts of the context that are made when they are first read, by name. Each is called at most once for each call.
   */
  readonly lazy?: Readonly<Record<string, (call: Context) => unknown>>;
  /**
   * Arrival: the call's metadata are there, and its body is not. It may add to the context. What it throws, or rejects with,
   * refuses the call. It returns a promise only if it must wait: most calls have nothing to wait for.
   */
  arrived?(call: Context): void | Promise<void>;
  /** A message of the request is decoded. Returns the message for the handler; what it throws fails the call. */
  request?(message: unknown, call: Context): unknown;
  /** The handler has given a message. Returns the message to send; what it throws fails the call. */
  response?(message: unknown, call: Context): unknown;
  /**
   * The call fails, or is refused, with what was thrown, and its status has not been sent. It may add to the trailers. Returns
   * the error whose status goes out: a ServerError, or an AbortError for CANCELLED. It must not throw.
   */
  failed?(thrown: unknown, call: Context): unknown;
  /**
   * The call has ended, and this is the status that the client got, or for a call that was cut short the one that it sees.
   * Called exactly once for each call whose `arrived` was called, whoever ended it, though its handler may still run. It must
   * not throw.
   *
   * @param error The error whose status went out; undefined after OK, and if nothing was thrown.
   */
  ended?(call: Context, code: Status, error: unknown): void;
  /**
   * Something of the application's has thrown where it fails nothing any more: a listener of the call's signal. It must not
   * throw. Default: a warning.
   */
  faulted?(error: unknown, call: Context): void;
}
