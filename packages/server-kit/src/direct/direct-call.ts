import type { PeerCertificate } from "node:tls";
import {
  abortWithin,
  checkMessage,
  deadlines,
  guardListeners,
  isOwnDeadline,
  iteratorOf,
  Metadata,
  ownErrorOf,
  peerError,
} from "@callwire/transport/server";
import type {
  AnyIterable,
  DeadlineEntry,
  DeadlineLinks,
  FaultSink,
  ServerCallContext,
} from "@callwire/transport/server";
import { ServerError, Status, type MethodDescriptor } from "nice-grpc-common";
import { isErrorCode, withText } from "../errors/to-server-error.js";
import { cancellationCode } from "../internal/abort.js";
import { isPromiseLike } from "../internal/promises.js";
import { warn } from "../internal/warn.js";
import { DirectResponses, type StreamFailure } from "./direct-responses.js";
import type { CallsOfServer, DirectArrival, DirectlyServed, EndableCall } from "./direct-types.js";

/** A method of a definition that was generated: by ts-proto, or in its form. */
interface GeneratedMethod {
  readonly responseType?: { readonly fromPartial?: unknown };
}

type Send = (message: unknown) => Promise<void> | undefined;

/**
 * One call of a method in the server's process, from its arrival to its end: what phases and handlers get. It passes the same
 * phases as a call by gRPC, in the same order, and ends as one does: by its deadline, by the caller, by the server's stop.
 */
export class DirectCall implements ServerCallContext, EndableCall, DeadlineEntry, FaultSink {
  readonly #served: DirectlyServed;
  readonly #arrival: DirectArrival;
  readonly #calls: CallsOfServer;
  readonly #arrivedMs = performance.now();
  /** By the clock of `performance.now()`; `Infinity` for a caller that waits for ever. */
  readonly deadlineMs: number;
  deadlineBefore: DeadlineLinks | undefined;
  deadlineAfter: DeadlineLinks | undefined;
  runsAfter: EndableCall | undefined;
  runsBefore: EndableCall | undefined;
  /** The parts that {@link DirectCall.addPart} has made. */
  #parts: unknown[] | undefined;
  #header: Metadata | undefined;
  #trailer: Metadata | undefined;
  #controller: AbortController | undefined;
  /** The error that ended the call from outside; no phase has made it. */
  #cut: { readonly error: ServerError; readonly reason: unknown } | undefined;
  /** Ends what is waited for, when the call is cut. */
  #reject: ((error: ServerError) => void) | undefined;
  /** Ends what is waited for, when all that is wanted of a stream was sent. */
  #resolve: (() => void) | undefined;
  #responses: DirectResponses | undefined;
  #handlerDone = false;
  #hasArrived = false;
  #code = Status.OK;
  #error: unknown;
  #over = false;

  constructor(served: DirectlyServed, arrival: DirectArrival, calls: CallsOfServer) {
    this.#served = served;
    this.#arrival = arrival;
    this.#calls = calls;
    this.deadlineMs = this.#arrivedMs + (arrival.timeoutMs ?? Infinity);
    if (this.deadlineMs !== Infinity) deadlines.add(this);
  }

  get method(): MethodDescriptor {
    return this.#served.descriptor;
  }

  get metadata(): Metadata {
    return this.#arrival.metadata;
  }

