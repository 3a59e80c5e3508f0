import { allocate, allocateShared, utf8Length, utf8Write } from "#text";
import { checkFields } from "./check-fields.js";
import { ProtobufError } from "./protobuf-error.js";
import { looksBelow } from "./samples.js";
import { checkBool, checkInt32, checkString, checkUint32, isInt32, isUint32 } from "./scalar-values.js";
import { unknownFields } from "./unknown-fields-key.js";
import type { UnknownFields } from "./unknown-fields.js";

/** Largest message in bytes: what the specification allows, and what a 32-bit position can hold. */
export const MAX_MESSAGE_BYTES = 0x7fffffff;

/** Size in bytes of the memory that small messages share, and the least that a message moves to which outgrows its own. */
export const CHUNK_BYTES = 64 * 1024;

/** What must be left of the shared memory for one more message to begin there, in bytes. */
const CHUNK_REST = CHUNK_BYTES / 4;

/** Most bytes of UTF-8 for one UTF-16 code unit. */
const MAX_BYTES_PER_UNIT = 3;

/** Up to this many characters, a text's length takes one byte, whatever it holds. */
const SHORT_TEXT = 42;

/** Up to this many characters, a loop over them is no slower than a call into native code. */
const LOOPED_TEXT = 30;

/** The most that a tag and a short text take, in bytes. */
const SHORT_FIELD = 5 + 1 + MAX_BYTES_PER_UNIT * SHORT_TEXT;

/**
 * Up to this many characters, a text that is not ASCII gets room for the most bytes that it may take: counting them takes half as
 * long as writing them. Of memory that is not written to, the system gives none.
 */
const MAX_UNCOUNTED = 1024 * 1024;

/** The most that a tag and a number take, in bytes. */
export const NUMBER_FIELD = 5 + 10;

/** Up to this many bytes, a loop that moves them is no slower than a call into native code. */
const SHORT_MOVE = 48;

/** Stands for "no memory". */
export const noBytes: Uint8Array = allocate(0);

/** The part of a message type that writing needs. */
export interface WritableType<T> {
  write(message: T, writer: Writer): void;
  /** The number of bytes that the length of the last message of this type took: a guess for the next one. */
  lengthSize: number;
}

/** Bytes of a message that were not copied. */
interface Borrowed {
  bytes: Uint8Array;
  /** Where in the writer's buffer they come in, counted from the start of the message. */
  at: number;
}

const noMemory = noBytes.buffer;

let chunk = noBytes;
let chunkUsed = 0;
/** Kept beside it: asking a Uint8Array for its memory takes as long as making one. */
let chunkMemory = noMemory;

/**
 * Writes messages in protobuf's binary format (protobuf.dev, "Encoding"), one after the other. Each method writes a field: its
 * tag (the field number times 8, and the wire type) and its value; with 0 in place of the tag, the value alone, as packed
 * fields have it. `numbers.ts` has the types of numbers that are rarer: a bundle has them if a message has one.
 *
 * A message that does not fit into its buffer moves, with what is written of it, into a larger one of the writer's own; the
 * given one then has nothing of value from the message's start on. Compare `buffer` with the given one after writing to know.
 *
 * ```ts
 * writer.begin(output, used);
 * User.write(user, writer);
 * // The message is writer.buffer from writer.start to writer.position.
 * ```
 *
 * Text that is not well-formed UTF-16 (a lone surrogate) is written with U+FFFD in its place, as TextEncoder does: what is
 * sent is valid UTF-8 always.
 *
 * Its methods throw ProtobufError for a value that is out of the range of its type. The message is then incomplete: begin
 * again.
 *
 * One class, and a long one: every method is on the hot path and moves the same position.
 */
export class Writer {
  /** The memory that is being written to: the buffer given to `begin`, or a larger one. */
  buffer: Uint8Array = noBytes;

  /** Where in `buffer` the message begins. */
  start = 0;

  /** Where in `buffer` the next byte goes. */
  position = 0;

  /** End of `buffer`. */
  #end = 0;

  /** The memory of `buffer` if it is a chunk that messages share, and not memory that belongs to somebody else. */
  #chunkMemory: ArrayBufferLike | undefined = chunkMemory;

  readonly #borrowFrom: number;
  #borrowed: Borrowed[] | undefined = undefined;
  #borrowedBytes = 0;

  /**
   * Begins a message in memory that is shared with other messages; `begin` changes that.
   *
   * @param borrowFrom `bytes` of this length and more are not copied: {@link pieces} has them as they were given. By default
   * all are copied.
   */
  constructor(borrowFrom = Infinity) {
    this.#borrowFrom = borrowFrom;
    // Taken away while this message is written: another one that begins meanwhile gets a chunk of its own.
    this.buffer = chunk;
    this.#end = chunk.length;
    this.start = this.position = chunkUsed;
    chunk = noBytes;
    chunkUsed = 0;
    chunkMemory = noMemory;
  }

