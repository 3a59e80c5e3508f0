import { ServerError, Status, type Metadata } from "nice-grpc-common";
import { ByteParts } from "../grpc/byte-parts.js";
import { compress, decompress } from "../grpc/compression.js";
import { LazyMetadata, toFields } from "../grpc/metadata.js";
import { MessageQueue } from "../grpc/message-queue.js";
import { MessageReader, PREFIX_LENGTH, type MessageSink } from "../grpc/message-reader.js";
import { encodeApart, writeCompressed, writeMessage } from "../grpc/message-writer.js";
import { encodeStatusMessage } from "../grpc/status.js";
import { MAX_TIMER_MS } from "../grpc/timeout.js";
import { HeaderFields } from "../hpack/header-fields.js";
import type { HeaderList } from "../hpack/header-list.js";
import { ErrorCode, StreamError } from "../http2/errors.js";
import { Http2Stream } from "../http2/stream.js";
import { ProtobufError } from "../protobuf/protobuf-error.js";
import { BareContext, spreadableContext } from "./call-context.js";
import { ArrivedCall, type Admit, type CallRefusal } from "./incoming-call.js";
import { checkLength, checkTrailers, type RequestHead } from "./request-head.js";
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

/**
 * How many messages of a stream wait, decoded, for the handler. What comes then stays as the bytes that it came as: a
 * message of no bytes takes a hundred bytes of memory.
 */
export const MAX_QUEUED_MESSAGES = 1024;

/** A call that a server works on: one stream, from the request's headers to the status. */
export class ServerCall extends Http2Stream implements MessageSink {
  declare connection: ServerConnection;
  readonly list: HeaderList;
  readonly head: RequestHead;
  readonly method: ServerMethod;
  /** When the request's headers came, in milliseconds. */
  readonly startedAt: number;
  /** What is told of the call before it begins, if somebody is told. */
  arrived: ArrivedCall | undefined;
  /** Whether the status has been sent, or cannot be any more. */
  finished = false;
  /** Whether the handler has returned or thrown: what ends the call later does not abort its signal. */
  handlerDone = false;
  /** The handler's choice, if it made one. */
  compress: boolean | undefined;
  /** Whether the handler has been run. */
  #started = false;
  #header: Metadata | undefined;
  #trailer: Metadata | undefined;
  #headerSent = false;
  /** Whether the header has said that messages may be compressed. */
  #gzip = false;
  #reader: MessageReader | undefined;
  /** The only request, for a method that takes one. */
  #request: unknown;
  #hasRequest = false;
  #requests: MessageQueue<unknown> | undefined;
  #received = 0;
  /** Bytes that came while {@link #paused}; undefined if there was no pause. */
  #held: ByteParts | undefined;
  /** Whether the body is not read now. */
  #paused = false;
  /** Whether that is because the call is being admitted, or a message decompressed. */
  #busy = false;
  #controller: AbortController | undefined;
  #aborted = false;
  #deadlineTimer: NodeJS.Timeout | undefined;
  #drained: (() => void) | undefined;

