import { FRAME_DATA, FRAME_HEADER_LENGTH, MIN_MAX_FRAME_SIZE } from "./constants.js";
import { ConnectionError, ErrorCode } from "./errors.js";

/** Takes frames from a {@link FrameReader}. */
export interface FrameHandler {
  /**
   * One whole frame, its payload at `start` to `end` of `buffer`, which is what was read or memory of the frame's own.
   * False stops the reader behind it.
   */
  onFrame(type: number, flags: number, streamId: number, buffer: Buffer, start: number, end: number): boolean;
}

const NO_BYTES = Buffer.alloc(0);

/**
 * Cuts what a socket reads into frames (RFC 9113, section 4.1), in one pass over each read. Only a frame that two reads
 * share is copied.
 */
export class FrameReader {
  /** The part of a frame that came with earlier reads: its header, then its payload. */
  #partial: Buffer = NO_BYTES;
  #have = 0;
  /** True if the handler has stopped the reader behind the frame that was completed last. */
  #isStopped = false;
  readonly #handler: FrameHandler;
  /** The largest payload taken: our SETTINGS_MAX_FRAME_SIZE. */
  readonly #maxFrameSize: number;

  constructor(handler: FrameHandler, maxFrameSize = MIN_MAX_FRAME_SIZE) {
    this.#handler = handler;
    this.#maxFrameSize = maxFrameSize;
  }

  /** True if the beginning of a frame other than DATA waits for its rest. */
  get waitsForControl(): boolean {
    return this.#have > 0 && (this.#have < FRAME_HEADER_LENGTH || this.#partial[3] !== FRAME_DATA);
  }

  /**
   * Reads the first `length` bytes of a buffer; returns how far, which is all of them unless the handler has stopped it.
   *
   * @throws {ConnectionError} FRAME_SIZE_ERROR as soon as a frame claims to be too long.
   */
  read(chunk: Buffer, length = chunk.length): number {
    let at = 0;
    if (this.#have > 0) {
      at = this.#complete(chunk, length);
      if (this.#isStopped) return at;
    }
    while (length - at >= FRAME_HEADER_LENGTH) {
      const start = at + FRAME_HEADER_LENGTH;
      const end = start + this.#payloadLength(chunk, at);
      if (end > length) break;
      const goesOn = this.#emit(chunk, at, start, end);
      at = end;
      if (!goesOn) return at;
    }
    if (at < length) this.#keep(chunk, at, length);
    return length;
  }

  #payloadLength(buffer: Buffer, at: number): number {
    const length = (buffer[at]! << 16) | (buffer[at + 1]! << 8) | buffer[at + 2]!;
    if (length > this.#maxFrameSize) {
      throw new ConnectionError(
        ErrorCode.FRAME_SIZE_ERROR,
        `a frame of ${length} bytes, where ${this.#maxFrameSize} are allowed`,
      );
    }
    return length;
  }

  #emit(buffer: Buffer, at: number, start: number, end: number): boolean {
    // The first bit of the stream id is reserved (RFC 9113, section 4.1).
    const streamId =
      ((buffer[at + 5]! & 0x7f) << 24) | (buffer[at + 6]! << 16) | (buffer[at + 7]! << 8) | buffer[at + 8]!;
    return this.#handler.onFrame(buffer[at + 3]!, buffer[at + 4]!, streamId, buffer, start, end);
  }

  /** Adds to the kept part of a frame; returns how far the chunk is used up. */
  #complete(chunk: Buffer, length: number): number {
    this.#isStopped = false;
    let used = 0;
    if (this.#have < FRAME_HEADER_LENGTH) {
      used = Math.min(FRAME_HEADER_LENGTH - this.#have, length);
      chunk.copy(this.#partial, this.#have, 0, used);
      this.#have += used;
      if (this.#have < FRAME_HEADER_LENGTH) return used;
      this.#makeRoom();
    }
    const end = FRAME_HEADER_LENGTH + this.#payloadLength(this.#partial, 0);
    const more = Math.min(end - this.#have, length - used);
    chunk.copy(this.#partial, this.#have, used, used + more);
    this.#have += more;
    used += more;
    if (this.#have === end) {
      // The handler may keep views of it.
      const frame = this.#partial;
      this.#have = 0;
      // Connections rest: 10,000 of them would keep 160 MB of frames.
      this.#partial = NO_BYTES;
      this.#isStopped = !this.#emit(frame, 0, FRAME_HEADER_LENGTH, end);
    }
    return used;
  }

  /** Keeps the beginning of a frame whose rest has not come yet. */
  #keep(chunk: Buffer, at: number, length: number): void {
    this.#partial = Buffer.allocUnsafe(FRAME_HEADER_LENGTH);
    this.#have = 0;
    const header = Math.min(FRAME_HEADER_LENGTH, length - at);
    chunk.copy(this.#partial, 0, at, at + header);
    this.#have = header;
    if (header === FRAME_HEADER_LENGTH) {
      this.#makeRoom();
      chunk.copy(this.#partial, header, at + header, length);
      this.#have = length - at;
    }
  }

  /** Once its header is known, makes the kept part as large as the frame. */
  #makeRoom(): void {
    const frame = Buffer.allocUnsafe(FRAME_HEADER_LENGTH + this.#payloadLength(this.#partial, 0));
    this.#partial.copy(frame, 0, 0, FRAME_HEADER_LENGTH);
    this.#partial = frame;
  }
}
