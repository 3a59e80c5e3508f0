import type { PeerCertificate } from "node:tls";
import { ServerError, Status, type Metadata, type MethodDescriptor } from "nice-grpc-common";
import { LazyMetadata, toFields } from "../grpc/metadata.js";
import { encodeCompressed, writeCompressed, writeMessage } from "../grpc/message-writer.js";
import { statusOfErrorCode } from "../grpc/status.js";
import type { HeaderList } from "../hpack/header-list.js";
import { deadlines, type DeadlineEntry, type DeadlineLinks } from "../http2/deadline-wheel.js";
import { ErrorCode } from "../http2/errors.js";
import { spreadableContext, type ContextSource } from "./call-context.js";
import type { CallHost } from "./call-host.js";
import type { CallScope } from "./call-scope.js";
import {
  abortWithin,
  isDeadlineOver,
  isOwnDeadline,
  ownErrorOf,
  statusOrWarning,
  warnOfListener,
  warnOfPhase,
} from "./error-status.js";
import { guardListeners, type FaultSink } from "./guarded-signal.js";
import type { RequestHead } from "./request-head.js";
import { ResponseStream, type ResponseSink } from "./response-stream.js";
import { writeHeader, writeOk, writeStatus } from "./response-writer.js";
import { checkStreamEnd, runUnary, runUnaryMiddleware, streamOf, type UnarySink } from "./run-handler.js";
import type { ServerCallContext } from "./server-call-context.js";
import type { ServerMethod } from "./server-method.js";
import { ServerStream, type StreamOwner } from "./server-stream.js";
import { countMessage } from "./turns.js";
import { isTooMuchUnsent } from "./unsent-bytes.js";

/**
 * A call that a server works on, from the arrival to the status: decides when it begins, runs its phases and its handler, and
 * decides how it ends. Its stream carries the messages.
 *
 * It is one long class because it is one object, as most of its parts are asked for by name: by the wheel, the context, the
 * stream and the handler.
 */
