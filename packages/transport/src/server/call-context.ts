import type { CallContext, Metadata } from "nice-grpc-common";
import { LazyMetadata } from "../grpc/metadata.js";
import { wasCompressed } from "./compressed-requests.js";
import type { IncomingCall } from "./incoming-call.js";
import type { ServerCall } from "./server-call.js";

/** What handlers and middleware get: nice-grpc's CallContext, and what it lacks. */
export interface ServerCallContext extends CallContext {
  /** When the client stops waiting (`grpc-timeout`); undefined if it waits for ever. */
  readonly deadline: Date | undefined;
  /**
   * Whether the messages sent from now on are compressed by gzip. Without effect for a client that does not take it, and
   * after the header was sent by a call that did not compress. Default: `limits.compressResponses`.
   */
  compressResponses(on: boolean): void;
  /**
   * Whether a message of the request came compressed. It has to be the object that the handler or its middleware was given:
   * of a copy of it, and of a message that is no object, nothing is known, and the answer is false.
   */
  wasCompressed(message: object): boolean;
}

/**
 * The context of a call whose method has no middleware. All is made when it is asked for: a signal costs as much as the
 * rest of a call, and the memory of a stream that idles is what limits how many there can be.
 */
export class BareContext implements ServerCallContext {
  readonly #call: ServerCall;
  #metadata: Metadata | undefined;

  constructor(call: ServerCall) {
    this.#call = call;
  }

  get metadata(): Metadata {
    return (this.#metadata ??= new LazyMetadata(this.#call.list));
  }

  get header(): Metadata {
    return this.#call.header;
  }

  get trailer(): Metadata {
    return this.#call.trailer;
  }

  get peer(): string {
    return this.#call.peer;
  }

  get deadline(): Date | undefined {
    return this.#call.deadline;
  }

  get signal(): AbortSignal {
    return this.#call.signal;
  }

  /** A function of its own, since handlers take it out of the context. */
  get sendHeader(): () => void {
    return () => this.#call.sendHeader();
  }

  compressResponses(on: boolean): void {
    this.#call.compress = on;
  }

  wasCompressed(message: object): boolean {
    return wasCompressed(message);
  }
}

/** The context of a call that passes through middleware: all is its own, since middleware copy it by spreading. */
export function spreadableContext(call: ServerCall): ServerCallContext & { call?: IncomingCall } {
  const { arrived } = call;
  return {
    metadata: arrived?.metadata ?? new LazyMetadata(call.list),
    header: call.header,
    trailer: call.trailer,
    peer: call.peer,
    deadline: call.deadline,
    signal: call.signal,
    sendHeader: () => call.sendHeader(),
    compressResponses: (on) => {
      call.compress = on;
    },
    wasCompressed,
    ...(arrived !== undefined && { call: arrived }),
  };
}
