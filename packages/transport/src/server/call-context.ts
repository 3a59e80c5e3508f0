import type { CallContext, Metadata } from "nice-grpc-common";
import { LazyMetadata } from "../grpc/metadata.js";
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
}

/**
 * The context of a call whose method has no middleware. Its signal is made when it is asked for: making one costs as much
 * as the rest of a call.
 */
export class BareContext implements ServerCallContext {
  readonly metadata: Metadata;
  readonly header: Metadata = new LazyMetadata();
  readonly trailer: Metadata = new LazyMetadata();
  readonly peer: string;
  readonly deadline: Date | undefined;
  readonly #call: ServerCall;

  constructor(call: ServerCall) {
    this.#call = call;
    this.metadata = new LazyMetadata(call.list);
    this.peer = call.peer;
    this.deadline = call.deadline;
  }

  get signal(): AbortSignal {
    return this.#call.signal;
  }

  readonly sendHeader = (): void => this.#call.sendHeader();

  compressResponses(on: boolean): void {
    this.#call.compress = on;
  }
}

/** The context of a call that passes through middleware: all is its own, since middleware copy it by spreading. */
export function spreadableContext(call: ServerCall): ServerCallContext & { call?: IncomingCall } {
  const { arrived } = call;
  return {
    metadata: arrived?.metadata ?? new LazyMetadata(call.list),
    header: new LazyMetadata(),
    trailer: new LazyMetadata(),
    peer: call.peer,
    deadline: call.deadline,
    signal: call.signal,
    sendHeader: () => call.sendHeader(),
    compressResponses: (on) => {
      call.compress = on;
    },
    ...(arrived !== undefined && { call: arrived }),
  };
}
