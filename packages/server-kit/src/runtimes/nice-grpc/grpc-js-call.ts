import type { PeerCertificate } from "node:tls";
import type { Metadata as GrpcJsMetadata, ServerInterceptingCallInterface } from "@grpc/grpc-js";
import {
  abortWithin,
  guardListeners,
  isOwnDeadline,
  ownErrorOf,
  peerError,
  serialize,
  type Codec,
  type FaultSink,
  type Method,
  type ServerCallContext,
  type ServerPhases,
} from "@callwire/transport/server";
import {
  ServerError,
  Status,
  type CallContext,
  type Metadata,
  type MethodDescriptor,
} from "nice-grpc-common";
import { isErrorCode, withText } from "../../errors/to-server-error.js";
import { cancellationCode, monotonicMs } from "../../internal/abort.js";
import { warn } from "../../internal/warn.js";
import { CallMetadata, fromGrpcJs } from "./call-metadata.js";

/** A method that is served, with what happens around its handler. */
export interface ServedMethod {
  readonly descriptor: MethodDescriptor;
  readonly request: Codec;
  readonly response: Codec;
  readonly phases: ServerPhases | undefined;
  /** The contract that the service's definition names. */
  readonly contract: string | undefined;
  /** The class of its calls: it has the method's lazy parts. */
  readonly Call: typeof GrpcJsCall;
}

/** Describes a method that is to be served. */
export function servedMethod(
  { descriptor, request, response }: Method,
  phases: ServerPhases | undefined,
  contract: string | undefined,
): ServedMethod {
  class Call extends GrpcJsCall {}
  for (const [name, make] of Object.entries(phases?.lazy ?? {})) defineLazy(Call.prototype, name, make);
  return { descriptor, request, response, phases, contract, Call };
}

/** The codes with which grpc-js ends calls for errors that it does not throw: messages that are too large, or broken. */
const ownCodes: ReadonlySet<Status> = new Set([
  Status.INTERNAL,
  Status.RESOURCE_EXHAUSTED,
  Status.UNIMPLEMENTED,
]);

function defineLazy(prototype: object, name: string, make: (call: ServerCallContext) => unknown): void {
  const keep = (call: object, value: unknown) =>
    Object.defineProperty(call, name, { value, writable: true, enumerable: true, configurable: true });
  Object.defineProperty(prototype, name, {
    get(this: GrpcJsCall) {
      const value = make(this);
      keep(this, value);
      return value;
    },
    set(this: GrpcJsCall, value: unknown) {
      keep(this, value);
    },
    configurable: true,
  });
}

/** One call of a server of grpc-js, from its arrival to its end: what phases and handlers get. */
export class GrpcJsCall implements FaultSink, ServerCallContext {
  readonly #served: ServedMethod;
  readonly #call: ServerInterceptingCallInterface;
  readonly #received: GrpcJsMetadata;
  readonly #header = new CallMetadata();
  readonly #trailer = new CallMetadata();
  /** By the clock of `performance.now()`; `Infinity` for none. */
  readonly #monotonicDeadline: number;
  // Both are gone with the connection, before the call's end is told.
  readonly #peer: string;
  readonly #peerCertificate: PeerCertificate | undefined;
  #metadata: Metadata | undefined;
  #controller: AbortController | undefined;
  #sendHeader = () => {};
  /** The reason that aborted the signal; undefined if nothing did. */
  #aborted: { reason: unknown } | undefined;
  #handlerDone = false;
  #status: Status | undefined;
  #error: unknown;
  #over = false;
  #cut: ((reason: ServerError) => void) | undefined;

  constructor(served: ServedMethod, call: ServerInterceptingCallInterface, metadata: GrpcJsMetadata) {
    this.#served = served;
    this.#call = call;
    this.#received = metadata;
    this.#monotonicDeadline = monotonicMs(call.getDeadline());
    this.#peer = call.getPeer();
    this.#peerCertificate = call.getAuthContext().sslPeerCertificate;
  }

  get method(): MethodDescriptor {
    return this.#served.descriptor;
  }

