import type { Socket } from "node:net";
import { HpackEncoder } from "../hpack/encoder.js";
import type { HeaderFields } from "../hpack/header-fields.js";
import {
  DEFAULT_WINDOW_SIZE,
  FLAG_ACK,
  FLAG_END_HEADERS,
  FLAG_END_STREAM,
  FRAME_CONTINUATION,
  FRAME_DATA,
  FRAME_GOAWAY,
  FRAME_HEADER_LENGTH,
  FRAME_HEADERS,
  FRAME_PING,
  FRAME_RST_STREAM,
  FRAME_SETTINGS,
  FRAME_WINDOW_UPDATE,
  MAX_31_BITS,
  MIN_MAX_FRAME_SIZE,
} from "./constants.js";
import { ConnectionError, ErrorCode, StreamError } from "./errors.js";
import { MIN_UNCOPIED_BYTES, Output } from "./output.js";
import { encodeSettings, PeerSettings } from "./settings.js";
import { BufferedBytes } from "./buffered-bytes.js";
import { PendingLine, PendingOutput } from "./pending-output.js";
import type { Http2Stream, StreamSender } from "./stream.js";
import { setImmediate } from "../turn.js";

/** The number of bytes that may wait in the socket before streams must wait with theirs. */
export const MAX_QUEUED_BYTES = 256 * 1024;
/**
 * The most bytes of one DATA frame, however many the peer takes: what waits in the socket goes over
 * {@link MAX_QUEUED_BYTES} by no more, and no stream keeps the others waiting for long.
 */
export const MAX_DATA_FRAME_BYTES = 64 * 1024;
/** The time that streams may go on in one turn of the event loop before others have theirs, in milliseconds. */
const MAX_TURN_MS = 5;
/** The number of streams that go on between two looks at the clock. */
const STREAMS_PER_LOOK = 64;

/** The sending half of a connection: writes frames, and holds DATA to the peer's windows (RFC 9113, section 5.2). */
export class Sender implements StreamSender {
  readonly output: Output;
  readonly peer = new PeerSettings();
  /** The credit of the whole connection: the bytes of DATA that the peer takes. */
  window = DEFAULT_WINDOW_SIZE;
  /** The number of times that HEADERS and DATA were sent. */
  sent = 0;
  #maxDataFrame = MIN_MAX_FRAME_SIZE;
  readonly #encoder = new HpackEncoder();
  /** Those that wait for the connection, its window or its socket, in the order of their turns. */
  #waiting = new PendingLine<Http2Stream>();
  /** Those that wait for their stream's window: credit of the connection does not help them. */
  #blocked = new PendingLine<Http2Stream>();
  /** The bytes of all that waits. */
  #pendingBytes = 0;
  /** The bytes that the peer has taken of what waited. */
  takenBytes = 0;
  /** At least the most that a stream's {@link Http2Stream.sendWindow} is. */
  #largestWindow = 0;
  #resumesLater = false;
  readonly #buffered: BufferedBytes;
  /** Called when a stream has sent its end. */
  readonly #onEnded: (stream: Http2Stream) => void;

