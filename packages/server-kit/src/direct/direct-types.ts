import type { PeerCertificate } from "node:tls";
import type { CallScopes, ServerPhases } from "@callwire/transport/server";
import type { Metadata, MethodDescriptor, ServerError } from "nice-grpc-common";
import type { Handler } from "../internal/generator-chain.js";

/** What is known of a call at its arrival. */
export interface DirectArrival {
  /** What the caller sent beside the message: what gRPC has in header fields. */
  readonly metadata: Metadata;
  /** The caller's address, as handlers and the log see it. */
  readonly peer: string;
  /** The host that the caller asked for. */
  readonly authority: string;
  /** The caller's certificate, if it was verified. */
  readonly peerCertificate?: PeerCertificate | undefined;
  /** The time that the caller waits, in milliseconds. Default: for ever. */
  readonly timeoutMs?: number | undefined;
  /** The handler sends the response's header before its first message. Default: nobody waits for it. */
  readonly onHeader?: (() => void) | undefined;
}

/** A method as it is served. */
export interface DirectlyServed {
  readonly descriptor: MethodDescriptor;
  readonly definition: object;
  readonly handler: Handler;
  readonly phases: ServerPhases | undefined;
}

/** What a call needs of the server that it belongs to. */
export interface CallsOfServer {
  /** Why streams end that begin now; undefined if they do not. */
  readonly endReason: ServerError | undefined;
  readonly scopes: CallScopes;
  /** A call has ended: called once for each. */
  remove(call: EndableCall): void;
}

/** What a server needs of a call that runs. */
export interface EndableCall {
  readonly method: MethodDescriptor;
  /** Its neighbours among those that run: the one that began before it, and the one that began after it. Only the list writes them. */
  runsAfter: EndableCall | undefined;
  runsBefore: EndableCall | undefined;
  /** Ends it, if it answers with a stream, with this error. */
  endStream(reason: ServerError): void;
  cancel(reason: unknown): void;
}