  /** Begins a message in `buffer` at `position`. Whatever was begun before is forgotten, not touched. */
  begin(buffer: Uint8Array, position: number): this {
    if (this.#chunkMemory !== undefined) this.#leaveChunk(this.#chunkMemory);
    this.buffer = buffer;
    this.#end = buffer.length;
    this.start = position;
    this.position = position;
    if (this.#borrowedBytes > 0) this.#giveBack();
    return this;
  }

  /** Begins the message anew, where it began. */
  restart(): void {
    this.position = this.start;
    if (this.#borrowedBytes > 0) this.#giveBack();
  }

  /** The length of the message, in bytes. */
  get length(): number {
    return this.position - this.start + this.#borrowedBytes;
  }

  /** True if the message stands in `buffer` as a whole: nothing of it is borrowed. */
  get isWhole(): boolean {
    return this.#borrowedBytes === 0;
  }

  /**
   * Ends the message, of which nothing is borrowed, and returns it: a view of `buffer`, not a copy. In memory that was not
   * given to `begin`, nobody writes there again.
   */
  finish(): Uint8Array {
    const { buffer, start, position } = this;
    const memory = this.#chunkMemory;
    this.start = position;
    if (memory !== undefined) this.release();
    // As `subarray`, and faster. A chunk begins where its memory does.
    return memory === undefined
      ? new Uint8Array(buffer.buffer, buffer.byteOffset + start, position - start)
      : new Uint8Array(memory, start, position - start);
  }

  /** The message in pieces: views of `buffer`, and bytes that belong to whoever gave them and may change after this turn. */
  pieces(): { bytes: Uint8Array; borrowed: boolean }[] {
    const pieces: { bytes: Uint8Array; borrowed: boolean }[] = [];
    let from = this.start;
    for (const { bytes, at } of this.#borrowed ?? []) {
      const to = this.start + at;
      if (to > from) pieces.push({ bytes: this.buffer.subarray(from, to), borrowed: false });
      pieces.push({ bytes, borrowed: true });
      from = to;
    }
    if (this.position > from)
      pieces.push({ bytes: this.buffer.subarray(from, this.position), borrowed: false });
    return pieces;
  }

  /** Lets go of the buffer. */
  release(): void {
    this.begin(noBytes, 0);
  }

  /** Leaves what follows `start` in a chunk to other writers, unless they have a larger rest. */
  #leaveChunk(memory: ArrayBufferLike): void {
    this.#chunkMemory = undefined;
    if (this.buffer.length - this.start <= chunk.length - chunkUsed) return;
    chunk = this.buffer;
    chunkMemory = memory;
    chunkUsed = this.start;
  }

  /** Moves the message to a buffer with room for `bytes` more. Apart from the callers so that they are inlined. */
  #grow(bytes: number): void {
    const { buffer, start, position } = this;
    const written = position - start;
    const needed = written + bytes;
    this.#checkLength(bytes);
    // A message that is long for a chunk takes memory of its own, and leaves the chunk to others.
    const memory = this.#chunkMemory;
    const isNext = memory !== undefined && needed <= CHUNK_REST;
    const size = isNext
      ? CHUNK_BYTES
      : Math.min(Math.max(CHUNK_BYTES, needed + (needed >>> 1)), MAX_MESSAGE_BYTES);
    const larger = isNext ? allocateShared(size) : allocate(size);
    larger.set(buffer.subarray(start, position));
    if (isNext) this.#chunkMemory = larger.buffer;
    else if (memory !== undefined) this.#leaveChunk(memory);
    this.buffer = larger;
    this.#end = size;
    this.start = 0;
    this.position = written;
  }

  /** Makes room for so many bytes. */
  room(bytes: number): void {
    if (this.position + bytes > this.#end) this.#grow(bytes);
  }

  #checkLength(more: number): void {
    if (this.length + more > MAX_MESSAGE_BYTES)
      throw new ProtobufError(`message of more than ${MAX_MESSAGE_BYTES} bytes`);
  }

  #borrow(bytes: Uint8Array): void {
    this.#checkLength(bytes.length);
    (this.#borrowed ??= []).push({ bytes, at: this.position - this.start });
    this.#borrowedBytes += bytes.length;
  }

  #giveBack(): void {
    this.#borrowed = undefined;
    this.#borrowedBytes = 0;
  }