  constructor(
    socket: Socket,
    streams: { readonly size: number },
    onEnded: (stream: Http2Stream) => void,
    buffered = new BufferedBytes(),
  ) {
    this.output = new Output(socket, streams);
    this.#onEnded = onEnded;
    this.#buffered = buffered;
    socket.on("drain", () => this.#resume());
  }

  /** The bytes of DATA of all streams that wait for the peer to take them. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  isOpenFor(stream: Http2Stream): boolean {
    return stream.pending === undefined && this.output.queued < MAX_QUEUED_BYTES;
  }

  /** True if data of a stream wait for credit, its own or the connection's. */
  lacksCredit({ pending }: Http2Stream): boolean {
    if (pending === undefined || pending.bytes === 0) return false;
    return this.window <= 0 || this.#creditOf(pending.stream) <= 0;
  }

  frameRoom(stream: Http2Stream, open = 0): number {
    return Math.min(this.window, this.#creditOf(stream), this.#maxDataFrame - open);
  }

  sentMessage(stream: Http2Stream, bytes: number, endStream: boolean): void {
    this.window -= bytes;
    stream.sendWindow -= bytes;
    this.sent++;
    if (endStream) this.#ended(stream);
  }

  headers(
    stream: Http2Stream,
    fields: HeaderFields,
    rest: readonly string[] | undefined,
    endStream: boolean,
  ): void {
    if (stream.pending !== undefined && endStream) {
      stream.pending.end = fields;
      stream.pending.endFields = rest;
      return;
    }
    const { output } = this;
    output.reserve(FRAME_HEADER_LENGTH + this.#encoder.maxLength(fields, rest));
    const at = output.position;
    const start = at + FRAME_HEADER_LENGTH;
    const end =
      rest === undefined
        ? this.#encoder.encode(fields, output.buffer, start)
        : this.#encoder.encodeWith(fields, rest, output.buffer, start);
    const length = end - start;
    const flags = endStream ? FLAG_END_STREAM : 0;
    if (length <= this.peer.maxFrameSize) {
      output.frameHeader(length, FRAME_HEADERS, flags | FLAG_END_HEADERS, stream.id);
      output.position = end;
    } else {
      const block = Buffer.from(output.buffer.subarray(start, end));
      this.#longHeaders(stream.id, block, flags);
    }
    this.sent++;
    if (endStream) this.#ended(stream);
  }

  data(stream: Http2Stream, bytes: Uint8Array, endStream: boolean, borrowed = false): void {
    const { pending } = stream;
    if (pending !== undefined) {
      pending.chunks.push(borrowed ? Buffer.from(bytes) : bytes);
      pending.bytes += bytes.length;
      this.#count(bytes.length);
      if (endStream) pending.end = "data";
      return;
    }
    const sent =
      this.output.queued < MAX_QUEUED_BYTES ? this.#dataFrames(stream, bytes, endStream, borrowed) : 0;
    if (sent === bytes.length && (bytes.length > 0 || !endStream || stream.localEnded)) return;
    const rest = borrowed ? Buffer.from(bytes.subarray(sent)) : bytes.subarray(sent);
    stream.pending = new PendingOutput(stream, rest, endStream ? "data" : undefined);
    this.#count(rest.length);
    this.#line(stream.pending);
  }

  resetStream(streamId: number, code: ErrorCode): void {
    this.output.reserve(FRAME_HEADER_LENGTH + 4);
    this.output.frameHeader(4, FRAME_RST_STREAM, 0, streamId);
    this.output.uint32(code);
  }

  windowUpdate(streamId: number, increment: number): void {
    this.output.reserve(FRAME_HEADER_LENGTH + 4);
    this.output.frameHeader(4, FRAME_WINDOW_UPDATE, 0, streamId);
    this.output.uint32(increment);
  }

  settings(entries: readonly (readonly [id: number, value: number])[]): void {
    const payload = encodeSettings(entries);
    this.output.reserve(FRAME_HEADER_LENGTH + payload.length);
    this.output.frameHeader(payload.length, FRAME_SETTINGS, 0, 0);
    this.output.bytes(payload);
  }

  settingsAck(): void {
    this.output.reserve(FRAME_HEADER_LENGTH);
    this.output.frameHeader(0, FRAME_SETTINGS, FLAG_ACK, 0);
  }

  /** @param payload 8 bytes. */
  ping(payload: Uint8Array, ack: boolean): void {
    this.output.reserve(FRAME_HEADER_LENGTH + 8);
    this.output.frameHeader(8, FRAME_PING, ack ? FLAG_ACK : 0, 0);
    this.output.bytes(payload);
  }

  goAway(lastStreamId: number, code: ErrorCode, debugData: string): void {
    const debug = Buffer.from(debugData, "utf8");
    this.output.reserve(FRAME_HEADER_LENGTH + 8 + debug.length);
    this.output.frameHeader(8 + debug.length, FRAME_GOAWAY, 0, 0);
    this.output.uint32(lastStreamId);
    this.output.uint32(code);
    this.output.bytes(debug);
  }

  /**
   * Takes the peer's SETTINGS (RFC 9113, section 6.5.3). All streams' windows move with the initial one (6.9.2), at no
   * cost: a stream's `sendWindow` is what it has beyond that.
   *
   * @param streams Gives the open streams.
   */
  applySettings(buffer: Buffer, start: number, end: number, streams: () => Iterable<Http2Stream>): void {
    const { peer } = this;
    const before = peer.initialWindowSize;
    peer.apply(buffer, start, end);
    // The table goes through the smallest of several sizes (RFC 7541, section 4.2).
    this.#encoder.setMaxTableSize(peer.smallestHeaderTableSize);
    this.#encoder.setMaxTableSize(peer.headerTableSize);
    this.#maxDataFrame = Math.min(peer.maxFrameSize, MAX_DATA_FRAME_BYTES);
    this.settingsAck();
    if (peer.initialWindowSize <= before) return;
    if (peer.initialWindowSize + this.#largestWindow > MAX_31_BITS) this.#checkWindows(streams());
    if (this.#blocked.size > 0) this.#unblockAll();
  }

  #checkWindows(streams: Iterable<Http2Stream>): void {
    this.#largestWindow = 0;
    for (const { sendWindow } of streams) this.#largestWindow = Math.max(this.#largestWindow, sendWindow);
    if (this.peer.initialWindowSize + this.#largestWindow > MAX_31_BITS) {
      throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, "SETTINGS made a stream's window too large");
    }
  }

  /** The credit of all streams has grown. A few go on now, the others later: more SETTINGS may change it again in this turn. */
  #unblockAll(): void {
    if (this.#waiting.size === 0) [this.#waiting, this.#blocked] = [this.#blocked, this.#waiting];
    else
      for (let pending = this.#blocked.first; pending; pending = this.#blocked.first)
        this.#waiting.push(pending);
    const areMany = this.#waiting.size > STREAMS_PER_LOOK;
    this.#resume(STREAMS_PER_LOOK);
    if (areMany) this.#resumeLater();
  }

  /** Takes a WINDOW_UPDATE (RFC 9113, section 6.9), of a stream or, without one, of the connection. */
  grant(stream: Http2Stream | undefined, increment: number): void {
    if (stream === undefined) {
      if (increment === 0) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "WINDOW_UPDATE of 0");
      this.window += increment;
      if (this.window > MAX_31_BITS) {
        throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, "the connection's window became too large");
      }
      this.#resume();
      return;
    }
    if (increment === 0) throw new StreamError(ErrorCode.PROTOCOL_ERROR, "WINDOW_UPDATE of 0");
    stream.sendWindow += increment;
    if (this.#creditOf(stream) > MAX_31_BITS) {
      throw new StreamError(ErrorCode.FLOW_CONTROL_ERROR, "the stream's window became too large");
    }
    if (stream.sendWindow > this.#largestWindow) this.#largestWindow = stream.sendWindow;
    const { pending } = stream;
    if (pending === undefined) return;
    if (this.window > 0 && this.output.queued < MAX_QUEUED_BYTES) this.#sendPending(pending);
    else this.#line(pending);
  }

  drop(stream: Http2Stream): void {
    const { pending } = stream;
    if (pending === undefined) return;
    stream.pending = undefined;
    pending.line?.remove(pending);
    this.#count(-pending.bytes);
  }

  /** The bytes of DATA that the peer takes on a stream; it may be negative (RFC 9113, section 6.9.2). */
  #creditOf(stream: Http2Stream): number {
    return this.peer.initialWindowSize + stream.sendWindow;
  }

  #count(bytes: number): void {
    this.#pendingBytes += bytes;
    this.#buffered.add(bytes);
  }

  /** Lets an output wait for what it lacks. */
  #line(pending: PendingOutput<Http2Stream>): void {
    const isBlocked = pending.chunks[0]!.length > 0 && this.#creditOf(pending.stream) <= 0;
    const line = isBlocked ? this.#blocked : this.#waiting;
    if (pending.line !== line) line.push(pending);
  }

