import { ServerError, Status, type Metadata } from "nice-grpc-common";
import { compress } from "../grpc/compression.js";
import { LazyMetadata, toFields } from "../grpc/metadata.js";
import { encodeApart, writeCompressed, writeMessage } from "../grpc/message-writer.js";
import { encodeStatusMessage } from "../grpc/status.js";
import { HeaderFields, headerListSize } from "../hpack/header-fields.js";
import type { HeaderList } from "../hpack/header-list.js";
import { ErrorCode, StreamError } from "../http2/errors.js";
import { Http2Stream } from "../http2/stream.js";
import { MAX_TIMER_MS, timerMs } from "../http2/timers.js";
import { BareContext, spreadableContext } from "./call-context.js";
import { ArrivedCall, type Admit, type CallRefusal } from "./incoming-call.js";
import { checkTrailers, type RequestHead } from "./request-head.js";
import { RequestReader } from "./request-reader.js";
import { runStream, runUnary, runUnaryMiddleware } from "./run-handler.js";
import type { ServerConnection } from "./server-connection.js";
import type { ServerMethod } from "./server-method.js";

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

/** A call that a server works on: one stream, from the request's headers to the status. */
export class ServerCall extends Http2Stream {
  declare connection: ServerConnection;
  readonly list: HeaderList;
  readonly head: RequestHead;
  readonly method: ServerMethod;
  /** What is told of the call before it begins, if somebody is told. */
  arrived: ArrivedCall | undefined;
  /** Whether the status has been sent, or cannot be any more. */
  finished = false;
  /** Whether the handler has returned or thrown: what ends the call later does not abort its signal. */
  handlerDone = false;
  /** The handler's choice, if it made one. */
  compress: boolean | undefined;
  #header: Metadata | undefined;
  #trailer: Metadata | undefined;
  #headerSent = false;
  /** Whether the header has said that messages may be compressed. */
  #gzip = false;
  /** Let go of when the only request is complete: a stream of responses may stay for long. */
  #request: RequestReader | undefined;
  #controller: AbortController | undefined;
  #aborted = false;
  /** In milliseconds since the epoch. */
  #deadlineAt: number | undefined;
  #deadlineTimer: NodeJS.Timeout | undefined;
  #drained: (() => void) | undefined;

  constructor(list: HeaderList, head: RequestHead, method: ServerMethod, now: number) {
    super();
    this.list = list;
    this.head = head;
    this.method = method;
    this.#request = new RequestReader(this, now);
    if (head.timeoutMs !== undefined) this.#deadlineAt = Date.now() + head.timeoutMs;
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

  get deadline(): Date | undefined {
    return this.#deadlineAt === undefined ? undefined : new Date(this.#deadlineAt);
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#aborted) this.#controller.abort();
    }
    return this.#controller.signal;
  }

  /** Whether the client, although it could, has not sent since that time what the handler needs. */
  hasWaitedSince(time: number): boolean {
    return (
      !this.finished && this.#request?.hasWaitedSince(time) === true && !this.connection.isHeldBack(this)
    );
  }

  /** Begins the call, once it is admitted. */
  begin(admit: Admit | undefined): void {
    const { timeoutMs } = this.head;
    if (timeoutMs !== undefined) {
      if (timeoutMs <= 0) {
        this.#onDeadline();
        return;
      }
      this.#armDeadline();
    }
    if (admit === undefined) {
      this.#request!.start();
      return;
    }
    this.arrived = new ArrivedCall(this);
    try {
      const verdict = admit(this.arrived);
      if (verdict instanceof Promise) this.#await(verdict);
      else if (verdict !== undefined) this.#refuse(verdict);
      else this.#request!.start();
    } catch (error) {
      this.fail(error);
    }
  }

