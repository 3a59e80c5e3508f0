import type { PeerCertificate } from "node:tls";
import { ServerError, Status, type Metadata, type MethodDescriptor } from "nice-grpc-common";
import { compress } from "../grpc/compression.js";
import { LazyMetadata, toFields } from "../grpc/metadata.js";
import { encodeApart, writeCompressed, writeMessage } from "../grpc/message-writer.js";
import { encodeStatusMessage, statusOfErrorCode } from "../grpc/status.js";
import { HeaderFields, headerListSize } from "../hpack/header-fields.js";
import type { HeaderList } from "../hpack/header-list.js";
import { deadlines, type DeadlineEntry, type DeadlineLinks } from "../http2/deadline-wheel.js";
import { ErrorCode, StreamError } from "../http2/errors.js";
import { Http2Stream } from "../http2/stream.js";
import { spreadableContext, type ContextSource } from "./call-context.js";
import type { CallScope } from "./call-scope.js";
import { isAbortError, statusOrWarning, warnOfPhase } from "./error-status.js";
import { checkTrailers, type RequestHead } from "./request-head.js";
import { RequestReader } from "./request-reader.js";
import { ResponseStream, type ResponseSink } from "./response-stream.js";
import { checkStreamEnd, runUnary, runUnaryMiddleware, streamOf } from "./run-handler.js";
import type { ServerCallContext } from "./server-call-context.js";
import type { ServerConnection } from "./server-connection.js";
import type { ServerMethod } from "./server-method.js";
import { countMessage } from "./turns.js";

const RESPONSE_HEADER = new HeaderFields([":status", "200", "content-type", "application/grpc+proto"]);
const GZIP_RESPONSE_HEADER = new HeaderFields([
  ":status",
  "200",
  "content-type",
  "application/grpc+proto",
  "grpc-encoding",
  "gzip",
]);
const OK_TRAILER = new HeaderFields(["grpc-status", "0"]);
const NO_FIELDS = new HeaderFields([]);
/**
 * How much earlier than its deadline a call may be cut short and still count as ended by it, in milliseconds: the client's
 * timer began before ours.
 */
const DEADLINE_TOLERANCE_MS = 10;

/** A call that a server works on: one stream, from the request's headers to the status. */
export class ServerCall extends Http2Stream implements ContextSource, DeadlineEntry, ResponseSink {
  declare connection: ServerConnection;
  readonly list: HeaderList;
  readonly head: RequestHead;
  readonly method: ServerMethod;
  /** By the clock of `performance.now()`; `Infinity` for a client that waits for ever. */
  deadlineMs: number;
  deadlineBefore: DeadlineLinks | undefined;
  deadlineAfter: DeadlineLinks | undefined;
  /** Whether the status has been sent, or cannot be any more. */
  finished = false;
  /** Whether the handler has returned or thrown: what ends the call later does not abort its signal. */
  handlerDone = false;
  /** The handler's choice, if it made one. */
  #compress: boolean | undefined;
  /** What phases and the handler get: made at arrival if there are phases, else when the handler runs. */
  #context: ServerCallContext | undefined;
  /** Where phases and the handler run; undefined if that is of no consequence. */
  scope: CallScope | undefined;
  #header: Metadata | undefined;
  #trailer: Metadata | undefined;
  #headerSent = false;
  /** Whether the header has said that messages may be compressed. */
  #gzip = false;
  /** Let go of when the only request is complete: a stream of responses may stay for long. */
  #request: RequestReader | undefined;
  /** What the handler of a stream sends. */
  #responses: ResponseStream | undefined;
  #controller: AbortController | undefined;
  #aborted = false;
  /** Why the signal aborts, if it is not for a cancellation. */
  #abortReason: unknown;
  /** Whether what was thrown has been given to the phases: an error more does not change how the call ended. */
  #failed = false;
  /** The status that goes out; reported when the client has it. */
  #code = Status.OK;
  /** The error whose status that is. */
  #error: unknown;
  #reported = false;