export class ServerCall
  implements ContextSource, DeadlineEntry, FaultSink, ResponseSink, StreamOwner, UnarySink
{
  readonly list: HeaderList;
  readonly method: ServerMethod;
  readonly stream: ServerStream;
  /** Where phases and the handler run; undefined if that is of no consequence. */
  readonly scope: CallScope | undefined;
  /** By the clock of `performance.now()`. */
  readonly arrivedMs: number;
  /** By the same clock; `Infinity` for a client that waits for ever. */
  deadlineMs: number;
  deadlineBefore: DeadlineLinks | undefined;
  deadlineAfter: DeadlineLinks | undefined;
  /** True if the status has been sent, or cannot be any more. */
  finished = false;
  readonly #host: CallHost;
  readonly #head: RequestHead;
  /** The context of phases and handler: made at arrival if there are phases, else when the handler runs. */
  #context: ServerCallContext | undefined;
  /** The responses that the handler of a stream sends. */
  #responses: ResponseStream | undefined;
  /** True if the handler has returned or thrown: what ends the call later does not abort its signal. */
  #handlerDone = false;
  #handlerRuns = false;
  /** True if the handler runs on although the call is over. */
  #isAbandoned = false;
  #header: Metadata | undefined;
  #trailer: Metadata | undefined;
  #headerSent = false;
  /** The handler's choice, if it made one. */
  #compress: boolean | undefined;
  /** True if the header has said that messages may be compressed. */
  #gzip = false;
  #controller: AbortController | undefined;
  #aborted = false;
  /** Why the signal aborts, if it is not for a cancellation. */
  #abortReason: unknown;
  /** True if what was thrown has been given to the phases: an error more does not change how the call ended. */
  #failed = false;
  /** The status that goes out; reported when the client has it. */
  #code = Status.OK;
  /** The error whose status that is. */
  #error: unknown;
  #reported = false;

  constructor(host: CallHost, list: HeaderList, head: RequestHead, now: number) {
    this.list = list;
    this.method = head.method!;
    this.scope = host.openScope();
    this.arrivedMs = now;
    this.deadlineMs = head.timeoutMs === undefined ? Infinity : now + head.timeoutMs;
    this.#host = host;
    this.#head = head;
    this.stream = new ServerStream(this, head, host, now);
  }

  get descriptor(): MethodDescriptor {
    return this.method.descriptor;
  }

  get peer(): string {
    return this.#host.peer;
  }

  get authority(): string {
    return this.#head.authority;
  }

  get peerCertificate(): PeerCertificate | undefined {
    return this.#host.peerCertificate;
  }

  /** The metadata that go out with the response's header. */
  get header(): Metadata {
    return (this.#header ??= new LazyMetadata());
  }

  /** The metadata that go out with the status. */
  get trailer(): Metadata {
    return (this.#trailer ??= new LazyMetadata());
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      guardListeners(this.#controller.signal, this);
      if (this.#aborted) this.#controller.abort(this.#abortReason);
    }
    return this.#controller.signal;
  }

  compressResponses(on: boolean): void {
    this.#compress = on;
  }

  // Beginning.

  /** The call has arrived, and its stream is open: the first phase decides on it, and then it begins. */
  begin(): void {
    const { phases, contextClass } = this.method;
    const { timeoutMs } = this.#head;
    const isLate = timeoutMs !== undefined && timeoutMs < 1;
    if (!isLate) deadlines.add(this);
    let waiting: void | Promise<void> = undefined;
    if (phases !== undefined) {
      const context = (this.#context = new contextClass(this));
      try {
        if (this.scope === undefined) waiting = phases.arrived?.(context);
        else waiting = this.scope.run(() => phases.arrived?.(context));
      } catch (error) {
        this.fail(error);
        return;
      }
    }
    if (isLate) this.onDeadline();
    if (waiting === undefined) this.#start();
    else this.#startAfter(waiting);
  }

  #startAfter(arrived: PromiseLike<void>): void {
    if (!this.finished) this.stream.hold();
    // Promises that are made by hand do what they like.
    Promise.resolve(arrived).then(
      () => this.#start(),
      (error: unknown) => this.fail(error),
    );
  }

  /** The call is admitted. */
  #start(): void {
    if (this.finished) return;
    const { endReason } = this.#host;
    if (endReason !== undefined && this.descriptor.responseStream) this.endStream(endReason);
    else this.stream.start();
  }

  onMessage(message: unknown): unknown {
    const { phases } = this.method;
    return phases?.request === undefined
      ? message
      : this.#inScope(() => phases.request!(message, this.#context!));
  }

  /** Runs the handler. */
  onRequest(request: unknown): void {
    this.#handlerRuns = true;
    const { middleware, contextClass } = this.method;
    const context = (this.#context ??=
      middleware === undefined ? new contextClass(this) : spreadableContext(this));
    if (this.scope === undefined) this.#run(request, context);
    else this.scope.run(() => this.#run(request, context));
  }

  #run(request: unknown, context: ServerCallContext): void {
    if (this.descriptor.responseStream) this.#runStream(request, context);
    else if (this.method.middleware === undefined) runUnary(this, request, context);
    else void runUnaryMiddleware(this, request, context);
  }

  #runStream(request: unknown, context: ServerCallContext): void {
    try {
      this.#responses = new ResponseStream(this, streamOf(this.method, request, context));
    } catch (error) {
      this.onHandlerFailed(error);
      return;
    }
    this.#responses.start();
  }

  // The events of the handler.

  #onHandlerDone(): void {
    this.#handlerDone = true;
    if (!this.#isAbandoned) return;
    this.#isAbandoned = false;
    this.#host.abandoned--;
  }

  onHandlerAnswered(response: unknown): void {
    this.#onHandlerDone();
    if (this.finished) return;
    const message = this.#outgoing(response);
    this.sendHeader();
    // Its metadata may have been too long.
    if (this.finished) return;
    const compressing = this.#send(message);
    if (compressing === undefined) this.#finishOk();
    else {
      compressing.then(
        () => this.#finishOk(),
        (error: unknown) => this.fail(error),
      );
    }
  }

  onHandlerReturned(value: unknown): void {
    checkStreamEnd(this.method, value);
    this.#onHandlerDone();
    this.#finishOk();
  }

  onHandlerFailed(error: unknown): void {
    this.#onHandlerDone();
    this.fail(error);
  }

  onHandlerStopped(): void {
    this.#onHandlerDone();
  }

  write(response: unknown): Promise<void> | undefined {
    let message: unknown;
    try {
      message = this.#outgoing(response);
    } catch (error) {
      this.fail(error);
    }
    this.sendHeader();
    if (this.finished) return undefined;
    const compressing = this.#send(message);
    if (compressing === undefined) countMessage(this.#host.sender.output);
    return compressing;
  }

  get isBlocked(): boolean {
    return this.stream.pending !== undefined;
  }

  /** Passes a message of the response through its phase. */
  #outgoing(message: unknown): unknown {
    const { phases } = this.method;
    return phases?.response === undefined
      ? message
      : this.#inScope(() => phases.response!(message, this.#context!));
  }

  /** Sends one message; a promise if that takes time. */
  #send(message: unknown): Promise<void> | undefined {
    const { stream, method } = this;
    const { sender, limits, stats } = this.#host;
    stats.messagesSent++;
    if (!this.#gzip || this.#compress === false) {
      writeMessage(sender, stream, method.response, message, limits.maxSendMessageBytes, false);
      this.#checkUnsent();
      return undefined;
    }
    return encodeCompressed(method.response, message, limits.maxSendMessageBytes).then((bytes) => {
      if (this.finished) return;
      writeCompressed(sender, stream, bytes, false);
      this.#checkUnsent();
    });
  }

  /** Ends the call if too much waits to be sent. */
  #checkUnsent(): void {
    if (isTooMuchUnsent(this.stream, this.#host))
      this.#interrupt(Status.RESOURCE_EXHAUSTED, "too many bytes wait to be sent to this client");
  }

  /** Sends the response's header, if it was not sent before. */
  sendHeader(): void {
    if (this.#headerSent || this.finished) return;
    this.#gzip = this.#head.acceptsGzip && (this.#compress ?? this.#host.limits.compressResponses);
    const { plain, gzip } = this.method.responseFields;
    const refused = writeHeader(this.#host.sender, this.stream, this.#gzip ? gzip : plain, this.#header);
    if (refused === undefined) this.#headerSent = true;
    else {
      this.#header = undefined;
      this.fail(new ServerError(Status.RESOURCE_EXHAUSTED, refused));
    }
  }

  // Ending.

  /** Ends the call well. */
  #finishOk(): void {
    this.sendHeader();
    if (this.finished) return;
    // The sender's `onSent` comes before it returns: the phases are told after that.
    this.#reported = true;
    const refused = writeOk(this.#host.sender, this.stream, this.#trailer);
    this.#reported = false;
    if (refused !== undefined) {
      this.#trailer = undefined;
      this.fail(new ServerError(Status.RESOURCE_EXHAUSTED, refused));
      return;
    }
    this.#onFinished(true);
  }

  /**
   * Ends the call with the status of what was thrown, which may be anything. Also of a call that is over: an unexpected
   * error must not pass in silence.
   */
  fail(thrown: unknown): void {
    if (this.finished && abortWithin(thrown) !== undefined) return;
    if (isOwnDeadline(thrown, this.deadlineMs)) {
      if (!this.finished) this.onDeadline();
      return;
    }
    const own = ownErrorOf(thrown);
    const error = this.#failed ? own : this.#throughFailed(own);
    const { code, message } = statusOrWarning(error, this.descriptor.path);
    if (this.finished) return;
    try {
      // As nice-grpc does: what the handler put into the header is sent before its error.
      if (this.#header !== undefined && toFields(this.#header) !== undefined) this.sendHeader();
      this.#finishWith(code, message, error, this.#trailer);
    } catch (cause) {
      // A fault of ours.
      statusOrWarning(cause, this.descriptor.path);
      this.#reported = false;
      this.#cutOff(ErrorCode.INTERNAL_ERROR);
    }
  }

  /** Lets the phases see what was thrown; what goes out is what they return. */
  #throughFailed(thrown: unknown): unknown {
    this.#failed = true;
    const { phases } = this.method;
    if (phases?.failed === undefined) return thrown;
    try {
      return this.#inScope(() => phases.failed!(thrown, this.#context!));
    } catch (error) {
      warnOfPhase("failed", this.descriptor.path, error);
      return thrown;
    }
  }

  endStream(reason: ServerError): void {
    if (this.finished || !this.descriptor.responseStream) return;
    this.#abortReason = reason;
    this.#host.sender.drop(this.stream);
    this.fail(reason);
  }

  onRequestTimeout(): void {
    this.#interrupt(Status.DEADLINE_EXCEEDED, "the request did not arrive in time");
  }

  onAnswerTimeout(): void {
    // A stream of answers may have a reader that takes its time.
    if (!this.descriptor.responseStream) this.#cutOff(ErrorCode.CANCEL);
  }

  /** Called by the wheel. */
  onDeadline(): void {
    if (!this.finished) this.#interrupt(Status.DEADLINE_EXCEEDED, "Deadline exceeded");
    // The handler is through, and the client does not take the rest.
    else if (!this.stream.closed) this.#cutOff(ErrorCode.CANCEL);
  }

  /** Ends the call while its handler runs; what it has written and the client has not taken is dropped. */
  #interrupt(code: Status, message: string): void {
    this.#host.sender.drop(this.stream);
    this.#finishWith(code, message, undefined, undefined);
  }

  /** Ends the call, and its stream, without a status. */
  #cutOff(code: ErrorCode): void {
    this.#host.resetStream(this.stream, code);
    this.onAborted(code);
  }

  onAborted(code: ErrorCode): void {
    if (!this.finished) {
      this.#host.stats.callsFailed++;
      this.finished = true;
      this.#error = undefined;
    }
    // Also of a call whose status waited to be sent.
    if (!this.stream.localEnded) this.#code = this.#codeOfAbort(code);
    this.#end();
    this.#report();
  }

  /** The status that the client sees of a call that was cut short. */
  #codeOfAbort(code: ErrorCode): Status {
    if (isDeadlineOver(this.deadlineMs)) return Status.DEADLINE_EXCEEDED;
    const isCancel = this.#host.end !== undefined || code === ErrorCode.NO_ERROR;
    return isCancel ? Status.CANCELLED : statusOfErrorCode(code);
  }

  /** Ends the call with the status of a failure. */
  #finishWith(code: Status, message: string, error: unknown, trailer: Metadata | undefined): void {
    if (this.finished) return;
    this.#code = code;
    this.#error = error;
    this.#reported = true;
    const first = this.#headerSent ? undefined : this.method.responseFields.plain;
    const refused = writeStatus(this.#host.sender, this.stream, first, code, message, trailer);
    if (refused !== undefined) {
      this.#code = Status.RESOURCE_EXHAUSTED;
      this.#error = new ServerError(this.#code, refused);
      writeStatus(this.#host.sender, this.stream, first, this.#code, refused, undefined);
    }
    this.#reported = false;
    this.#onFinished(false);
  }

  #onFinished(isOk: boolean): void {
    // Writing may have found that the connection is lost.
    if (!this.finished) {
      this.finished = true;
      if (isOk) this.#host.stats.callsSucceeded++;
      else this.#host.stats.callsFailed++;
      this.#end();
    }
    // Otherwise the status waits behind messages that the client has not taken.
    if (this.stream.localEnded || this.stream.closed) this.#report();
  }

  onSent(): void {
    deadlines.remove(this);
    this.#report();
  }

  onDrained(): void {
    this.#responses?.onDrained();
  }

  /** Tells the phases how the call has ended, once. */
  #report(): void {
    if (this.#reported) return;
    this.#reported = true;
    const { phases } = this.method;
    if (phases?.ended === undefined) return;
    try {
      if (this.scope === undefined) phases.ended(this.#context!, this.#code, this.#error);
      else this.scope.run(() => phases.ended!(this.#context!, this.#code, this.#error));
    } catch (error) {
      warnOfPhase("ended", this.descriptor.path, error);
    }
  }

  /** Lets go of all that waits. */
  #end(): void {
    const { stream } = this;
    // The deadline also counts for what the client has yet to take.
    if (stream.pending === undefined || stream.closed) deadlines.remove(this);
    stream.close();
    if (this.#handlerDone || this.#aborted) return;
    this.#aborted = true;
    if (this.#handlerRuns) {
      this.#isAbandoned = true;
      this.#host.abandoned++;
    }
    if (this.#controller !== undefined || this.#responses !== undefined) this.#inScope(() => this.#abort());
  }

  /** The handler's work is in vain. */
  #abort(): void {
    this.#controller?.abort(this.#abortReason);
    this.#responses?.stop();
  }

  onFault(error: unknown): void {
    const { path } = this.descriptor;
    const { phases } = this.method;
    if (phases?.faulted === undefined) {
      warnOfListener(path, error);
      return;
    }
    try {
      this.#inScope(() => phases.faulted!(error, this.#context!));
    } catch (thrown) {
      warnOfPhase("faulted", path, thrown);
    }
  }

  /** Runs something of the application's for this call alone. */
  #inScope<T>(what: () => T): T {
    return this.scope === undefined ? what() : this.scope.run(what);
  }
}