  /** Writes DATA frames as the windows allow; returns how many bytes of `bytes` they carry. */
  #dataFrames(stream: Http2Stream, bytes: Uint8Array, endStream: boolean, borrowed = false): number {
    const { output } = this;
    // The output copies what is shorter.
    const limit = borrowed ? MIN_UNCOPIED_BYTES - 1 : Infinity;
    let at = 0;
    do {
      // SETTINGS can make a window negative (RFC 9113, section 6.9.2); an empty frame needs none.
      const length = Math.max(Math.min(bytes.length - at, this.frameRoom(stream), limit), 0);
      if (bytes.length > 0 && (length === 0 || output.queued >= MAX_QUEUED_BYTES)) break;
      const last = endStream && at + length === bytes.length;
      this.#dataFrame(stream, length === bytes.length ? bytes : bytes.subarray(at, at + length), last);
      at += length;
      this.sentMessage(stream, length, last);
    } while (at < bytes.length);
    return at;
  }

  /** Writes one DATA frame, or adds to the last one, if it is the stream's and not sent yet. */
  #dataFrame(stream: Http2Stream, bytes: Uint8Array, endStream: boolean): void {
    const { output } = this;
    const { length } = bytes;
    if (length >= MIN_UNCOPIED_BYTES) {
      output.reserve(FRAME_HEADER_LENGTH);
      output.frameHeader(length, FRAME_DATA, endStream ? FLAG_END_STREAM : 0, stream.id);
      output.bytes(bytes);
      return;
    }
    output.reserve(FRAME_HEADER_LENGTH + length);
    const open = output.openData(stream.id);
    if (open >= 0 && open + length <= this.#maxDataFrame) {
      output.buffer.set(bytes, output.position);
      output.extendData(length, endStream);
    } else {
      output.buffer.set(bytes, output.position + FRAME_HEADER_LENGTH);
      output.dataFrame(length, endStream, stream.id);
    }
  }

  #sendPending(pending: PendingOutput<Http2Stream>): void {
    const { stream } = pending;
    while (pending.chunks.length > 0) {
      const chunk = pending.chunks[0]!;
      const last = pending.chunks.length === 1 && pending.end === "data";
      const sent = this.#dataFrames(stream, chunk, last);
      pending.bytes -= sent;
      this.takenBytes += sent;
      this.#count(-sent);
      if (sent < chunk.length) {
        pending.chunks[0] = chunk.subarray(sent);
        this.#line(pending);
        return;
      }
      pending.chunks.shift();
    }
    this.drop(stream);
    if (typeof pending.end === "object") this.headers(stream, pending.end, pending.endFields, true);
    else if (pending.end === undefined) stream.onDrained();
  }

  /** Gives every waiting stream a turn, as long as there is room, or the first ones. */
  #resume(most = Infinity): void {
    const waiting = this.#waiting;
    if (waiting.size === 0) return;
    let until = 0;
    for (let turns = Math.min(waiting.size, most); turns > 0; turns--) {
      const pending = waiting.first;
      if (pending === undefined || this.window <= 0 || this.output.queued >= MAX_QUEUED_BYTES) return;
      // To the end of the line, if it does not get through.
      waiting.push(pending);
      this.#sendPending(pending);
      if (turns % STREAMS_PER_LOOK !== 0) continue;
      const now = performance.now();
      if (until === 0) until = now + MAX_TURN_MS;
      else if (now >= until) {
        this.#resumeLater();
        return;
      }
    }
  }

  #resumeLater(): void {
    if (this.#resumesLater) return;
    this.#resumesLater = true;
    setImmediate(() => {
      this.#resumesLater = false;
      this.#resume();
    });
  }

  #longHeaders(streamId: number, block: Buffer, flags: number): void {
    const { maxFrameSize } = this.peer;
    for (let at = 0; at < block.length; at += maxFrameSize) {
      const part = block.subarray(at, at + maxFrameSize);
      const end = at + part.length === block.length ? FLAG_END_HEADERS : 0;
      this.output.reserve(FRAME_HEADER_LENGTH + part.length);
      if (at === 0) this.output.frameHeader(part.length, FRAME_HEADERS, flags | end, streamId);
      else this.output.frameHeader(part.length, FRAME_CONTINUATION, end, streamId);
      this.output.bytes(part);
    }
  }

  #ended(stream: Http2Stream): void {
    stream.localEnded = true;
    this.#onEnded(stream);
  }
}