  constructor(list: HeaderList, head: RequestHead, method: ServerMethod, now: number) {
    super();
    this.list = list;
    this.head = head;
    this.method = method;
    this.#request = new RequestReader(this, now);
    this.deadlineMs = head.timeoutMs === undefined ? Infinity : now + head.timeoutMs;
  }

  get peer(): string {
    return this.connection.peer;
  }

  /** The metadata that go out with the response's header. */
  get header(): Metadata {
    return (this.#header ??= new LazyMetadata());
  }

  /** The metadata that go out with the status. */
  get trailer(): Metadata {
    return (this.#trailer ??= new LazyMetadata());
  }

  get descriptor(): MethodDescriptor {
    return this.method.descriptor;
  }

  get authority(): string {
    return this.head.authority;
  }

  get peerCertificate(): PeerCertificate | undefined {
    return this.connection.peerCertificate;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#aborted) this.#controller.abort(this.#abortReason);
    }
    return this.#controller.signal;
  }

  compressResponses(on: boolean): void {
    this.#compress = on;
  }

  /** Whether the client, although it could, has not sent since that time what the handler needs. */
  hasWaitedSince(time: number): boolean {
    return (
      !this.finished && this.#request?.hasWaitedSince(time) === true && !this.connection.isHeldBack(this)
    );
  }

  /** The call has arrived: its first phase decides on it, and then it begins. */
  begin(): void {
    const { phases, contextClass } = this.method;
    this.scope = this.connection.openScope();
    const { timeoutMs } = this.head;
    const isLate = timeoutMs !== undefined && timeoutMs < 1;
    if (!isLate) deadlines.add(this);
    let waiting: void | Promise<void> = undefined;
    if (phases !== undefined) {
      this.#context = new contextClass(this);
      try {
        if (phases.arrived !== undefined) waiting = this.#inScope(() => phases.arrived!(this.#context!));
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
    if (!this.finished) this.#request!.hold();
    // Promises that are made by hand do what they like.
    Promise.resolve(arrived).then(
      () => this.#start(),
      (error: unknown) => this.fail(error),
    );
  }

  /** The call is admitted. */
  #start(): void {
    if (this.finished) return;
    const { endReason } = this.connection;
    if (endReason !== undefined && this.method.descriptor.responseStream) this.end(endReason);
    else this.#request!.start();
  }

  /** Runs something of the application's for this call alone. */
  #inScope<T>(what: () => T): T {
    return this.scope === undefined ? what() : this.scope.run(what);
  }

  onHeaders(trailers: HeaderList, endStream: boolean): void {
    // RFC 9113, section 8.1: what follows the headers can only be trailers, and they end the stream. gRPC has no use for
    // them.
    if (!endStream) throw new StreamError(ErrorCode.PROTOCOL_ERROR, "HEADERS inside a request");
    checkTrailers(trailers);
    this.#request!.onEnd();
  }

  onData(buffer: Buffer, start: number, end: number, endStream: boolean): void {
    this.#request!.onData(buffer, start, end, endStream);
  }

  onRoomForMessage(): void {
    this.#request?.onRoomForMessage();
  }

  onAborted(code: ErrorCode, _message: string): void {
    if (!this.finished) {
      this.connection.stats.callsFailed++;
      this.finished = true;
      this.#error = undefined;
    }
    // Also of a call whose status waited to be sent.
    if (!this.localEnded) this.#code = this.#codeOfAbort(code);
    this.#end();
    this.#report();
  }

  /** What the client sees of a call that was cut short. */
  #codeOfAbort(code: ErrorCode): Status {
    if (this.deadlineMs - DEADLINE_TOLERANCE_MS <= performance.now()) return Status.DEADLINE_EXCEEDED;
    const isCancel = this.connection.end !== undefined || code === ErrorCode.NO_ERROR;
    return isCancel ? Status.CANCELLED : statusOfErrorCode(code);
  }

  /** All has been sent, the status too. */
  onSent(): void {
    deadlines.remove(this);
    this.#report();
  }

  onDrained(): void {
    this.#responses?.onDrained();
  }

