import { ClientError, ServerError, Status } from "nice-grpc-common";
import { compress } from "../grpc/compression.js";
import { MessageReader, PREFIX_LENGTH, type MessageSink } from "../grpc/message-reader.js";
import { encodeApart, writeCompressed, writeMessage } from "../grpc/message-writer.js";
import { LazyMetadata } from "../grpc/metadata.js";
import { statusOfErrorCode, statusOfHttpStatus } from "../grpc/status.js";
import { headerListSize } from "../hpack/header-fields.js";
import type { HeaderList } from "../hpack/header-list.js";
import { defaultConnectionOptions } from "../http2/connection-options.js";
import { checkLength } from "../http2/content-length.js";
import { ErrorCode, StreamError } from "../http2/errors.js";
import { keepBytes } from "../http2/socket-reader.js";
import { Http2Stream } from "../http2/stream.js";
import { timerMs } from "../http2/timers.js";
import { abortError, listenForAbort, stopListening, type Abortable } from "./abort-listeners.js";
import type { ClientConnection } from "./client-connection.js";
import type { ClientMethod } from "./client-method.js";
import type { CallOptions } from "./client-types.js";
import { Inbox, type InboxReader } from "./inbox.js";
import { deadlineOf, requestFields } from "./request-head.js";
import { RequestPump } from "./request-pump.js";
import { notGrpc, responseHead, type ResponseHead } from "./response-head.js";

const EMPTY = Buffer.alloc(0);

/**
 * One call: waits for a connection, sends the request, takes the response. What becomes of the response's messages is for
 * the classes made of this one, by the shape of the call.
 *
 * It is one long class because it is one object: a call is made of as few as can be, since a fast client makes hundreds of
 * thousands in a second. What only some calls need is made when they do, and stands in files of its own.
 */
export abstract class ClientCall extends Http2Stream implements Abortable, InboxReader, MessageSink {
  readonly method: ClientMethod;
  readonly #options: CallOptions;
  readonly #request: unknown;
  #over = false;
  /** Whether it was sent once already, and not processed (gRPC A6, "transparent retries"). */
  #repeated = false;
  #pump: RequestPump | undefined;
  /** When the call is over, in milliseconds since the epoch. */
  #deadline = Infinity;
  #deadlineTimer: NodeJS.Timeout | undefined;
  #head: ResponseHead | undefined;
  #trailers: ResponseHead | undefined;
  /** How many bytes of DATA have come. */
  #received = 0;
  /** Made when a message comes in more than one frame, or not alone in one. */
  #reader: MessageReader | undefined;
  /** Made when a compressed message comes. */
  #inbox: Inbox | undefined;

  constructor(method: ClientMethod, request: unknown, options: CallOptions) {
    super();
    this.method = method;
    this.#request = request;
    this.#options = options;
  }

  /** Whether the reader of the response waits for a message. */
  abstract get wantsMessage(): boolean;
  /** Whether as many messages have come as the call's shape asks for. */
  protected abstract get isComplete(): boolean;
  /** A message of the response; {@link giveBack} is to be told of its cost when it is used up. */
  protected abstract onResponse(message: unknown, cost: number): void;
  /** The response has ended well. */
  protected abstract onSucceeded(): void;
  /** The call has failed; `atOnce` if what came before is not wanted any more. */
  protected abstract onFailed(error: unknown, atOnce: boolean): void;

  /** Whether it waits for a connection as long as that takes. */
  get waitForReady(): boolean {
    return this.#options.waitForReady === true;
  }

  protected get isOver(): boolean {
    return this.#over;
  }

