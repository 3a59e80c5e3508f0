import type { Metadata, MethodDescriptor, Status } from "nice-grpc-common";
import type { CallOptions } from "./client-types.js";

/** One call that a client makes, as its phases see it: one object for all its attempts. */
export interface ClientCallContext<Options extends object = object> {
  /** The method that is called. */
  readonly method: MethodDescriptor;
  /** The caller's own. Not to be changed. */
  readonly options: CallOptions & Options;
  /**
   * The metadata of the next attempt: a copy of the caller's, which costs nothing until it is written to or read. What was
   * set for one attempt is there for the next.
   */
  readonly metadata: Metadata;
  /**
   * When the call is over, in milliseconds by the clock of `performance.now()`; `Infinity` for never. `began` may set it; it goes
   * to the wire as `grpc-timeout`, and never through text and back.
   */
  deadlineMs: number;
  /** The number of attempts that have begun, the present one with them: 1 in the first `attempted`. */
  readonly attempts: number;
  /** True if a part of an answer has come to the present attempt: it cannot be tried again (gRPC A6). */
  readonly isCommitted: boolean;
  /**
   * True if no server has seen the present attempt, and it has failed: there was no connection for it, or the server has said so as
   * it went away. It is safe to try it again, and does not count in `attempts`.
   */
  readonly isUnseen: boolean;
  /** The trailers of the last attempt; empty if it had none. */
  readonly trailer: Metadata;
}

/** The way in which an attempt, or a call, failed. It is data, so that nothing depends on an error's wording. */
export type FailureOrigin =
  /** The server sent this status. */
  | "status"
  /**
   * The server, or what stands before it, ended the stream, and did not say a status: by RST_STREAM, by an end without trailers, by
   * an HTTP error or with what is no gRPC.
   */
  | "reset"
  /** The connection was lost, or none could be made. */
  | "connection"
  /** The deadline passed. */
  | "deadline"
  /** This side ended it: the caller's signal, its request source, the client's end, or what could not be sent or read. */
  | "local";

/**
 * The phases around the calls of one method. The client-sdk compiles its middleware into one of these for each
 * method; a runtime calls it.
 */
export interface ClientPhases<Options extends object = object> {
  /** The call begins, once. It may set the deadline and add metadata. What it throws fails the call. */
  began?(call: ClientCallContext<Options>): void;
  /**
   * An attempt is about to be sent. It may add metadata. It returns a promise only if it must wait; what it throws or rejects
   * with fails the call.
   */
  attempted?(call: ClientCallContext<Options>): void | Promise<void>;
  /** A message of the request is about to be sent. Returns the message to send; what it throws fails the call. */
  request?(message: unknown, call: ClientCallContext<Options>): unknown;
  /** A message of the response is decoded. Returns the message for the caller; what it throws fails the call. */
  response?(message: unknown, call: ClientCallContext<Options>): unknown;
  /**
   * An attempt failed, and the call is neither over nor committed. Returns how long to wait before another one, in milliseconds;
   * undefined if the call has failed. Not asked for a call that streams its requests. It must not throw.
   */
  retryAfterMs?(error: unknown, origin: FailureOrigin, call: ClientCallContext<Options>): number | undefined;
  /**
   * The call has failed. Returns what its caller gets thrown. It must not throw. Not called for a stream whose reader wants no
   * more of it: nobody would get it.
   */
  failed?(error: unknown, origin: FailureOrigin, call: ClientCallContext<Options>): unknown;
  /** The call has ended, after `failed`. Called exactly once for each call whose `began` was called. It must not throw. */
  ended?(call: ClientCallContext<Options>, code: Status): void;
}