  /** Runs the handler, with its request or an iterable of them. */
  run(request: unknown): void {
    const { middleware, contextClass, descriptor } = this.method;
    if (!descriptor.requestStream) this.#request = undefined;
    this.#context ??= middleware === undefined ? new contextClass(this) : spreadableContext(this);
    if (this.scope === undefined) this.#run(request, this.#context);
    else this.scope.run(() => this.#run(request, this.#context!));
  }

  #run(request: unknown, context: ServerCallContext): void {
    const { middleware, descriptor } = this.method;
    if (descriptor.responseStream) this.#runStream(request, context);
    else if (middleware === undefined) void runUnary(this, request, context);
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

  onHandlerReturned(value: unknown): void {
    checkStreamEnd(this.method, value);
    this.handlerDone = true;
    this.finishOk();
  }

  onHandlerFailed(error: unknown): void {
    this.handlerDone = true;
    this.fail(error);
  }

  onHandlerStopped(): void {
    this.handlerDone = true;
  }

  /** Passes a message of the request through its phase. */
  received(message: unknown): unknown {
    const { phases } = this.method;
    return phases?.request === undefined
      ? message
      : this.#inScope(() => phases.request!(message, this.#context!));
  }

  // Sending.

  /** Sends the response's header, if it was not sent before. */
  sendHeader(): void {
    if (this.#headerSent || this.finished) return;
    this.#gzip = this.head.acceptsGzip && (this.#compress ?? this.connection.limits.compressResponses);
    const first = this.#gzip ? GZIP_RESPONSE_HEADER : RESPONSE_HEADER;
    const fields = this.#header && toFields(this.#header);
    const refused = fields && this.#tooLong(first, fields);
    if (refused !== undefined) {
      this.#header = undefined;
      this.fail(new ServerError(Status.RESOURCE_EXHAUSTED, refused));
      return;
    }
    this.#headerSent = true;
    this.connection.sender.headers(this, first, fields, false);
  }

  /** Says so if the client does not take metadata of this size (RFC 9113, section 6.5.2). */
  #tooLong(first: HeaderFields, fields: readonly string[]): string | undefined {
    const { maxHeaderListSize } = this.connection.sender.peer;
    const size = headerListSize(first, fields);
    return size > maxHeaderListSize
      ? `metadata of ${size} bytes, where the client allows ${maxHeaderListSize}`
      : undefined;
  }

  /** Sends the only response, and the status. */
  respond(response: unknown): void {
    if (this.finished) return;
    const message = this.#outgoing(response);
    this.sendHeader();
    // Its metadata may have been too long.
    if (this.finished) return;
    const compressing = this.#send(message);
    if (compressing === undefined) this.finishOk();
    else {
      compressing.then(
        () => this.finishOk(),
        (error: unknown) => this.fail(error),
      );
    }
  }

  /** Sends one message of many; a promise if that takes time. */
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
    if (compressing === undefined) countMessage(this.connection.sender.output);
    return compressing;
  }

  get isBlocked(): boolean {
    return this.pending !== undefined;
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
    const { sender, limits, stats } = this.connection;
    stats.messagesSent++;
    if (!this.#gzip || this.#compress === false) {
      writeMessage(sender, this, this.method.response, message, limits.maxSendMessageBytes, false);
      return undefined;
    }
    return compress(encodeApart(this.method.response, message, limits.maxSendMessageBytes)).then((bytes) => {
      if (!this.finished) writeCompressed(sender, this, bytes, false);
    });
  }

  /** Ends the call well. */
  finishOk(): void {
    if (this.finished) return;
    this.sendHeader();
    if (this.finished) return;
    const fields = this.#trailer && toFields(this.#trailer);
    const refused = fields && this.#tooLong(OK_TRAILER, fields);
    if (refused !== undefined) {
      this.#trailer = undefined;
      this.fail(new ServerError(Status.RESOURCE_EXHAUSTED, refused));
      return;
    }
    this.connection.stats.callsSucceeded++;
    this.#sendTrailers(OK_TRAILER, fields);
  }