  #await(verdict: Promise<CallRefusal | undefined>): void {
    const request = this.#request!;
    request.hold();
    verdict.then(
      (refusal) => {
        if (this.finished) return;
        if (refusal !== undefined) this.#refuse(refusal);
        else request.start();
      },
      (error: unknown) => this.fail(error),
    );
  }

  #refuse({ error, trailer }: CallRefusal): void {
    this.finishWith(error.code, error.details, trailer);
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

  onAborted(_code: ErrorCode, _message: string): void {
    if (!this.finished) {
      this.connection.stats.callsFailed++;
      this.finished = true;
    }
    this.#end();
  }

  onDrained(): void {
    const drained = this.#drained;
    this.#drained = undefined;
    drained?.();
  }

  /** Runs the handler, with its request or an iterable of them. */
  run(request: unknown): void {
    const { middleware, descriptor } = this.method;
    if (!descriptor.requestStream) this.#request = undefined;
    const context =
      middleware === undefined && this.arrived === undefined
        ? new BareContext(this)
        : spreadableContext(this);
    if (descriptor.responseStream) runStream(this, request, context);
    else if (middleware === undefined) void runUnary(this, request, context);
    else void runUnaryMiddleware(this, request, context);
  }

  // Sending.

  /** Sends the response's header, if it was not sent before. */
  sendHeader(): void {
    if (this.#headerSent || this.finished) return;
    this.#gzip = this.head.acceptsGzip && (this.compress ?? this.connection.limits.compressResponses);
    const first = this.#gzip ? GZIP_RESPONSE_HEADER : RESPONSE_HEADER;
    const fields = this.#header && toFields(this.#header);
    const refused = fields && this.#tooLong(first, fields);
    if (refused !== undefined) {
      this.finishWith(Status.RESOURCE_EXHAUSTED, refused);
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
    this.sendHeader();
    // Its metadata may have been too long.
    if (this.finished) return;
    const compressing = this.#send(response);
    if (compressing === undefined) this.finishOk();
    else {
      compressing.then(
        () => this.finishOk(),
        (error: unknown) => this.fail(error),
      );
    }
  }

  /** Sends one message of many; a promise if the next one has to wait. */
  write(message: unknown): Promise<void> | undefined {
    this.sendHeader();
    if (this.finished) return undefined;
    const compressing = this.#send(message);
    if (compressing !== undefined) return compressing.then(() => this.#room());
    return this.pending === undefined ? this.connection.nextTurn() : this.#room();
  }

  /** Resolves when all has been sent, or the call is over. */
  #room(): Promise<void> | undefined {
    if (this.pending === undefined || this.finished) return undefined;
    return new Promise<void>((resolve) => {
      this.#drained = resolve;
    });
  }

  /** Sends one message; a promise if that takes time. */
  #send(message: unknown): Promise<void> | undefined {
    const { sender, limits, stats } = this.connection;
    stats.messagesSent++;
    if (!this.#gzip || this.compress === false) {
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
      this.finishWith(Status.RESOURCE_EXHAUSTED, refused);
      return;
    }
    this.connection.stats.callsSucceeded++;
    this.#sendTrailers(OK_TRAILER, fields);
  }

  /** Ends the call with the status of an error. */
  fail(error: unknown): void {
    // Also of a call that is over: an unexpected error must not pass in silence.
    const [code, message] = statusOf(error, this.method.descriptor.path);
    // As nice-grpc does: what the handler put into the header is sent before its error.
    if (this.#header !== undefined && toFields(this.#header) !== undefined) this.sendHeader();
    this.finishWith(code, message, this.#trailer);
  }

  /** Ends the call with a status; trailers-only if nothing was sent before. */
  finishWith(code: Status, message: string, trailer?: Metadata): void {
    if (this.finished) return;
    this.connection.stats.callsFailed++;
    const first = this.#headerSent ? NO_FIELDS : RESPONSE_HEADER;
    let fields = statusFields(code, message);
    const more = trailer === undefined ? undefined : toFields(trailer);
    if (more !== undefined) fields.push(...more);
    const refused = this.#tooLong(first, fields);
    if (refused !== undefined) fields = statusFields(Status.RESOURCE_EXHAUSTED, refused);
    this.#sendTrailers(first, fields);
  }

  #sendTrailers(first: HeaderFields, rest: readonly string[] | undefined): void {
    this.finished = true;
    this.#headerSent = true;
    this.connection.sender.headers(this, first, rest, true);
    this.#end();
  }

  #armDeadline(): void {
    const left = Math.max(this.#deadlineAt! - Date.now(), 0);
    this.#deadlineTimer = setTimeout(
      () => (left > MAX_TIMER_MS ? this.#armDeadline() : this.#onDeadline()),
      timerMs(left),
    );
  }

  #onDeadline(): void {
    this.#deadlineTimer = undefined;
    if (!this.finished) this.interrupt(Status.DEADLINE_EXCEEDED, "Deadline exceeded");
    // The handler is through, and the client does not take the rest.
    else if (!this.closed) this.connection.resetStream(this, ErrorCode.CANCEL);
  }

  /** Ends the call with a status while its handler runs; what it has written and the client has not taken is dropped. */
  interrupt(code: Status, message: string): void {
    if (this.finished) return;
    this.connection.sender.drop(this);
    this.finishWith(code, message);
  }

  /** Lets go of all that waits. */
  #end(): void {
    // What the client has yet to take is held to the deadline too.
    if (this.pending === undefined || this.closed) clearTimeout(this.#deadlineTimer);
    else this.#deadlineTimer?.unref();
    this.onDrained();
    this.#request?.close();
    if (this.handlerDone || this.#aborted) return;
    this.#aborted = true;
    this.#controller?.abort();
  }
}

function statusFields(code: Status, message: string): string[] {
  const fields = ["grpc-status", String(code)];
  if (message !== "") fields.push("grpc-message", encodeStatusMessage(message));
  return fields;
}

/** The status that an error goes out as, by nice-grpc's rules. */
function statusOf(error: unknown, path: string): [Status, string] {
  if (error instanceof ServerError) return [error.code, error.details];
  if ((error as Error | undefined)?.name === "AbortError")
    return [Status.CANCELLED, "The operation was cancelled"];
  process.emitWarning(
    `${path}: Uncaught error in server implementation method. Server methods should only throw ServerError or AbortError. ${
      error instanceof Error ? error.stack : String(error)
    }`,
  );
  return [Status.UNKNOWN, "Unknown server error occurred"];
}
