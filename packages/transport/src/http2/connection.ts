import type { Socket } from "node:net";
import { HpackDecoder } from "../hpack/decoder.js";
import type { HeaderList } from "../hpack/header-list.js";
import type { BufferedBytes } from "./buffered-bytes.js";
import { bdpPing, ConnectionLife } from "./connection-life.js";
import type { ConnectionOptions } from "./connection-options.js";
import {
  FLAG_ACK,
  FLAG_END_HEADERS,
  FLAG_END_STREAM,
  FLAG_PADDED,
  FLAG_PRIORITY,
  FRAME_CONTINUATION,
  FRAME_DATA,
  FRAME_GOAWAY,
  FRAME_HEADERS,
  FRAME_PING,
  FRAME_PRIORITY,
  FRAME_PUSH_PROMISE,
  FRAME_RST_STREAM,
  FRAME_SETTINGS,
  FRAME_WINDOW_UPDATE,
  MAX_31_BITS,
} from "./constants.js";
import { ConnectionError, ErrorCode, errorCodeName, StreamError } from "./errors.js";
import { FrameReader, type FrameHandler } from "./frame-reader.js";
import { HeaderBlock } from "./header-block.js";
import { isKeepaliveAnswer } from "./keepalive.js";
import type { SettingsEntries } from "./local-settings.js";
import { beginLittle, beginRead, isReadOver, isReadTurnOver, readLater } from "./read-turn.js";
import { borrowCopy, READ_BYTES, readSocket } from "./socket-reader.js";
import type { Http2Stream } from "./stream.js";

/** What a socket reads in one piece is much from here on, in bytes: some tens of requests. */
const MUCH_BYTES = 1024;
/** The part of a GOAWAY's debug data that is read, in bytes. */
const MAX_DEBUG_BYTES = 256;

/** One HTTP/2 connection for gRPC (RFC 9113): what the frames of a peer do, on both sides. */
export abstract class Connection extends ConnectionLife implements FrameHandler {
  readonly #reader: FrameReader;
  readonly #decoder: HpackDecoder;
  readonly #headerBlock = new HeaderBlock();
  #settingsReceived = false;
  /** True if nothing is read from the socket in this turn any more. */
  #paused = false;
  /** What was read and waits for its turn. */
  #held: Buffer | undefined;
  /** Runs while the peer owes the rest of something. */
  #restTimer: NodeJS.Timeout | undefined;
  #framesRead = 0;
  #sentAtLastPing = -1;

  constructor(socket: Socket, options: ConnectionOptions, buffered?: BufferedBytes) {
    super(socket, options, buffered);
    this.#reader = new FrameReader(this);
    this.#decoder = new HpackDecoder({ maxHeaderListSize: options.maxHeaderListSize });
  }

  /** A header block has come for a stream that is not open: the peer opens it, or breaks the rules. */
  protected abstract onNewStream(id: number, list: HeaderList, endStream: boolean): void;
  /** The peer takes no new streams; those over `lastStreamId` it has not touched (RFC 9113, section 6.8). */
  protected abstract onGoAway(lastStreamId: number, code: ErrorCode, debugData: string): void;
  /** The peer's first SETTINGS, or later ones, are in force. */
  protected onPeerSettings(): void {}
  /** The peer has sent a PING. */
  protected onPing(): void {}
  /** True if a stream of this id was never opened (RFC 9113, section 5.1, "idle"). */
  protected abstract isIdle(id: number): boolean;
  /** True if an idle stream is one that the peer had numbered when it heard that we go (RFC 9113, section 6.8). */
  protected isUnseen(_id: number): boolean {
    return false;
  }
  /** Bytes have come before the peer's SETTINGS. Returns true if they are not to be read as frames. */
  protected onFirstBytes(_buffer: Buffer, _length: number): boolean {
    return false;
  }
  /** DATA has come for a stream that is over. */
  protected abstract onLateData(id: number): void;
  /** HEADERS have come for a stream that is over; the decoder's table has taken them. */
  protected abstract onLateHeaders(id: number, list: HeaderList): void;
  /** RST_STREAM has come for a stream that is over. */
  protected abstract onLateReset(): void;
  /** RST_STREAM has come for a stream that is open. */
  protected onResetReceived(): void {}