  /**
   * Ends the call with the status of what was thrown, which may be anything. Also of a call that is over: an unexpected
   * error must not pass in silence.
   */
  fail(thrown: unknown): void {
    if (this.finished && isAbortError(thrown)) return;
    const error = this.#failed ? thrown : this.#throughFailed(thrown);
    const { code, message } = statusOrWarning(error, this.method.descriptor.path);
    if (this.finished) return;
    try {
      // As nice-grpc does: what the handler put into the header is sent before its error.
      if (this.#header !== undefined && toFields(this.#header) !== undefined) this.sendHeader();
      this.#finishWith(code, message, error, this.#trailer);
    } catch (cause) {
      // A fault of ours.
      statusOrWarning(cause, this.method.descriptor.path);
      this.#reported = false;
      this.cutOff(ErrorCode.INTERNAL_ERROR, "internal error");
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
      warnOfPhase("failed", this.method.descriptor.path, error);
      return thrown;
    }
  }

  /** Ends the call with an error from outside; nobody waits for its handler. */
  end(reason: ServerError): void {
    if (this.finished) return;
    this.#abortReason = reason;
    this.connection.sender.drop(this);
    this.fail(reason);
  }

  /** Ends the call, and its stream, without a status. */
  cutOff(code: ErrorCode, message: string): void {
    this.connection.resetStream(this, code);
    this.onAborted(code, message);
  }

  /** Ends the call with a status; trailers-only if nothing was sent before. */
  #finishWith(code: Status, message: string, error: unknown, trailer?: Metadata): void {
    if (this.finished) return;
    this.#code = code;
    this.#error = error;
    const first = this.#headerSent ? NO_FIELDS : RESPONSE_HEADER;
    let fields = statusFields(code, message);
    const more = trailer === undefined ? undefined : toFields(trailer);
    if (more !== undefined) fields.push(...more);
    const refused = this.#tooLong(first, fields);
    if (refused !== undefined) {
      this.#code = Status.RESOURCE_EXHAUSTED;
      this.#error = new ServerError(this.#code, refused);
      fields = statusFields(this.#code, refused);
    }
    this.connection.stats.callsFailed++;
    this.#sendTrailers(first, fields);
  }

  #sendTrailers(first: HeaderFields, rest: readonly string[] | undefined): void {
    this.finished = true;
    this.#headerSent = true;
    // Otherwise it waits behind messages that the client has not taken.
    const atOnce = this.pending === undefined;
    // Not from inside of the sender.
    if (atOnce) this.#reported = true;
    this.connection.sender.headers(this, first, rest, true);
    if (atOnce) this.#reported = false;
    this.#end();
    if (atOnce) this.#report();
  }

  /** Tells the phases how the call has ended, once. */
  #report(): void {
    if (this.#reported) return;
    this.#reported = true;
    const { phases } = this.method;
    if (phases?.ended === undefined) return;
    try {
      this.#inScope(() => phases.ended!(this.#context!, this.#code, this.#error));
    } catch (error) {
      warnOfPhase("ended", this.method.descriptor.path, error);
    }
  }

  /** Called by the wheel. */
  onDeadline(): void {
    if (!this.finished) this.interrupt(Status.DEADLINE_EXCEEDED, "Deadline exceeded");
    // The handler is through, and the client does not take the rest.
    else if (!this.closed) this.cutOff(ErrorCode.CANCEL, "Deadline exceeded");
  }

  /** Ends the call with a status while its handler runs; what it has written and the client has not taken is dropped. */
  interrupt(code: Status, message: string): void {
    if (this.finished) return;
    this.connection.sender.drop(this);
    this.#finishWith(code, message, undefined);
  }

  /** Lets go of all that waits. */
  #end(): void {
    // What the client has yet to take is held to the deadline too.
    if (this.pending === undefined || this.closed) deadlines.remove(this);
    this.onDrained();
    this.#request?.close();
    if (this.handlerDone || this.#aborted) return;
    this.#aborted = true;
    if (this.#controller !== undefined || this.#responses !== undefined) this.#inScope(() => this.#abort());
  }

  /** The handler's work is in vain. */
  #abort(): void {
    this.#controller?.abort(this.#abortReason);
    this.#responses?.stop();
  }
}

function statusFields(code: Status, message: string): string[] {
  const fields = ["grpc-status", String(code)];
  if (message !== "") fields.push("grpc-message", encodeStatusMessage(message));
  return fields;
}
