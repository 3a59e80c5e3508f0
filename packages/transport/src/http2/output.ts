import type { Socket } from "node:net";
import { FLAG_END_STREAM, FRAME_DATA, FRAME_HEADER_LENGTH } from "./constants.js";
import { KeptOutput } from "./kept-output.js";
import { setImmediate } from "../turn.js";

/** Size of the buffers that frames are written into, in bytes. */
const BUFFER_SIZE = 64 * 1024;
/** Size of what a connection is given first, in bytes: most have little to send in a turn, and there may be thousands. */
const SMALL_BUFFER_SIZE = 8 * 1024;
/**
 * With how many bytes a turn's first write is made, and each further one with twice as many as the one before: the peer
 * works while we do, instead of waiting for the turn's end. What one segment carries on Ethernet. After a turn that had much
 * to send, the next one begins with a quarter of what it came to.
 */
const FIRST_WRITE_BYTES = 1460;
/** With fewer streams open than this, not much can follow: a write of less than {@link LITTLE_BYTES} waits for the turn's end. */
const FEW_STREAMS = 12;
const LITTLE_BYTES = 4 * FIRST_WRITE_BYTES;
/**
 * With how many bytes a write is made at the latest: what is left for the peer when we are through is soon done. More than
 * two full frames, so that of long messages three go at a time.
 */
const MAX_WRITE_BYTES = 36 * 1024;
/** The most spare buffers of either size, for all connections together. */
const MAX_SPARE_BUFFERS = 64;
const MAX_SPARE_SMALL_BUFFERS = 512;
/** Bytes from this length on are given to the socket as they are: a write of their own costs less than the copy. */
export const MIN_UNCOPIED_BYTES = 16 * 1024 + 1;

const NO_BUFFER: Buffer = Buffer.alloc(0);
const spares: Buffer[] = [];
const smallSpares: Buffer[] = [];

/** Reads what was written, in its own time, but before the memory is written to again. */
export interface OutputReader {
  /** The memory is about to be another's. */
  onOutputLeft(): void;
}

/**
 * The output of a connection: frames are written straight into a buffer, which goes to the socket at the end of
 * each turn of the event loop, and before that when there is much. A connection that has nothing to send has no buffer.
 */