  /**
   * Begins length-delimited data: a message, a packed field, an entry of a map.
   *
   * @param lengthSize The number of bytes to leave for the length. Default: 1, for up to 127 bytes.
   * @returns What `close` must be given to end it.
   */
  open(tag: number, lengthSize = 1): number {
    if (this.position + 10 > this.#end) this.#grow(10);
    this.tag(tag);
    return (this.position += lengthSize) - this.start;
  }

  /**
   * Ends what `open` began. Data whose length takes another number of bytes than were left for it are moved.
   *
   * @returns The number of bytes that the length takes.
   */
  close(opened: number, lengthSize = 1): number {
    const at = this.start + opened;
    let length = this.position - at;
    if (this.#borrowedBytes > 0) length = (length + this.#borrowedSince(opened)) | 0;
    const size = varintSize(length);
    if (size !== lengthSize) this.#move(opened, size - lengthSize);
    const { buffer } = this;
    let place = this.start + opened - lengthSize;
    let rest = length;
    for (; rest > 0x7f; rest >>>= 7) buffer[place++] = (rest & 0x7f) | 0x80;
    buffer[place] = rest;
    return size;
  }

  /** Writes a message inside another one. */
  message<T>(tag: number, type: WritableType<T>, message: T): void {
    const { lengthSize } = type;
    const opened = this.open(tag, lengthSize);
    if (typeof message !== "object") checkFields(message);
    type.write(message, this);
    // Few messages are empty.
    if (this.position === this.start + opened) checkFields(message);
    type.lengthSize = this.close(opened, lengthSize);
  }

  #borrowedSince(opened: number): number {
    let sum = 0;
    for (const piece of this.#borrowed ?? []) if (piece.at >= opened) sum += piece.bytes.length;
    return sum;
  }

  /** Moves what was written since `opened` by some bytes. */
  #move(opened: number, by: number): void {
    if (this.position + by > this.#end) this.#grow(by);
    const { buffer, position } = this;
    const at = this.start + opened;
    if (by > 0 && position - at <= SHORT_MOVE) {
      for (let from = position - 1; from >= at; from--) buffer[from + by] = buffer[from]!;
    } else {
      buffer.copyWithin(at + by, at, position);
    }
    if (this.#borrowedBytes > 0) {
      for (const piece of this.#borrowed!) if (piece.at >= opened) piece.at += by;
    }
    this.position = position + by;
  }

  /** Writes a tag, for which there is room; none if it is 0. Returns the position after it. */
  tag(tag: number): number {
    if (tag >= 0x80) this.low(tag);
    else if (tag !== 0) this.buffer[this.position++] = tag;
    return this.position;
  }

  /** Writes a varint of up to 32 bits alone: the tag of a group's begin or end. */
  raw32(value: number): void {
    this.room(5);
    this.low(value);
  }

  /** Writes bytes as they are, without a tag or a length. */
  raw(bytes: Uint8Array): void {
    if (bytes.length >= this.#borrowFrom) {
      this.#borrow(bytes);
      return;
    }
    if (this.position + bytes.length > this.#end) this.#grow(bytes.length);
    this.buffer.set(bytes, this.position);
    this.position += bytes.length;
  }

  /** Writes what `Reader.unknown` kept of a message: fields that its type does not have. */
  unknown(message: object): void {
    const unknown = (message as { [unknownFields]?: UnknownFields })[unknownFields];
    if (unknown !== undefined) this.raw(unknown.bytes);
  }

  uint32(tag: number, value: number): void {
    const { position } = this;
    // Most numbers take one byte, and most tags.
    if (isUint32(value) && value < 0x80 && tag < 0x80 && tag > 0 && position + 2 <= this.#end) {
      const { buffer } = this;
      buffer[position] = tag;
      buffer[position + 1] = value;
      this.position = position + 2;
      return;
    }
    this.room(NUMBER_FIELD);
    this.tag(tag);
    this.low(isUint32(value) ? value : checkUint32(value));
  }

  /** Writes an enum's number too. */
  int32(tag: number, value: number): void {
    const { position } = this;
    if (isUint32(value) && value < 0x80 && tag < 0x80 && tag > 0 && position + 2 <= this.#end) {
      const { buffer } = this;
      buffer[position] = tag;
      buffer[position + 1] = value;
      this.position = position + 2;
      return;
    }
    this.room(NUMBER_FIELD);
    this.tag(tag);
    const checked = isInt32(value) ? value : checkInt32(value);
    if (checked >= 0) this.low(checked);
    // A negative number is extended to 64 bits: ten bytes.
    else this.both(checked, -1);
  }

  bool(tag: number, value: boolean): void {
    this.room(NUMBER_FIELD);
    this.tag(tag);
    this.buffer[this.position++] = (typeof value === "boolean" ? value : checkBool(value)) ? 1 : 0;
  }

  bytes(tag: number, value: Uint8Array): void {
    this.room(NUMBER_FIELD);
    this.tag(tag);
    this.low(bytesLength(value));
    this.raw(value);
  }

  string(tag: number, value: string): void {
    // What String() takes is taken.
    const text = typeof value === "string" ? value : checkString(value);
    const { length } = text;
    if (length > SHORT_TEXT) {
      this.#longText(tag, text);
      return;
    }
    this.room(SHORT_FIELD);
    let at = this.position;
    if (tag < 0x80 && tag > 0) this.buffer[at++] = tag;
    else at = this.tag(tag);
    const { buffer } = this;
    at++;
    const isAscii = length <= LOOPED_TEXT && writeAscii(buffer, text, at);
    const size = isAscii ? length : utf8Write(buffer, text, at);
    buffer[at - 1] = size;
    this.position = at + size;
  }

  #longText(tag: number, text: string): void {
    const { length } = text;
    // Counting the exact size costs a call, so it is done only where the text might not fit.
    if (this.position + 10 + MAX_BYTES_PER_UNIT * length > this.#end) this.#textRoom(text);
    this.tag(tag);
    // Written where it belongs if it is ASCII, and moved if its length takes more bytes than that.
    const { buffer, position } = this;
    const guess = varintSize(length);
    const size = utf8Write(buffer, text, position + guess);
    const prefix = varintSize(size);
    if (prefix !== guess) buffer.copyWithin(position + prefix, position + guess, position + guess + size);
    this.low(size);
    this.position = position + prefix + size;
  }

  /** Makes room for a long text, if there is none. */
  #textRoom(text: string): void {
    const { length } = text;
    const isMoved = this.position + 10 + length > this.#end;
    if (isMoved && length <= MAX_UNCOUNTED && this.length <= MAX_UNCOUNTED && !looksBelow(text, 0x80)) {
      // Half as much again, which `grow` adds, makes three bytes of two.
      this.#grow(10 + 2 * length);
      return;
    }
    const size = utf8Length(text);
    if (this.position + 10 + size > this.#end) this.#grow(10 + size);
  }

  /** Writes a varint of up to 32 bits, unsigned, for which there is room. */
  low(value: number): void {
    const { buffer } = this;
    let { position } = this;
    let rest = value;
    while (rest > 0x7f) {
      buffer[position++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    buffer[position++] = rest;
    this.position = position;
  }

  /** Writes a varint of 64 bits, for which there is room. */
  both(low: number, high: number): void {
    const { buffer } = this;
    let { position } = this;
    let lower = low >>> 0;
    let upper = high >>> 0;
    while (upper !== 0 || lower > 0x7f) {
      buffer[position++] = (lower & 0x7f) | 0x80;
      lower = ((lower >>> 7) | (upper << 25)) >>> 0;
      upper >>>= 7;
    }
    buffer[position++] = lower;
    this.position = position;
  }
}

/** Writes a text as if it were ASCII, and returns true if it is. */
function writeAscii(buffer: Uint8Array, text: string, at: number): boolean {
  const { length } = text;
  let bits = 0;
  let i = 3;
  // Four at a time: V8 checks `buffer` anew after each character that it reads.
  for (; i < length; i += 4) {
    const first = text.charCodeAt(i - 3);
    const second = text.charCodeAt(i - 2);
    const third = text.charCodeAt(i - 1);
    const fourth = text.charCodeAt(i);
    bits |= first | second | third | fourth;
    buffer[at + i - 3] = first;
    buffer[at + i - 2] = second;
    buffer[at + i - 1] = third;
    buffer[at + i] = fourth;
  }
  for (i -= 3; i < length; i++) {
    const code = text.charCodeAt(i);
    bits |= code;
    buffer[at + i] = code;
  }
  return bits < 0x80;
}

function varintSize(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  if (value < 0x10000000) return 4;
  return 5;
}

/**
 * The length of a value of `bytes`. An ArrayBuffer has none, a list and text have no `byteLength`, and that of numbers of more bytes is
 * another one: what is written of them would be no message, or an empty one.
 *
 * @throws {ProtobufError} That says what it is.
 */
function bytesLength(value: unknown): number {
  const { length, byteLength } = value as Uint8Array;
  if (length === byteLength && length !== undefined) return length;
  // Its rejection is no concern of the process.
  if (value instanceof Promise) value.catch(() => {});
  const kind = Object.prototype.toString.call(value).slice("[object ".length, -1);
  throw new ProtobufError(`invalid bytes: ${kind}, and not Uint8Array`);
}
