import type { DirectArrival, DirectMethod } from "@callwire/server-kit/direct";
import type { Metadata } from "nice-grpc-common";

/** What is known of a call at its arrival. */
export type CallArrival = DirectArrival;

/** A method that the edge calls: in process, or over a channel. */
export interface EdgeMethod extends Pick<DirectMethod, "descriptor" | "definition"> {
  /** Begins a call. Nothing runs before its `unary` or `stream`. @throws {ServerError} if no calls are taken. */
  open(arrival: CallArrival): EdgeCall;
}

/** One call, as the edge needs it: `DirectCall` of the server-kit has these, and so has a call over a channel. */
export interface EdgeCall {
  /** What the method sent before its first message. */
  readonly header: Metadata;
  /** What it sent with its status. */
  readonly trailer: Metadata;
  /** Runs a call that has one response, which may be there at once. @throws {ServerError} */
  unary<T>(read: () => unknown, write: (message: unknown) => T): T | Promise<T>;
  /**
   * Runs a call that has a stream of responses.
   *
   * @param send Sends a response; a promise if the next one must wait. What it throws fails the call.
   * @returns Resolves when all were sent, or when `end` is called before.
   * @throws {ServerError}
   */
  stream(read: () => unknown, send: (message: unknown) => Promise<void> | undefined): Promise<void>;
  /** The client has gone. */
  cancel(): void;
  /** All was sent. A stream of which no more is wanted is closed. */
  end(): void;
}