  start(): void {
    const { channel } = this.method;
    channel.callsStarted++;
    const { signal } = this.#options;
    if (signal !== undefined) {
      if (signal.aborted) {
        this.#stop(abortError(), true);
        return;
      }
      listenForAbort(signal, this);
    }
    if (this.#options.deadline !== undefined || this.#options.metadata !== undefined) {
      try {
        this.#deadline = deadlineOf(this.#options);
      } catch (error) {
        // Metadata that is none.
        this.cancel(error);
        return;
      }
      if (this.#deadline !== Infinity && !this.#armDeadline()) return;
    }
    channel.start(this);
  }

  /** Sends the request: there is a connection, and it has room. */
  begin(connection: ClientConnection): void {
    const encoding = this.#options.compression ?? this.method.channel.settings.compression;
    let fields: string[] | undefined;
    try {
      fields = requestFields(this.#options, this.#deadline, encoding);
    } catch (error) {
      this.cancel(error);
      return;
    }
    const size = headerListSize(this.method.fields, fields);
    const { maxHeaderListSize } = connection.sender.peer;
    if (size > maxHeaderListSize) {
      // RFC 9113, section 10.5.1.
      this.fail(
        Status.RESOURCE_EXHAUSTED,
        `metadata of ${size} bytes, where the server allows ${maxHeaderListSize}`,
      );
      return;
    }
    connection.open(this, this.method.fields, fields);
    if (this.method.definition.descriptor.requestStream) {
      this.#pump = new RequestPump(this, this.#request as AsyncIterable<unknown>, encoding);
      void this.#pump.run();
    } else if (encoding === "identity") this.send(this.#request, true);
    else void this.sendCompressed(this.#request, true);
  }

  /** Sends one message of the request. */
  send(message: unknown, last: boolean): void {
    const { definition, maxSendBytes } = this.method;
    try {
      writeMessage(this.connection!.sender, this, definition.request, message, maxSendBytes, last);
    } catch (error) {
      this.#failFor(error);
    }
  }

  /** Sends one message of the request, compressed unless the caller wants it as it is. */
  async sendCompressed(message: unknown, last: boolean): Promise<void> {
    const wanted = this.#wantsCompressed(message);
    // Asking may have ended the call.
    if (this.#over) return;
    if (!wanted) {
      this.send(message, last);
      return;
    }
    const { definition, maxSendBytes } = this.method;
    const { connection, id } = this;
    try {
      const bytes = encodeApart(definition.request, message);
      if (bytes.length > maxSendBytes) {
        this.fail(
          Status.RESOURCE_EXHAUSTED,
          `a message of ${bytes.length} bytes, where ${maxSendBytes} may be sent`,
        );
        return;
      }
      const compressed = await compress(bytes);
      // Meanwhile it may be over, or sent again: elsewhere, or on another stream here.
      if (this.closed || this.connection !== connection || this.id !== id) return;
      writeCompressed(connection!.sender, this, compressed, last);
    } catch (error) {
      this.#failFor(error);
    }
  }

  #wantsCompressed(message: unknown): boolean {
    const { compressMessage } = this.#options;
    if (compressMessage === undefined) return true;
    try {
      return compressMessage(message);
    } catch (error) {
      this.cancel(error);
      return false;
    }
  }

  /** Ends the request. */
  sendEnd(): void {
    if (!this.closed) this.connection!.sender.data(this, EMPTY, true);
  }

  /** Ends the call with an error of ours; what it has received before is still read. */
  fail(code: Status, details: string, cause?: unknown): void {
    const error = new ClientError(this.method.path, code, details);
    if (cause !== undefined) error.cause = cause;
    this.#stop(error, false);
  }

  /** Ends the call for what the application did, or wants. */
  cancel(error: unknown): void {
    this.#stop(error, true);
  }

  /** Ends the call because nobody reads its response any more. */
  protected abandon(): void {
    this.#stop(abortError(), false);
  }

  onAbort(): void {
    this.#stop(abortError(), true);
  }

  /** The server has not seen the request: it may be sent once more, unless that takes messages that are gone. */
  onUnprocessed(why: string): void {
    if (this.#over) return;
    if (this.#repeated || this.#head !== undefined || this.#pump !== undefined) {
      this.fail(Status.UNAVAILABLE, why);
      return;
    }
    this.#repeated = true;
    this.connection = undefined;
    this.id = 0;
    this.closed = false;
    this.localEnded = false;
    this.remoteEnded = false;
    this.uncredited = 0;
    this.method.channel.start(this);
  }

  onAborted(code: ErrorCode, message: string): void {
    if (this.#over || this.#trailers !== undefined) return;
    const { end, goAwayReason, peer } = this.connection as ClientConnection;
    if (end !== undefined) {
      this.fail(Status.UNAVAILABLE, `the connection to ${peer} was lost: ${goAwayReason ?? message}`);
    } else if (code === ErrorCode.REFUSED_STREAM) this.onUnprocessed(message);
    // A server ends a call that is late in this way too.
    else if (code === ErrorCode.CANCEL && Date.now() >= this.#deadline) this.#expire();
    else this.fail(statusOfErrorCode(code), message);
  }

  onRoomForMessage(): void {
    this.#creditPartial();
  }

  onDrained(): void {
    this.#pump?.onDrained();
  }

  onHeaders(list: HeaderList, endStream: boolean): void {
    if (list.tooLarge) {
      const { maxHeaderListSize } = defaultConnectionOptions;
      this.fail(
        Status.RESOURCE_EXHAUSTED,
        `metadata of ${list.size} bytes, where ${maxHeaderListSize} are allowed`,
      );
      return;
    }
    const head = responseHead(list);
    if (this.#head !== undefined) {
      if (!endStream || head.httpStatus !== undefined) {
        throw new StreamError(ErrorCode.PROTOCOL_ERROR, "HEADERS inside a response");
      }
      checkLength(this.#head, this.#received, true);
      this.#onTrailers(head, list);
      return;
    }
    const { httpStatus } = head;
    if (httpStatus === undefined)
      throw new StreamError(ErrorCode.PROTOCOL_ERROR, "a response without :status");
    if (httpStatus.charCodeAt(0) === 0x31 /* 1 */) {
      // RFC 9113, section 8.1: informational responses come before the one that counts.
      if (endStream) throw new StreamError(ErrorCode.PROTOCOL_ERROR, "a response that ends with 1xx");
      return;
    }
    this.#head = head;
    if (endStream) {
      checkLength(head, 0, true);
      this.#onTrailers(head, list);
    } else if (httpStatus !== "200") this.fail(statusOfHttpStatus(httpStatus), `HTTP status ${httpStatus}`);
    else if (!head.isGrpc) this.fail(Status.UNKNOWN, notGrpc(head));
    else if (this.#options.onHeader !== undefined) {
      try {
        this.#options.onHeader(new LazyMetadata(list));
      } catch (error) {
        this.cancel(error);
      }
    }
  }

  onData(buffer: Buffer, start: number, end: number, endStream: boolean): void {
    if (this.#head === undefined) throw new StreamError(ErrorCode.PROTOCOL_ERROR, "DATA before HEADERS");
    this.#received += end - start;
    checkLength(this.#head, this.#received, endStream);
    const length = end - start - PREFIX_LENGTH;
    if (
      this.#reader === undefined &&
      this.#inbox === undefined &&
      length >= 0 &&
      length <= this.method.maxReceiveBytes &&
      buffer[start] === 0 &&
      buffer.readUInt32BE(start + 1) === length
    ) {
      // The usual frame: one whole message.
      this.onBytes(buffer, start + PREFIX_LENGTH, end, end - start);
    } else if (end > start) this.#read(buffer, start, end);
    if (endStream && !this.#over) this.#finish(this.#head);
  }

  onMessage(buffer: Buffer, start: number, end: number, compressed: boolean, cost: number): void {
    if (cost < PREFIX_LENGTH + end - start) this.connection!.release(this);
    if (this.#over) return;
    if (!compressed && this.#inbox === undefined) {
      this.onBytes(buffer, start, end, cost);
      return;
    }
    if (compressed && this.#head?.encoding !== "gzip") {
      this.fail(Status.INTERNAL, "a compressed message, where grpc-encoding is not one that was offered");
      return;
    }
    this.#inbox ??= new Inbox(this, this.method.maxReceiveBytes);
    this.#inbox.push(keepBytes(buffer, start, end), compressed, cost);
  }

  onBytes(buffer: Buffer, start: number, end: number, cost: number): void {
    let message: unknown;
    try {
      message = this.method.definition.response.decode(buffer, start, end);
    } catch (error) {
      this.fail(Status.INTERNAL, `a response message cannot be decoded: ${textOf(error)}`, error);
      return;
    }
    this.onResponse(message, cost);
  }

  onInboxEnd(): void {
    if (!this.#over) this.#complete(this.#trailers!);
  }

  onInboxError(error: unknown): void {
    this.#failFor(error);
  }

  /** A message of this cost is used up: the server may send as much again. */
  protected giveBack(cost: number): void {
    // What a stream had not used up when it was closed was given back then.
    if (!this.closed) this.connection!.consume(this, cost);
  }

  /** The reader of the response wants a message, and there is none. */
  protected onWanted(): void {
    this.#inbox?.advance();
    this.#creditPartial();
  }

  #read(buffer: Buffer, start: number, end: number): void {
    this.#reader ??= new MessageReader(this.method.maxReceiveBytes);
    try {
      this.#reader.read(buffer, start, end, this);
    } catch (error) {
      this.#failFor(error);
      return;
    }
    this.#creditPartial();
  }

  /** A message longer than the window could not arrive if its beginning were not given back. */
  #creditPartial(): void {
    if (this.#reader === undefined || this.closed || !this.wantsMessage) return;
    if (this.connection!.reserve(this, this.#reader.partialLength))
      this.giveBack(this.#reader.creditPartial());
  }

  #onTrailers(head: ResponseHead, list: HeaderList): void {
    if (this.#options.onTrailer !== undefined) {
      try {
        this.#options.onTrailer(new LazyMetadata(list));
      } catch (error) {
        this.cancel(error);
        return;
      }
    }
    this.#finish(head);
  }

  /** The response has ended; what of it is compressed comes first. */
  #finish(head: ResponseHead): void {
    this.#trailers = head;
    if (this.#inbox === undefined) this.#complete(head);
    else this.#inbox.end();
  }

  #complete(head: ResponseHead): void {
    const { status } = head;
    if (status === undefined) {
      const { httpStatus } = head;
      if (httpStatus !== undefined && httpStatus !== "200") {
        this.fail(statusOfHttpStatus(httpStatus), `HTTP status ${httpStatus}`);
      } else this.fail(Status.UNKNOWN, head.isGrpc ? "the response has no grpc-status" : notGrpc(head));
    } else if (status !== Status.OK) this.fail(status, head.message);
    else if (this.#reader?.isBetweenMessages === false) {
      this.fail(Status.INTERNAL, "the response ended inside a message");
    } else if (!this.isComplete) this.fail(Status.UNIMPLEMENTED, "the response has no message");
    else {
      this.#close();
      this.method.channel.callsSucceeded++;
      this.onSucceeded();
    }
  }

  /** Ends the call, wherever it is, with an error. */
  #stop(error: unknown, atOnce: boolean): void {
    if (this.#over) return;
    if (this.connection === undefined) this.method.channel.forget(this);
    this.#close();
    this.method.channel.callsFailed++;
    this.onFailed(error, atOnce);
  }

  /** Lets go of all that the call held. */
  #close(): void {
    this.#over = true;
    clearTimeout(this.#deadlineTimer);
    const { signal } = this.#options;
    if (signal !== undefined) stopListening(signal, this);
    this.#inbox?.close();
    this.#pump?.stop();
    if (this.connection === undefined || this.closed || (this.localEnded && this.remoteEnded)) return;
    // RFC 9113, section 8.1: a whole response makes the rest of the request needless, without an error.
    this.connection.resetStream(this, this.remoteEnded ? ErrorCode.NO_ERROR : ErrorCode.CANCEL);
  }

  #failFor(error: unknown): void {
    if (error instanceof ServerError) this.fail(error.code, error.details, error.cause);
    else this.fail(Status.INTERNAL, textOf(error), error);
  }

  /** False if the deadline has passed already. */
  #armDeadline(): boolean {
    const left = this.#deadline - Date.now();
    if (!(left > 0)) {
      this.#expire();
      return false;
    }
    this.#deadlineTimer = setTimeout(onDeadline, timerMs(left), this);
    return true;
  }

  /** Called by the timer, which may be too early for a deadline far away. */
  onTimer(): void {
    this.#armDeadline();
  }

  #expire(): void {
    this.fail(
      Status.DEADLINE_EXCEEDED,
      this.connection === undefined
        ? "the deadline passed before there was a connection"
        : "the deadline passed before the response was complete",
    );
  }
}

/** One function for all timers: a closure for each call would cost more than the timer. */
function onDeadline(call: ClientCall): void {
  call.onTimer();
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
