import { ServerError, Status } from "nice-grpc-common";
import { checkLength } from "../http2/content-length.js";
import { keepBytes } from "../http2/socket-reader.js";
import { ByteParts } from "../grpc/byte-parts.js";
import { decompress } from "../grpc/compression.js";
import { MessageQueue } from "../grpc/message-queue.js";
import { MessageReader, PREFIX_LENGTH, type MessageSink } from "../grpc/message-reader.js";
import { ProtobufError } from "../protobuf/protobuf-error.js";
import { markCompressed } from "./compressed-requests.js";
import type { ServerCall } from "./server-call.js";
import type { ServerMethod } from "./server-method.js";

/**
 * How many messages of a stream wait, decoded, for the handler. What comes then stays as the bytes that it came as: a
 * message of no bytes takes a hundred bytes of memory.
 */
export const MAX_QUEUED_MESSAGES = 1024;

/**
 * Reads the request of a call: cuts DATA into messages, decodes them, runs the handler with them, and gives the bytes back
 * to the client as they are used up.
 */
export class RequestReader implements MessageSink {
  readonly #call: ServerCall;
  /**
   * Since when the client is waited for, in milliseconds: for a request of one message since its headers came, in a stream
   * since a message began that has not ended. `Infinity` while it is not.
   */
  #waitsSince: number;
  /** Made when a message does not stand alone in its frame. */
  #reader: MessageReader | undefined;
  /** The only message, for a method that takes one. */
  #message: unknown;
  #hasMessage = false;
  /** The messages, for a method that takes a stream. */
  #queue: MessageQueue<unknown> | undefined;
  /** How many bytes of DATA have come. */
  #received = 0;
  /** Bytes that came while {@link #paused}; undefined if there was no pause. */
  #held: ByteParts | undefined;
  /** Whether the body is not read now. */
  #paused = false;
  /** Whether that is because the call is being admitted, or a message decompressed. */
  #busy = false;

  constructor(call: ServerCall, now: number) {
    this.#call = call;
    this.#waitsSince = now;
  }

  /** Whether the client has not sent since that time what the handler needs. */
  hasWaitedSince(time: number): boolean {
    return !this.#busy && this.#waitsSince <= time;
  }

  /** Reads nothing before {@link start}. */
  hold(): void {
    this.#pause();
    this.#busy = true;
  }