  /** Sends our side of the preface and begins to read. */
  protected start(settings: SettingsEntries, first?: Buffer): void {
    this.sendPreface(settings);
    this.socket.on("close", () => clearTimeout(this.#restTimer));
    if (first !== undefined && first.length > 0) this.#onRead(first, first.length);
    readSocket(this.socket, (buffer, length) => this.#onRead(buffer, length));
  }

  onFrame(type: number, flags: number, id: number, buffer: Buffer, start: number, end: number): boolean {
    if (this.end) return false;
    this.#framesRead++;
    if (
      this.#headerBlock.streamId !== 0 &&
      (type !== FRAME_CONTINUATION || id !== this.#headerBlock.streamId)
    ) {
      // RFC 9113, section 4.3: nothing may come between the frames of a header block.
      throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "a frame inside a header block");
    }
    if (!this.#settingsReceived && (type !== FRAME_SETTINGS || (flags & FLAG_ACK) !== 0)) {
      throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "the first frame is not SETTINGS");
    }
    try {
      this.#dispatch(type, flags, id, buffer, start, end);
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      // RFC 9113, section 5.1: an idle stream cannot be reset.
      if (this.isIdle(id)) throw new ConnectionError(error.code, error.message);
      this.failStream(id, error);
    }
    return this.end === undefined && !isReadOver();
  }

  #onRead(buffer: Buffer, length: number): void {
    if (this.end) return;
    if (this.#held !== undefined) {
      // A socket may still give what it had, and node:stream may have begun to read again by itself.
      this.socket.pause();
      this.#held = Buffer.concat([this.#held, buffer.subarray(0, length)]);
      return;
    }
    if (!this.#settingsReceived && this.onFirstBytes(buffer, length)) return;
    const now = performance.now();
    if (isReadTurnOver(now)) {
      this.lastReadAt = now;
      this.#hold(buffer, 0, length, length < MUCH_BYTES);
    } else this.#take(buffer, length, now);
  }

  #take(buffer: Buffer, length: number, now: number): void {
    this.lastReadAt = this.guard.now = now;
    if (length < MUCH_BYTES) beginLittle(now);
    else beginRead(now);
    const at = this.#read(buffer, length);
    if (at < length && !this.end) this.#hold(buffer, at, length, false);
  }

  /** Keeps what was read until its turn. */
  #hold(buffer: Buffer, start: number, end: number, isLittle: boolean): void {
    this.#held = Buffer.from(buffer.subarray(start, end));
    this.#pause(isLittle);
  }

