import type { PeerCertificate } from "node:tls";
import type { Metadata, MethodDescriptor, ServerError } from "nice-grpc-common";
import { LazyMetadata } from "../grpc/metadata.js";
import type { ServerCall } from "./server-call.js";

/** What is known of a call when its metadata has arrived, before its body is read; later it is `context.call`. */
export interface IncomingCall {
  /** The method that is called. */
  readonly method: MethodDescriptor;
  /** The request's metadata. */
  readonly metadata: Metadata;
  /** The client's address, `host:port`. */
  readonly peer: string;
  /** When the client stops waiting (`grpc-timeout`); undefined if it waits for ever. */
  readonly deadline: Date | undefined;
  /** The host that the client asked for (`:authority`). */
  readonly authority: string;
  /** Aborted when the call is over before its handler is. */
  readonly signal: AbortSignal;
  /** The client's certificate, if the connection has TLS and the certificate was verified. */
  readonly peerCertificate: PeerCertificate | undefined;
}

/** Ends a call before it began. */
export interface CallRefusal {
  /** What goes out. */
  readonly error: ServerError;
  /** Goes out with it. */
  readonly trailer: Metadata;
}

/** Decides on a call when its metadata has arrived. */
export type Admit = (call: IncomingCall) => CallRefusal | undefined | Promise<CallRefusal | undefined>;

/** An {@link IncomingCall}, of which little is made before somebody asks. */
export class ArrivedCall implements IncomingCall {
  readonly #call: ServerCall;
  readonly metadata: Metadata;

  constructor(call: ServerCall) {
    this.#call = call;
    this.metadata = new LazyMetadata(call.list);
  }

  get method(): MethodDescriptor {
    return this.#call.method.descriptor;
  }

  get peer(): string {
    return this.#call.peer;
  }

  get deadline(): Date | undefined {
    return this.#call.deadline;
  }

  get authority(): string {
    return this.#call.head.authority;
  }

  get signal(): AbortSignal {
    return this.#call.signal;
  }

  get peerCertificate(): PeerCertificate | undefined {
    return this.#call.connection.peerCertificate;
  }
}