  /** The call is admitted. */
  start(): void {
    this.#busy = false;
    if (this.#call.method.descriptor.requestStream) {
      this.#queue = new MessageQueue(
        (cost) => this.#onRead(cost),
        () => this.#resume(),
      );
      if (this.#call.remoteEnded && this.#held === undefined) this.#queue.end();
      this.#waitsSince = Infinity;
      this.#call.run(this.#queue);
    } else if (this.#call.remoteEnded) this.#onRequestEnd();
    this.#resume();
  }

  onData(buffer: Buffer, start: number, end: number, endStream: boolean): void {
    const call = this.#call;
    this.#received += end - start;
    checkLength(call.head, this.#received, endStream);
    if (call.finished) call.connection.consume(call, end - start);
    else if (this.#held === undefined) this.#read(buffer, start, end);
    else if (end > start) this.#held.add(buffer, start, end);
    if (endStream) this.#onRequestEnd();
  }

  /** The request has ended without DATA. */
  onEnd(): void {
    checkLength(this.#call.head, this.#received, true);
    this.#onRequestEnd();
  }

  /** The call is over. */
  close(): void {
    this.#held = undefined;
    // Whoever still waits for requests, in a handler that its middleware has given up, waits for nothing.
    this.#queue?.fail(new DOMException("The operation was aborted", "AbortError"), true);
  }

  #read(buffer: Buffer, start: number, end: number): void {
    const { maxReceiveMessageBytes } = this.#call.connection.limits;
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
      if (at < end) this.#held?.unshift(keepBytes(buffer, at, end));
      this.#creditPartial();
    } catch (error) {
      this.#call.fail(error);
    }
  }

  onMessage(buffer: Buffer, start: number, end: number, compressed: boolean, cost: number): boolean {
    if (cost < PREFIX_LENGTH + end - start) this.#call.connection.release(this.#call);
    if (this.#call.finished) {
      this.#call.connection.consume(this.#call, cost);
      return true;
    }
    if (compressed) {
      this.#decompress(keepBytes(buffer, start, end), cost);
      return false;
    }
    this.#takeMessage(buffer, start, end, false, cost);
    return !this.#paused;
  }

  #takeMessage(buffer: Buffer, start: number, end: number, compressed: boolean, cost: number): void {
    const decoded = decode(this.#call.method, buffer, start, end);
    if (compressed) markCompressed(decoded);
    this.#call.connection.stats.messagesReceived++;
    const message = this.#call.received(decoded);
    if (this.#queue !== undefined) {
      this.#queue.push(message, cost);
      if (this.#queue.size >= MAX_QUEUED_MESSAGES) this.#pause();
      return;
    }
    this.#call.connection.consume(this.#call, cost);
    if (this.#hasMessage)
      throw new ServerError(Status.UNIMPLEMENTED, "the method takes one request message, not more");
    this.#message = message;
    this.#hasMessage = true;
  }

  /** Decompresses a message; nothing is read meanwhile, nor before the handler has taken it: it may be 1,000 times larger. */
  #decompress(bytes: Buffer, cost: number): void {
    if (this.#call.head.encoding === "identity") {
      throw new ServerError(Status.INTERNAL, "a compressed message, and no grpc-encoding");
    }
    this.#pause();
    this.#busy = true;
    decompress(bytes, this.#call.connection.limits.maxReceiveMessageBytes)
      .then((plain) => {
        this.#busy = false;
        if (this.#call.finished) return;
        this.#takeMessage(plain, 0, plain.length, true, cost);
        if (this.#queue === undefined || this.#queue.isEmpty) this.#resume();
      })
      .catch((error: unknown) => this.#call.fail(error));
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
    while (!this.#paused && !this.#call.finished) {
      const part = held.shift();
      if (part === undefined) {
        this.#held = undefined;
        if (this.#call.remoteEnded) this.#onRequestEnd();
        return;
      }
      this.#read(part, 0, part.length);
    }
  }

  /** A message may go on that had to wait for others: the client could not have sent it sooner. */
  onRoomForMessage(): void {
    if (this.#waitsSince !== Infinity) this.#waitsSince = performance.now();
    this.#creditPartial();
  }

  /** The handler has taken a message. */
  #onRead(cost: number): void {
    this.#call.connection.consume(this.#call, cost);
    if (!this.#queue!.isEmpty) return;
    if (this.#paused) this.#resume();
    else this.#creditPartial();
  }

  /** A message longer than the window could not arrive if its beginning were not given back. */
  #creditPartial(): void {
    if (this.#reader === undefined || this.#call.finished) return;
    const waits = this.#queue === undefined || this.#queue.isEmpty;
    if (this.#queue !== undefined) this.#watch(waits && !this.#reader.isBetweenMessages);
    const { connection } = this.#call;
    if (waits && connection.reserve(this.#call, this.#reader.partialLength)) {
      connection.consume(this.#call, this.#reader.creditPartial());
    }
  }

  #watch(waits: boolean): void {
    if (!waits) this.#waitsSince = Infinity;
    else if (this.#waitsSince === Infinity) this.#waitsSince = this.#call.connection.guard.now;
  }

  #onRequestEnd(): void {
    if (this.#call.finished || this.#held !== undefined) return;
    if (this.#reader !== undefined && !this.#reader.isBetweenMessages) {
      this.#call.fail(new ServerError(Status.INTERNAL, "the request ends inside a message"));
    } else if (this.#queue !== undefined) this.#queue.end();
    else if (this.#hasMessage) this.#call.run(this.#message);
    else this.#call.fail(new ServerError(Status.UNIMPLEMENTED, "the request has no message"));
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