  constructor(list: HeaderList, head: RequestHead, method: ServerMethod, now: number) {
    super();
    this.list = list;
    this.head = head;
    this.method = method;
    this.startedAt = now;
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
    const { timeoutMs } = this.head;
    return timeoutMs === undefined ? undefined : new Date(this.startedAt + timeoutMs);
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#aborted) this.#controller.abort();
    }
    return this.#controller.signal;
  }

  /** Whether the client has yet to send what the handler needs to begin. */
  get isWaitingForRequest(): boolean {
    return !this.finished && !this.#started && !this.#busy;
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
      this.#start();
      return;
    }
    this.arrived = new ArrivedCall(this);
    try {
      const verdict = admit(this.arrived);
      if (verdict instanceof Promise) this.#await(verdict);
      else if (verdict !== undefined) this.#refuse(verdict);
      else this.#start();
    } catch (error) {
      this.fail(error);
    }
  }

  #await(verdict: Promise<CallRefusal | undefined>): void {
    this.#pause();
    this.#busy = true;
    verdict.then(
      (refusal) => {
        this.#busy = false;
        if (this.finished) return;
        if (refusal !== undefined) this.#refuse(refusal);
        else {
          this.#start();
          this.#resume();
        }
      },
      (error: unknown) => this.fail(error),
    );
  }

  #refuse({ error, trailer }: CallRefusal): void {
    this.finishWith(error.code, error.details, trailer);
  }

  #start(): void {
    if (this.method.descriptor.requestStream) {
      this.#requests = new MessageQueue(
        (cost) => this.#onRead(cost),
        () => this.#resume(),
      );
      if (this.remoteEnded && this.#held === undefined) this.#requests.end();
      this.#run(this.#requests);
    } else if (this.remoteEnded) this.#onRequestEnd();
  }

  // Receiving.

  onHeaders(trailers: HeaderList, endStream: boolean): void {
    // RFC 9113, section 8.1: what follows the headers can only be trailers, and they end the stream. gRPC has no use for
    // them.
    if (!endStream) throw new StreamError(ErrorCode.PROTOCOL_ERROR, "HEADERS inside a request");
    checkTrailers(trailers);
    checkLength(this.head, this.#received, true);
    this.#onRequestEnd();
  }

  onData(buffer: Buffer, start: number, end: number, endStream: boolean): void {
    this.#received += end - start;
    checkLength(this.head, this.#received, endStream);
    if (this.finished) this.connection.consume(this, end - start);
    else if (this.#held === undefined) this.#read(buffer, start, end);
    else if (end > start) this.#held.add(buffer.subarray(start, end), end - start);
    if (endStream) this.#onRequestEnd();
  }

  #read(buffer: Buffer, start: number, end: number): void {
    const { maxReceiveMessageBytes } = this.connection.limits;
    try {
      if (
        this.#reader === undefined &&
        end - start >= PREFIX_LENGTH &&
        buffer[start] === 0 &&
        end - start - PREFIX_LENGTH <= maxReceiveMessageBytes &&
        buffer.readUInt32BE(start + 1) === end - start - PREFIX_LENGTH
      ) {
        // One frame, one message: what nearly every call sends.
        this.onMessage(buffer, start + PREFIX_LENGTH, end, false, end - start);
        return;
      }
      this.#reader ??= new MessageReader(maxReceiveMessageBytes);
      const at = this.#reader.read(buffer, start, end, this);
      if (at < end) this.#held?.unshift(buffer.subarray(at, end));
      this.#creditPartial();
    } catch (error) {
      this.fail(error);
    }
  }

  onMessage(buffer: Buffer, start: number, end: number, compressed: boolean, cost: number): boolean {
    if (this.finished) {
      this.connection.consume(this, cost);
      return true;
    }
    if (compressed) {
      this.#decompress(buffer.subarray(start, end), cost);
      return false;
    }
    this.#takeMessage(buffer, start, end, cost);
    return !this.#paused;
  }

  #takeMessage(buffer: Buffer, start: number, end: number, cost: number): void {
    const message = decode(this.method, buffer, start, end);
    this.connection.stats.messagesReceived++;
    if (this.#requests !== undefined) {
      this.#requests.push(message, cost);
      if (this.#requests.size >= MAX_QUEUED_MESSAGES) this.#pause();
      return;
    }
    this.connection.consume(this, cost);
    if (this.#hasRequest)
      throw new ServerError(Status.UNIMPLEMENTED, "the method takes one request message, not more");
    this.#request = message;
    this.#hasRequest = true;
  }

  /** Decompresses a message; nothing is read meanwhile, nor before the handler has taken it: it may be 1,000 times larger. */
  #decompress(bytes: Buffer, cost: number): void {
    if (this.head.encoding === "identity") {
      throw new ServerError(Status.INTERNAL, "a compressed message, and no grpc-encoding");
    }
    this.#pause();
    this.#busy = true;
    decompress(bytes, this.connection.limits.maxReceiveMessageBytes)
      .then((plain) => {
        this.#busy = false;
        if (this.finished) return;
        this.#takeMessage(plain, 0, plain.length, cost);
        if (this.#requests === undefined || this.#requests.isEmpty) this.#resume();
      })
      .catch((error: unknown) => this.fail(error));
  }

  #pause(): void {
    this.#paused = true;
    this.#held ??= new ByteParts();
  }

  /** Reads what was held back. */
  #resume(): void {
    if (!this.#paused || this.#busy) return;
    this.#paused = false;
    const held = this.#held!;
    while (!this.#paused && !this.finished) {
      const part = held.shift();
      if (part === undefined) {
        this.#held = undefined;
        if (this.remoteEnded) this.#onRequestEnd();
        return;
      }
      this.#read(part, 0, part.length);
    }
  }

  /** The handler has taken a message. */
  #onRead(cost: number): void {
    this.connection.consume(this, cost);
    if (!this.#requests!.isEmpty) return;
    if (this.#paused) this.#resume();
    else this.#creditPartial();
  }

  /** A message longer than the window could not arrive if its beginning were not given back. */
  #creditPartial(): void {
    if (this.#reader === undefined || this.finished) return;
    if (this.#requests !== undefined && !this.#requests.isEmpty) return;
    const bytes = this.#reader.creditPartial(this.connection.options.streamWindow / 2);
    if (bytes > 0) this.connection.consume(this, bytes);
  }

  #onRequestEnd(): void {
    if (this.finished || this.#held !== undefined) return;
    if (this.#reader !== undefined && !this.#reader.isBetweenMessages) {
      this.fail(new ServerError(Status.INTERNAL, "the request ends inside a message"));
    } else if (this.#requests !== undefined) this.#requests.end();
    else if (this.#hasRequest) {
      const request = this.#request;
      this.#request = undefined;
      this.#run(request);
    } else this.fail(new ServerError(Status.UNIMPLEMENTED, "the request has no message"));
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

  // Running.

  #run(request: unknown): void {
    const { middleware, descriptor } = this.method;
    this.#started = true;
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
    this.#headerSent = true;
    this.#gzip = this.head.acceptsGzip && (this.compress ?? this.connection.limits.compressResponses);
    const fields = this.#header && toFields(this.#header);
    this.connection.sender.headers(this, this.#gzip ? GZIP_RESPONSE_HEADER : RESPONSE_HEADER, fields, false);
  }

  /** Sends the only response, and the status. */
  respond(response: unknown): void {
    if (this.finished) return;
    this.sendHeader();
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
    const fields = this.#trailer && toFields(this.#trailer);
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
    const fields = ["grpc-status", String(code)];
    if (message !== "") fields.push("grpc-message", encodeStatusMessage(message));
    const more = trailer === undefined ? undefined : toFields(trailer);
    if (more !== undefined) fields.push(...more);
    this.#sendTrailers(this.#headerSent ? NO_FIELDS : RESPONSE_HEADER, fields);
  }

  #sendTrailers(first: HeaderFields, rest: readonly string[] | undefined): void {
    this.finished = true;
    this.#headerSent = true;
    this.connection.sender.headers(this, first, rest, true);
    this.#end();
  }

  #armDeadline(): void {
    const left = Math.max(this.startedAt + this.head.timeoutMs! - Date.now(), 0);
    this.#deadlineTimer = setTimeout(
      () => (left > MAX_TIMER_MS ? this.#armDeadline() : this.#onDeadline()),
      Math.min(left, MAX_TIMER_MS),
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
    this.#held = undefined;
    this.onDrained();
    // Whoever still waits for requests, in a handler that its middleware has given up, waits for nothing.
    this.#requests?.fail(abortError(), true);
    if (this.handlerDone || this.#aborted) return;
    this.#aborted = true;
    this.#controller?.abort();
  }
}

function decode(method: ServerMethod, buffer: Buffer, start: number, end: number): unknown {
  try {
    return method.request.decode(buffer, start, end);
  } catch (error) {
    const why = error instanceof ProtobufError ? `: ${error.message}` : "";
    throw Object.assign(new ServerError(Status.INTERNAL, `the request message cannot be decoded${why}`), {
      cause: error,
    });
  }
}

function abortError(): Error {
  return new DOMException("The operation was aborted", "AbortError");
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
