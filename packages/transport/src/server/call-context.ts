import type { PeerCertificate } from "node:tls";
import type { Metadata, MethodDescriptor } from "nice-grpc-common";
import { LazyMetadata } from "../grpc/metadata.js";
import type { HeaderList } from "../hpack/header-list.js";
import { wasCompressed } from "./compressed-requests.js";
import type { ServerCallContext } from "./server-call-context.js";

/** The call, as a context reads it. */
export interface ContextSource {
  /** The request's header fields. */
  readonly list: HeaderList;
  readonly descriptor: MethodDescriptor;
  readonly header: Metadata;
  readonly trailer: Metadata;
  readonly peer: string;
  /** By the clock of `performance.now()`. */
  readonly arrivedMs: number;
  /** By the same clock; `Infinity` for never. */
  readonly deadlineMs: number;
  readonly authority: string;
  readonly peerCertificate: PeerCertificate | undefined;
  readonly signal: AbortSignal;
  sendHeader(): void;
  compressResponses(on: boolean): void;
}

/** Makes the contexts of one method's calls. */
export type ContextClass = new (call: ContextSource) => ServerCallContext;

/** Makes a part of a context when it is first read. */
type MakePart = (context: ServerCallContext) => unknown;

/**
 * The context of a call. Each part is made when it is read: a signal costs as much as the rest of a call, and the memory of
 * an idle stream limits how many there can be. Methods are getters of functions, since handlers take them out of the context.
 */
export class LazyContext implements ServerCallContext {
  readonly #call: ContextSource;
  #metadata: Metadata | undefined;
  #deadline: Date | undefined;
  /** The parts that {@link contextClass} adds. */
  #parts: unknown[] | undefined;

  constructor(call: ContextSource) {
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
    return this.#call.descriptor;
  }

  get deadline(): Date | undefined {
    return (this.#deadline ??= dateOf(this.#call.deadlineMs));
  }

  get arrivedMs(): number {
    return this.#call.arrivedMs;
  }

  get deadlineMs(): number {
    return this.#call.deadlineMs;
  }

  get authority(): string {
    return this.#call.authority;
  }

  get peerCertificate(): PeerCertificate | undefined {
    return this.#call.peerCertificate;
  }

  get signal(): AbortSignal {
    return this.#call.signal;
  }

  get sendHeader(): () => void {
    return () => this.#call.sendHeader();
  }

  get compressResponses(): (on: boolean) => void {
    return (on) => this.#call.compressResponses(on);
  }

  get wasCompressed(): (message: object) => boolean {
    return wasCompressed;
  }

  /** Adds a part to the contexts of a class. */
  static addPart(prototype: LazyContext, name: string, index: number, count: number, make: MakePart): void {
    Object.defineProperty(prototype, name, {
      configurable: true,
      enumerable: true,
      get(this: LazyContext): unknown {
        const parts = this.#parts;
        // A part may be undefined.
        return parts !== undefined && index in parts ? parts[index] : this.#setPart(index, count, make(this));
      },
      set(this: LazyContext, value: unknown) {
        this.#setPart(index, count, value);
      },
    });
  }

  #setPart(index: number, count: number, value: unknown): unknown {
    // An empty one would grow to many.
    (this.#parts ??= Array<unknown>(count))[index] = value;
    return value;
  }
}

/**
 * Makes a class of contexts for one method: what its phases assign gives the contexts of a method a shape of their own.
 *
 * @param lazy Parts that are made when they are first read, once for each call.
 */
export function contextClass(lazy: Readonly<Record<string, MakePart>> = {}): ContextClass {
  class MethodContext extends LazyContext {}
  const parts = Object.entries(lazy);
  for (const [index, [name, make]] of parts.entries()) {
    LazyContext.addPart(MethodContext.prototype, name, index, parts.length, make);
  }
  return MethodContext;
}

/** When a time of the monotonic clock is; undefined for never. */
function dateOf(timeMs: number): Date | undefined {
  if (timeMs === Infinity) return undefined;
  // Read first: a pause between the two makes the date late. If it were early, calls that the handler makes with it would be, too.
  const left = timeMs - performance.now();
  return new Date(Date.now() + left);
}

/** The context of a call that passes through nice-grpc's middleware, which copy it by spreading. */
export function spreadableContext(call: ContextSource): ServerCallContext {
  return {
    metadata: new LazyMetadata(call.list),
    header: call.header,
    trailer: call.trailer,
    peer: call.peer,
    method: call.descriptor,
    deadline: dateOf(call.deadlineMs),
    authority: call.authority,
    peerCertificate: call.peerCertificate,
    signal: call.signal,
    sendHeader: () => call.sendHeader(),
    compressResponses: (on) => call.compressResponses(on),
    wasCompressed,
  };
}