  get header(): Metadata {
    return (this.#header ??= Metadata());
  }

  get trailer(): Metadata {
    return (this.#trailer ??= Metadata());
  }

  get peer(): string {
    return this.#arrival.peer;
  }

  get authority(): string {
    return this.#arrival.authority;
  }

  get peerCertificate(): PeerCertificate | undefined {
    return this.#arrival.peerCertificate;
  }

  get arrivedMs(): number {
    return this.#arrivedMs;
  }

  get deadline(): Date | undefined {
    if (this.deadlineMs === Infinity) return undefined;
    // Read first: a pause between the two makes the date late, and not early.
    const left = this.deadlineMs - performance.now();
    return new Date(Date.now() + left);
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      guardListeners(this.#controller.signal, this);
      if (this.#cut !== undefined && !this.#handlerDone) this.#controller.abort(this.#cut.reason);
    }
    return this.#controller.signal;
  }

  /** A function of its own, since handlers take it out of the context. */
  get sendHeader(): () => void {
    return () => this.#arrival.onHeader?.();
  }

  /** Without effect: whoever answers decides. */
  compressResponses(): void {}

  wasCompressed(): boolean {
    return false;
  }

  /**
   * Runs a call that has one response. It is there at once if nothing has to be waited for.
   *
   * @param read Reads the request once the call is admitted: a message, or messages as an async iterable. What it throws fails
   *   the call.
   * @param write Makes of the response what goes out. What it throws fails the call.
   * @throws {ServerError} The error that goes out, as `errorBoundary` and others have left it; its details are in `trailer`.
   */
  unary<T>(read: () => unknown, write: (message: unknown) => T): T | Promise<T> {
    try {
      const answer = this.#answer(read);
      return isPromiseLike(answer) ? this.#writeLater(answer, write) : this.#written(answer, write);
    } catch (thrown) {
      throw this.#fail(thrown);
    }
  }

  /**
   * Runs a call that has a stream of responses, each of which is sent as soon as it is there.
   *
   * @param read As of {@link unary}.
   * @param send Sends a response; a promise if the next one must wait. What it throws fails the call.
   * @returns Resolves when the handler has given its last response, or when {@link end} is called before.
   * @throws {ServerError} As of {@link unary}; nothing is sent after that.
   */
  stream(read: () => unknown, send: Send): Promise<void> {
    try {
      const { endReason } = this.#calls;
      if (endReason !== undefined) this.endStream(endReason);
      const answer = this.#answer(read);
      return isPromiseLike(answer) ? this.#sendLater(answer, send) : this.#sendAll(answer, send);
    } catch (thrown) {
      return Promise.reject(this.#fail(thrown));
    }
  }

  /** The caller has gone: the signal aborts, and what waits for the call ends. */
  cancel(reason?: unknown): void {
    const code = cancellationCode(this.deadlineMs);
    this.#interrupt(peerError(code, "The operation was cancelled"), reason);
    this.end();
  }

  /** All was sent, the status too: the phases hear of the call's end. A handler that still has responses is closed. */
  end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#close();
    this.#resolve?.();
    deadlines.remove(this);
    this.#calls.remove(this);
    if (!this.#hasArrived) return;
    try {
      this.#served.phases?.ended?.(this, this.#code, this.#error);
    } catch (thrown) {
      warn(`${this.method.path}: a phase threw when the call ended`, thrown);
    }
  }

  /** Adds a part to the contexts of a class that is made when it is first read. */
  static addPart(
    prototype: DirectCall,
    name: string,
    index: number,
    make: (call: ServerCallContext) => unknown,
  ): void {
    Object.defineProperty(prototype, name, {
      configurable: true,
      enumerable: true,
      get(this: DirectCall): unknown {
        const parts = (this.#parts ??= []);
        // A part may be undefined.
        if (!(index in parts)) parts[index] = make(this);
        return parts[index];
      },
      set(this: DirectCall, value: unknown) {
        (this.#parts ??= [])[index] = value;
      },
    });
  }

  onFault(error: unknown): void {
    const { phases, descriptor } = this.#served;
    if (phases?.faulted === undefined)
      warn(`${descriptor.path}: a listener of the call's signal threw`, error);
    else phases.faulted(error, this);
  }

  /** Called by the wheel. */
  onDeadline(): void {
    this.#interrupt(deadlineError(), undefined);
  }

  endStream(reason: ServerError): void {
    if (this.method.responseStream) this.#interrupt(reason, reason, true);
  }

  /**
   * What the handler gives for the request, after the phases before it. What is there at once makes no promise, as most calls have
   * nothing to wait for but their handler.
   */
  #answer(read: () => unknown): unknown {
    const { phases } = this.#served;
    this.#hasArrived = true;
    const waiting = phases?.arrived?.(this);
    return waiting === undefined ? this.#admitted(read) : waiting.then(() => this.#admitted(read));
  }

  #admitted(read: () => unknown): unknown {
    // The wheel may have yet to come to it.
    if (this.deadlineMs <= performance.now()) this.onDeadline();
    this.#checkCut();
    const request = read();
    return isPromiseLike(request) ? request.then((later) => this.#handle(later)) : this.#handle(request);
  }

  #handle(given: unknown): unknown {
    const request = this.#incoming(given);
    this.#checkCut();
    const answer = this.#served.handler(request, this);
    // A promise of a stream is none, as over gRPC: this says so.
    if (this.method.responseStream && answer instanceof Promise) iteratorOf(answer as never);
    return answer;
  }

  #checkCut(): void {
    if (this.#cut !== undefined) throw this.#cut.error;
  }

  #incoming(request: unknown): unknown {
    const { phases } = this.#served;
    if (phases?.request === undefined) return request;
    const pass = (message: unknown) => phases.request!(message, this);
    if (!this.method.requestStream) return pass(request);
    return (async function* () {
      for await (const message of request as AsyncIterable<unknown>) yield pass(message);
    })();
  }

  #outgoing(message: unknown): unknown {
    const { phases, definition } = this.#served;
    const outgoing = phases?.response === undefined ? message : phases.response(message, this);
    // Of other generators anything may be a message.
    if ((definition as GeneratedMethod).responseType?.fromPartial !== undefined) checkMessage(outgoing);
    return outgoing;
  }

  async #sendLater(answer: PromiseLike<unknown>, send: Send): Promise<void> {
    let messages: unknown;
    try {
      messages = await this.#unlessCut(answer);
    } catch (thrown) {
      throw this.#fail(thrown);
    }
    return this.#sendAll(messages, send);
  }

  /** Sends what the handler gives, without a promise for each response. @throws What was thrown, if it gives no messages. */
  #sendAll(messages: unknown, send: Send): Promise<void> {
    const responses = new DirectResponses(messages as AnyIterable, {
      send: (message) => send(this.#outgoing(message)),
      onEnd: (failure) => this.#onStreamEnd(failure),
      scope: this.#calls.scopes.here(),
    });
    this.#responses = responses;
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      if (this.#cut === undefined) responses.start();
      else {
        reject(this.#cut.error);
        this.#close();
      }
    });
  }

  #onStreamEnd(failure: StreamFailure): void {
    // It was closed from outside, and whoever waited knows.
    if (this.#handlerDone) {
      if (failure !== undefined) this.#failLate(failure.thrown);
      return;
    }
    this.#handlerDone = true;
    if (failure === undefined) this.#resolve!();
    else this.#reject!(this.#fail(failure.thrown));
  }

