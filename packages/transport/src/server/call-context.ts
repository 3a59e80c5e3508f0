import type { PeerCertificate } from "node:tls";
import type { Metadata, MethodDescriptor } from "nice-grpc-common";
import { LazyMetadata } from "../grpc/metadata.js";
import { wasCompressed } from "./compressed-requests.js";
import type { IncomingCall } from "./incoming-call.js";
import type { ServerCallContext } from "./server-call-context.js";
import type { ServerCall } from "./server-call.js";

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

  get method(): MethodDescriptor {
    return this.#call.method.descriptor;
  }

  get deadline(): Date | undefined {
    return this.#call.deadline;
  }

  get authority(): string {
    return this.#call.head.authority;
  }

  get peerCertificate(): PeerCertificate | undefined {
    return this.#call.connection.peerCertificate;
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
    method: call.method.descriptor,
    deadline: call.deadline,
    authority: call.head.authority,
    peerCertificate: call.connection.peerCertificate,
    signal: call.signal,
    sendHeader: () => call.sendHeader(),
    compressResponses: (on) => {
      call.compress = on;
    },
    wasCompressed,
    ...(arrived !== undefined && { call: arrived }),
  };
}