export class Output {
  /** The next byte goes to {@link position}. A writer moves it, after {@link reserve}. */
  buffer = NO_BUFFER;
  position = 0;
  /** True while an encoder borrows the memory behind {@link position}: other output then goes to other memory. */
  borrowed = false;
  /** Where the last DATA frame begins and ends, and the stream that it is of; the end is -1 once the frame is given away. */
  #dataAt = 0;
  #dataEnd = -1;
  #dataStream = 0;
  #reader: OutputReader | undefined;
  /** What is kept of the buffer, and between which positions. */
  #kept: KeptOutput | undefined;
  #keptStart = 0;
  #keptEnd = 0;
  /** With how many bytes the next write of this turn is made. */
  #writeAt = FIRST_WRITE_BYTES;
  #scheduled = false;
  #closed = false;
  readonly #socket: Socket;
  readonly #streams: { readonly size: number };
  readonly #onTurnEnd = (): void => {
    this.#scheduled = false;
    this.#writeAt = Math.max(this.#writeAt / 4, FIRST_WRITE_BYTES);
    this.flush();
    // Not all that was reserved may have been written.
    recycle(this.buffer);
    this.buffer = NO_BUFFER;
  };

  /** @param streams The connection's open streams. */
  constructor(socket: Socket, streams: { readonly size: number }) {
    this.#socket = socket;
    this.#streams = streams;
  }

  /** The number of bytes that wait, here and in the socket, for the peer to take them. */
  get queued(): number {
    return this.position + this.#socket.writableLength;
  }

  /** Makes room for `size` bytes at {@link position}, and sees that they are sent this turn. */
  reserve(size: number): void {
    if (this.borrowed) this.#leave();
    if (this.position >= this.#writeAt) {
      this.#writeAt = Math.min(this.#writeAt * 2, MAX_WRITE_BYTES);
      if (this.#isWorthWriting()) this.flush();
    }
    if (this.buffer.length - this.position < size) this.#makeRoom(size);
    if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(this.#onTurnEnd);
    }
  }

  /** Writes a frame's header (RFC 9113, section 4.1); there must be room. */
  frameHeader(length: number, type: number, flags: number, streamId: number): void {
    const { buffer } = this;
    const at = this.position;
    buffer[at] = length >>> 16;
    buffer[at + 1] = length >>> 8;
    buffer[at + 2] = length;
    buffer[at + 3] = type;
    buffer[at + 4] = flags;
    buffer[at + 5] = streamId >>> 24;
    buffer[at + 6] = streamId >>> 16;
    buffer[at + 7] = streamId >>> 8;
    buffer[at + 8] = streamId;
    this.position = at + FRAME_HEADER_LENGTH;
  }

  /**
   * The length in bytes of the DATA frame that was written last, if it is of this stream and more can be added to it: it is the last
   * thing that was written, and is still here. Otherwise -1. Good until the next {@link reserve}.
   */
  openData(streamId: number): number {
    return this.position === this.#dataEnd && streamId === this.#dataStream
      ? this.#dataEnd - this.#dataAt - FRAME_HEADER_LENGTH
      : -1;
  }

  /** Writes the header of a DATA frame, whose bytes stand after it already; there must be room. */
  dataFrame(length: number, endStream: boolean, streamId: number): void {
    this.#dataAt = this.position;
    this.#dataStream = streamId;
    this.frameHeader(length, FRAME_DATA, endStream ? FLAG_END_STREAM : 0, streamId);
    this.position = this.#dataEnd = this.position + length;
  }

  /** Adds bytes that stand at {@link position} to the DATA frame that {@link openData} has found. */
  extendData(length: number, endStream: boolean): void {
    const { buffer } = this;
    const at = this.#dataAt;
    this.position = this.#dataEnd = this.position + length;
    const total = this.#dataEnd - at - FRAME_HEADER_LENGTH;
    buffer[at] = total >>> 16;
    buffer[at + 1] = total >>> 8;
    buffer[at + 2] = total;
    if (endStream) buffer[at + 4] = FLAG_END_STREAM;
  }

  /** Who reads what stands in {@link buffer}, until it is the memory of something else. */
  get reader(): OutputReader | undefined {
    return this.#reader;
  }

  /** Sets the {@link reader}, in another's place. */
  readBy(reader: OutputReader | undefined): void {
    const before = this.#reader;
    this.#reader = reader;
    before?.onOutputLeft();
  }

  /** Keeps what stands between two positions of {@link buffer}, the last of it, beyond its time there. */
  keep(start: number, end: number): KeptOutput {
    if (this.#kept === undefined) {
      this.#kept = new KeptOutput(this.buffer, true);
      this.#keptStart = start;
    }
    this.#keptEnd = end;
    return this.#kept;
  }

  /** Writes 32 bits; there must be room. */
  uint32(value: number): void {
    this.position = this.buffer.writeUInt32BE(value >>> 0, this.position);
  }

  /** Writes bytes, large ones without copying them: they must not change any more. */
  bytes(bytes: Uint8Array): void {
    if (bytes.length >= MIN_UNCOPIED_BYTES) {
      this.flush();
      if (!this.#closed) this.#socket.write(bytes);
      return;
    }
    this.reserve(bytes.length);
    this.buffer.set(bytes, this.position);
    this.position += bytes.length;
  }

  /** Gives what is written to the socket now. */
  flush(): void {
    if (this.position === 0) return;
    this.#giveUp();
    const full = this.buffer;
    const bytes = full.subarray(0, this.position);
    this.position = 0;
    this.#dataEnd = -1;
    if (this.#closed) return;
    // The callback comes after this turn's other writes, so it must know whether the buffer was given up by this one.
    let givenUp = false;
    this.#socket.write(bytes, () => {
      if (givenUp) recycle(full);
    });
    // A socket without anything that waits has handed all bytes to the kernel, or encrypted them: it has done with the
    // buffer. Otherwise it reads from it until the callback.
    if (this.#socket.writableLength > 0) {
      givenUp = true;
      this.buffer = NO_BUFFER;
    }
  }

  /** Drops what is written from now on. */
  close(): void {
    this.#giveUp();
    this.#closed = true;
    this.position = 0;
    this.#dataEnd = -1;
  }

  /** The buffer is about to be another's: who needs what stands in it has it now. */
  #giveUp(): void {
    if (this.#reader !== undefined) this.readBy(undefined);
    if (this.#kept === undefined) return;
    this.#kept.move(this.#keptStart, this.#keptEnd);
    this.#kept = undefined;
  }

  #isWorthWriting(): boolean {
    // A peer with more than it takes has enough to do.
    if (this.#socket.writableLength > 0) return false;
    return this.#streams.size >= FEW_STREAMS || this.position >= LITTLE_BYTES;
  }

  /** Leaves the buffer to the encoder that borrows it. */
  #leave(): void {
    this.borrowed = false;
    this.flush();
    this.buffer = NO_BUFFER;
  }

  #makeRoom(size: number): void {
    const { buffer, position } = this;
    if (buffer.length === SMALL_BUFFER_SIZE && position + size <= BUFFER_SIZE) {
      this.#giveUp();
      this.buffer = take(BUFFER_SIZE);
      buffer.copy(this.buffer, 0, 0, position);
      recycle(buffer);
      return;
    }
    this.flush();
    if (this.buffer.length >= size) return;
    recycle(this.buffer);
    const isLittle = size <= SMALL_BUFFER_SIZE && this.#writeAt === FIRST_WRITE_BYTES;
    this.buffer = take(isLittle ? SMALL_BUFFER_SIZE : Math.max(size, BUFFER_SIZE));
  }
}

function take(size: number): Buffer {
  let spare: Buffer | undefined;
  if (size === SMALL_BUFFER_SIZE) spare = smallSpares.pop();
  else if (size === BUFFER_SIZE) spare = spares.pop();
  return spare ?? Buffer.allocUnsafeSlow(size);
}

function recycle(buffer: Buffer): void {
  if (buffer.length === SMALL_BUFFER_SIZE) {
    if (smallSpares.length < MAX_SPARE_SMALL_BUFFERS) smallSpares.push(buffer);
  } else if (buffer.length === BUFFER_SIZE && spares.length < MAX_SPARE_BUFFERS) spares.push(buffer);
}