  async #writeLater<T>(answer: PromiseLike<unknown>, write: (message: unknown) => T): Promise<T> {
    try {
      return this.#written(await this.#unlessCut(answer), write);
    } catch (thrown) {
      throw this.#fail(thrown);
    }
  }

  #written<T>(message: unknown, write: (message: unknown) => T): T {
    this.#handlerDone = true;
    if (message === undefined || message === null)
      throw new Error(`${this.method.path}: the handler returned no message; is a 'return' missing?`);
    return write(this.#outgoing(message));
  }

  /** What was asked for, unless the call is cut before it is there: its handler need not heed the signal. */
  #unlessCut<T>(result: PromiseLike<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#reject = reject;
      if (this.#cut !== undefined) reject(this.#cut.error);
      result.then(resolve, (thrown: unknown) => {
        if (this.#cut === undefined) reject(thrown);
        else this.#failLate(thrown);
      });
    });
  }

  /** Passes what was thrown through the phases. Returns the error that goes out. */
  #fail(thrown: unknown): ServerError {
    this.#handlerDone ||= this.#responses === undefined && this.#cut === undefined;
    const cut = this.#cut;
    let error: ServerError;
    if (cut !== undefined && cut.error === thrown) error = cut.error;
    else if (isOwnDeadline(thrown, this.deadlineMs)) error = deadlineError();
    else {
      error = sendable(this.method, this.#throughFailed(ownErrorOf(thrown)));
      this.#error = error;
    }
    this.#code = error.code;
    return error;
  }

  #throughFailed(thrown: unknown): unknown {
    const { phases } = this.#served;
    if (phases?.failed === undefined || !this.#hasArrived) return thrown;
    try {
      return phases.failed(thrown, this);
    } catch (error) {
      warn(`${this.method.path}: a phase threw when the call failed`, error);
      return thrown;
    }
  }

  /** The handler has thrown, and the call is over: an unexpected error must not pass in silence. */
  #failLate(thrown: unknown): void {
    if (thrown === this.#cut?.error || thrown === this.#cut?.reason) return;
    if (abortWithin(thrown) !== undefined || isOwnDeadline(thrown, this.deadlineMs)) return;
    this.#throughFailed(thrown);
  }

  /** Ends the call from outside. `failed` hears of what the server does, and not of what the caller and the clock do. */
  #interrupt(error: ServerError, reason: unknown, isHeard = false): void {
    if (this.#cut !== undefined || this.#over) return;
    this.#code = error.code;
    const out = isHeard ? sendable(this.method, this.#throughFailed(error)) : error;
    if (isHeard) this.#error = out;
    this.#code = out.code;
    this.#cut = { error: out, reason };
    if (!this.#handlerDone) this.#controller?.abort(reason);
    this.#reject?.(out);
    this.#close();
  }

  /** Closes the handler's stream, though a message of it may be waited for. */
  #close(): void {
    if (this.#responses === undefined || this.#handlerDone) return;
    this.#handlerDone = true;
    this.#responses.close();
  }
}

const deadlineError = () => peerError(Status.DEADLINE_EXCEEDED, "Deadline exceeded");

function isAbort(thrown: unknown): boolean {
  try {
    return (thrown as Error | null | undefined)?.name === "AbortError";
  } catch {
    return false;
  }
}

/** The status of what was thrown, by nice-grpc's rules. */
function sendable({ path }: MethodDescriptor, thrown: unknown): ServerError {
  try {
    if (thrown instanceof ServerError) {
      return isErrorCode(thrown.code)
        ? withText(thrown)
        : new ServerError(Status.UNKNOWN, withText(thrown).details);
    }
  } catch {
    // It cannot even be looked at.
  }
  if (isAbort(thrown)) return peerError(Status.CANCELLED, "The operation was cancelled");
  warn(`${path}: a handler threw what is neither a ServerError nor an AbortError`, thrown);
  return new ServerError(Status.UNKNOWN, "Unknown server error occurred");
}