  /** Reads frames; returns how far. */
  #read(buffer: Buffer, length: number): number {
    const frames = this.#framesRead;
    const block = this.#headerBlock.streamId;
    let at = length;
    try {
      at = this.#reader.read(buffer, length);
    } catch (error) {
      this.fail(error);
      return length;
    }
    if (this.sender.output.queued > this.options.maxQueuedBytes) {
      this.fail(new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, "the answers are not read"));
    }
    if (this.end) return length;
    const isNext = this.#framesRead > frames && (block === 0 || block !== this.#headerBlock.streamId);
    this.#waitForRest(isNext);
    return at;
  }

  /** Header blocks, and the frames that nothing holds up, must come whole in time: slow bytes keep a connection for ever. */
  #waitForRest(isNext: boolean): void {
    const waits = this.#headerBlock.streamId !== 0 || this.#reader.waitsForControl;
    if (!waits) {
      if (this.#restTimer === undefined) return;
      clearTimeout(this.#restTimer);
      this.#restTimer = undefined;
    } else if (this.#restTimer === undefined) {
      this.#restTimer = this.failAfter(
        ErrorCode.ENHANCE_YOUR_CALM,
        "the rest of a frame did not come in time",
      );
    } else if (isNext) this.#restTimer.refresh();
  }

  #pause(isLittle: boolean): void {
    if (this.#paused) return;
    this.#paused = true;
    this.socket.pause();
    readLater(this.#goOn, isLittle);
  }

  readonly #goOn = (): void => {
    this.#paused = false;
    if (this.end) return;
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) {
      for (let at = 0; at < held.length && this.#held === undefined && !this.end; at += READ_BYTES) {
        const part = borrowCopy(held, at);
        this.#take(part.buffer, part.length, performance.now());
        if (this.#held !== undefined)
          this.#held = Buffer.concat([this.#held, held.subarray(at + part.length)]);
      }
    }
    if (!this.#paused && !this.end) this.socket.resume();
  };

  #dispatch(type: number, flags: number, id: number, buffer: Buffer, start: number, end: number): void {
    switch (type) {
      case FRAME_DATA:
        this.#onData(flags, id, buffer, start, end);
        break;
      case FRAME_HEADERS:
        this.#onHeaders(flags, id, buffer, start, end);
        break;
      case FRAME_CONTINUATION:
        this.#onContinuation(flags, id, buffer.subarray(start, end));
        break;
      case FRAME_WINDOW_UPDATE:
        this.#onWindowUpdate(id, buffer, start, end);
        break;
      case FRAME_RST_STREAM:
        this.#onResetStream(id, buffer, start, end);
        break;
      case FRAME_PING:
        this.#onPing(flags, id, buffer, start, end);
        break;
      case FRAME_SETTINGS:
        this.#onSettings(flags, id, buffer, start, end);
        break;
      case FRAME_GOAWAY:
        this.#onGoAway(id, buffer, start, end);
        break;
      case FRAME_PRIORITY:
        this.#onPriority(id, buffer, start, end);
        break;
      case FRAME_PUSH_PROMISE:
        // Clients never may; ours never allows servers to (RFC 9113, section 8.4).
        throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "PUSH_PROMISE");
      default:
        // RFC 9113, section 4.1: unknown types are ignored.
        this.guard.countBeside("ignoredFrames", this.#framesRead);
    }
  }

  #onData(flags: number, id: number, buffer: Buffer, start: number, end: number): void {
    if (id === 0) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "DATA on stream 0");
    const endStream = (flags & FLAG_END_STREAM) !== 0;
    const size = end - start;
    this.receiver.receivedOnConnection(size);
    const stream = this.streams.get(id);
    if (stream === undefined || stream.remoteEnded) {
      this.receiver.discard(size);
      if (stream !== undefined)
        throw new StreamError(ErrorCode.STREAM_CLOSED, "DATA after the end of the stream");
      this.#expectOpened(id, "DATA");
      this.onLateData(id);
      return;
    }
    let from = start;
    let to = end;
    if ((flags & FLAG_PADDED) !== 0) {
      // RFC 9113, section 6.1.
      if (size === 0)
        throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, "DATA without the padding's length");
      const padding = buffer[start]!;
      if (padding >= size) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "DATA is all padding");
      from = start + 1;
      to = end - padding;
    }
    if (from === to && !endStream) this.guard.countBeside("emptyData", this.#framesRead);
    if (!this.receiver.receivedOnStream(stream, size)) {
      throw new StreamError(ErrorCode.FLOW_CONTROL_ERROR, "DATA over the stream's window");
    }
    if (to - from < size) this.consume(stream, size - (to - from));
    if (this.receiver.shouldMeasure(stream, size)) this.sender.ping(bdpPing, false);
    if (endStream) stream.remoteEnded = true;
    stream.onData(buffer, from, to, endStream);
    if (stream.unread > 0) this.#onUnread(stream);
    if (endStream && stream.localEnded) this.closeStream(stream);
  }

  #onUnread(stream: Http2Stream): void {
    this.receiver.checkUnread();
    if (this.receiver.isFull && !stream.closed) stream.onFull();
  }

  #onHeaders(flags: number, id: number, buffer: Buffer, start: number, end: number): void {
    if (id === 0) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "HEADERS on stream 0");
    let from = start;
    let to = end;
    if ((flags & FLAG_PADDED) !== 0) {
      if (from === to)
        throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, "HEADERS without the padding's length");
      to -= buffer[from++]!;
      if (from > to) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "HEADERS is all padding");
    }
    if ((flags & FLAG_PRIORITY) !== 0) {
      if (to - from < 5)
        throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, "HEADERS without the whole priority");
      if ((buffer.readUInt32BE(from) & MAX_31_BITS) === id) {
        throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "a stream that depends on itself");
      }
      from += 5;
    }
    const endStream = (flags & FLAG_END_STREAM) !== 0;
    if ((flags & FLAG_END_HEADERS) !== 0) this.#onHeaderBlock(id, buffer, from, to, endStream);
    else this.#headerBlock.begin(id, endStream, buffer.subarray(from, to));
  }

  #onContinuation(flags: number, id: number, part: Buffer): void {
    if (this.#headerBlock.streamId === 0) {
      throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "CONTINUATION without HEADERS");
    }
    this.#headerBlock.continue(part);
    if ((flags & FLAG_END_HEADERS) === 0) return;
    const { endStream } = this.#headerBlock;
    const block = this.#headerBlock.finish();
    this.#onHeaderBlock(id, block, 0, block.length, endStream);
  }

  #onHeaderBlock(id: number, buffer: Buffer, start: number, end: number, endStream: boolean): void {
    // Also a block that nobody wants changes the table (RFC 9113, section 4.3).
    const list = this.#decoder.decode(buffer, start, end);
    const stream = this.streams.get(id);
    if (stream === undefined) {
      if (this.isIdle(id)) this.onNewStream(id, list, endStream);
      else this.onLateHeaders(id, list);
      return;
    }
    if (stream.remoteEnded)
      throw new StreamError(ErrorCode.STREAM_CLOSED, "HEADERS after the end of the stream");
    if (endStream) stream.remoteEnded = true;
    stream.onHeaders(list, endStream);
    if (endStream && stream.localEnded) this.closeStream(stream);
  }

  /**
   * A frame has come for a stream that is not open (RFC 9113, section 5.1).
   *
   * @throws {ConnectionError} PROTOCOL_ERROR if it was never opened, unless the peer could not know that we go.
   */
  #expectOpened(id: number, what: string): void {
    if (this.isIdle(id) && !this.isUnseen(id))
      throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, `${what} on a stream that is idle`);
  }

  #onWindowUpdate(id: number, buffer: Buffer, start: number, end: number): void {
    expectLength(end - start, 4, "WINDOW_UPDATE");
    this.guard.count("windowUpdates");
    const stream = id === 0 ? undefined : this.streams.get(id);
    if (id !== 0 && stream === undefined) {
      this.#expectOpened(id, "WINDOW_UPDATE");
      return;
    }
    this.sender.grant(stream, buffer.readUInt32BE(start) & MAX_31_BITS);
  }

  #onResetStream(id: number, buffer: Buffer, start: number, end: number): void {
    expectLength(end - start, 4, "RST_STREAM");
    if (id === 0) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "RST_STREAM on stream 0");
    const stream = this.streams.get(id);
    if (stream === undefined) {
      this.#expectOpened(id, "RST_STREAM");
      this.onLateReset();
      return;
    }
    this.onResetReceived();
    const code = buffer.readUInt32BE(start);
    this.closeStream(stream);
    // In grpc-js's words, which some look for.
    const cancelled = code === ErrorCode.CANCEL;
    stream.onAborted(
      code,
      cancelled ? "Call cancelled" : `the peer reset the stream: ${errorCodeName(code)}`,
    );
  }

  #onPing(flags: number, id: number, buffer: Buffer, start: number, end: number): void {
    if (id !== 0) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "PING on a stream");
    expectLength(end - start, 8, "PING");
    const payload = buffer.subarray(start, end);
    if ((flags & FLAG_ACK) === 0) {
      // One that follows what we have sent measures the connection, as often as every round trip: that is no flood.
      if (this.sender.sent === this.#sentAtLastPing) this.guard.count("pings");
      this.#sentAtLastPing = this.sender.sent;
      this.onPing();
      this.sender.ping(payload, true);
    } else if (payload.equals(bdpPing) && this.receiver.measured()) {
      // It was the answer that was awaited.
    } else if (isKeepaliveAnswer(payload)) this.guard.countBeside("ignoredFrames", this.#framesRead);
    else if (!this.leave.takeAnswer(payload)) this.guard.count("ignoredFrames");
  }

  #onSettings(flags: number, id: number, buffer: Buffer, start: number, end: number): void {
    if (id !== 0) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "SETTINGS on a stream");
    if ((flags & FLAG_ACK) !== 0) {
      expectLength(end - start, 0, "SETTINGS with ACK");
      if (this.localSettings.acknowledge()) this.receiver.acknowledged();
      else this.guard.count("settings");
      return;
    }
    this.guard.count("settings");
    this.#settingsReceived = true;
    this.sender.applySettings(buffer, start, end, () => this.streams.values());
    this.onPeerSettings();
  }

  #onPriority(id: number, buffer: Buffer, start: number, end: number): void {
    if (id === 0) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "PRIORITY on stream 0");
    if (end - start !== 5) {
      // RFC 9113, section 6.3: an error of the stream alone.
      throw new StreamError(ErrorCode.FRAME_SIZE_ERROR, "PRIORITY is not 5 bytes long");
    }
    this.guard.countBeside("ignoredFrames", this.#framesRead);
    if ((buffer.readUInt32BE(start) & MAX_31_BITS) === id) {
      throw new StreamError(ErrorCode.PROTOCOL_ERROR, "a stream that depends on itself");
    }
  }

  #onGoAway(id: number, buffer: Buffer, start: number, end: number): void {
    if (id !== 0) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "GOAWAY on a stream");
    if (end - start < 8) throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, "GOAWAY is too short");
    this.guard.countBeside("ignoredFrames", this.#framesRead);
    const debugData = buffer.toString("utf8", start + 8, Math.min(end, start + 8 + MAX_DEBUG_BYTES));
    this.onGoAway(buffer.readUInt32BE(start) & MAX_31_BITS, buffer.readUInt32BE(start + 4), debugData);
  }
}

function expectLength(length: number, expected: number, what: string): void {
  if (length !== expected) {
    throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, `${what} is ${length} bytes long`);
  }
}
