import type { PeerCertificate } from "node:tls";
import type { CallContext, MethodDescriptor } from "nice-grpc-common";

/**
 * One call, from its arrival on: what phases, middleware and handlers get. It is nice-grpc's CallContext with what that lacks.
 * Each part is made when it is first read: who reads nothing pays for nothing.
 */
export interface ServerCallContext extends CallContext {
  /** The method that is called. */
  readonly method: MethodDescriptor;
  /** When the client stops waiting (`grpc-timeout`); undefined if it waits for ever. */
  readonly deadline: Date | undefined;
  /**
   * When the call arrived, in milliseconds by the clock of `performance.now()`. Undefined if the runtime does not say: the
   * transport does.
   */
  readonly arrivedMs?: number | undefined;
  /** The {@link deadline} by the clock of `performance.now()`; `Infinity` for never. Undefined if the runtime does not say. */
  readonly deadlineMs?: number | undefined;
  /** The host that the client asked for (`:authority`). */
  readonly authority: string;
  /** The client's certificate, if the connection has TLS and the certificate was verified. */
  readonly peerCertificate: PeerCertificate | undefined;
  /**
   * True if the messages sent from now on are compressed by gzip. Without effect for a client that does not take it, and
   * after the header was sent by a call that did not compress. Default: `limits.compressResponses`.
   */
  compressResponses(on: boolean): void;
  /**
   * True if a message of the request came compressed. It must be the object that the handler or its middleware was given:
   * of a copy of it, and of a message that is no object, nothing is known, and the answer is false.
   */
  wasCompressed(message: object): boolean;
}