  get metadata(): Metadata {
    return (this.#metadata ??= fromGrpcJs(this.#received));
  }

  get header(): Metadata {
    return this.#header;
  }

  get trailer(): Metadata {
    return this.#trailer;
  }

  get peer(): string {
    return this.#peer;
  }

  get deadline(): Date | undefined {
    const deadline = this.#call.getDeadline();
    return deadline === Infinity ? undefined : new Date(deadline);
  }

  get authority(): string {
    return this.#call.getHost();
  }

  get peerCertificate(): PeerCertificate | undefined {
    return this.#peerCertificate;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      guardListeners(this.#controller.signal, this);
      if (this.#aborted) this.#controller.abort(this.#aborted.reason);
    }
    return this.#controller.signal;
  }

  /** A function of its own, since handlers take it out of the context. */
  get sendHeader(): () => void {
    return () => this.#sendHeader();
  }

  /** Without effect: servers of grpc-js do not compress. */
  compressResponses(): void {}

  /** Always false: grpc-js does not tell. */
  wasCompressed(): boolean {
    return false;
  }

  onFault(error: unknown): void {
    const { phases, descriptor } = this.#served;
    if (phases?.faulted === undefined)
      warn(`${descriptor.path}: a listener of the call's signal threw`, error);
    else phases.faulted(error, this);
  }

  /** The bytes of a response. Throws INTERNAL if it cannot be encoded. */
  static encode(call: GrpcJsCall, message: unknown): Buffer {
    return serialize(call.#served.response, message);
  }

  /** The phases around this call's handler; no property, since contexts are copied. */
  static phasesOf(call: GrpcJsCall): ServerPhases | undefined {
    return call.#served.phases;
  }

  /** True if the call has ended, or its deadline has passed, though the timer that says so may have yet to fire. */
  static isOver(call: GrpcJsCall): boolean {
    return call.#over || call.#monotonicDeadline <= performance.now();
  }

  /** The handler is about to run, in this context of nice-grpc's. */
  static begin(call: GrpcJsCall, { header, trailer, sendHeader }: CallContext): void {
    call.#header.attach(header);
    call.#trailer.attach(trailer);
    call.#sendHeader = sendHeader;
  }

  /** The handler has returned or thrown: what ends the call later does not abort its signal. */
  static handlerEnded(call: GrpcJsCall): void {
    call.#handlerDone = true;
    call.#cut = undefined;
  }

  /** Passes what was thrown through the phases. Returns the error that goes out, which is one that nice-grpc can send. */
  static fail(call: GrpcJsCall, thrown: unknown): Error {
    if (isOwnDeadline(thrown, call.#monotonicDeadline)) {
      return (call.#error = peerError(Status.DEADLINE_EXCEEDED, "Deadline exceeded"));
    }
    const { phases, descriptor } = call.#served;
    const cause = (call.#aborted && abortWithin(thrown)) ?? ownErrorOf(thrown);
    const failed = phases?.failed === undefined ? cause : guard(phases.failed.bind(phases), cause, call);
    const error = sendableError(descriptor, failed);
    call.#error = error;
    return error;
  }

  /** Says how a response stream is ended from outside, until its handler has ended. */
  static onCut(call: GrpcJsCall, cut: (reason: ServerError) => void): void {
    call.#cut = cut;
  }

  /** Ends a response stream from outside. */
  static cut(call: GrpcJsCall, reason: ServerError): void {
    const cut = call.#cut;
    if (cut === undefined) return;
    call.#abort(reason);
    cut(reason);
  }

  /** A status goes out; the first one is the call's. */
  static sends(call: GrpcJsCall, code: Status, details: string): void {
    if (call.#status !== undefined) return;
    call.#status = code;
    // What grpc-js finds wrong by itself is nowhere else to be read.
    if (ownCodes.has(code)) call.#error ??= new ServerError(code, details);
  }

  /** The call has ended: its status is out, or it was cut short. */
  static end(call: GrpcJsCall): void {
    if (call.#over) return;
    call.#over = true;
    if (!call.#handlerDone) call.#abort(undefined);
    const { phases } = call.#served;
    const code = call.#status ?? cancellationCode(call.#monotonicDeadline);
    const error = call.#error instanceof ServerError && call.#error.code === code ? call.#error : undefined;
    try {
      phases?.ended?.(call, code, error);
    } catch (thrown) {
      warn(`${call.#served.descriptor.path}: a phase threw when the call ended`, thrown);
    }
  }

  #abort(reason: unknown): void {
    this.#aborted ??= { reason };
    this.#controller?.abort(reason);
  }
}

function guard(
  failed: NonNullable<ServerPhases["failed"]>,
  thrown: unknown,
  call: ServerCallContext,
): unknown {
  try {
    return failed(thrown, call);
  } catch (error) {
    warn("a phase threw when a call failed", error);
    return thrown;
  }
}

/** An error that nice-grpc takes: some thrown values would make it end the process. */
function sendableError({ path }: MethodDescriptor, thrown: unknown): Error {
  try {
    if (thrown instanceof ServerError) {
      return isErrorCode(thrown.code)
        ? withText(thrown)
        : new ServerError(Status.UNKNOWN, withText(thrown).details);
    }
    if (thrown instanceof Error && thrown.name === "AbortError") return thrown;
    if ((thrown as Error | null | undefined)?.name === "AbortError")
      return new ServerError(Status.CANCELLED, "The operation was cancelled");
  } catch {
    // It cannot even be looked at.
  }
  warn(`${path}: a handler threw what is neither a ServerError nor an AbortError`, thrown);
  return new ServerError(Status.UNKNOWN, "Unknown server error occurred");
}
