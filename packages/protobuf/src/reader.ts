import { isUtf8, latin1Slice, utf8Slice } from "#text";
import { checkBytes } from "./check-bytes.js";
import { ProtobufError } from "./protobuf-error.js";
import { unknownFieldsOf } from "./unknown-fields.js";
import { MAX_MESSAGE_BYTES, noBytes } from "./writer.js";

/** The number of messages and groups that may stand open inside one another, the outermost included. */
export const MAX_DEPTH = 100;

/**
 * The most bytes of a message whose text is taken out in one call. V8 makes a string of 13 characters or more, cut from
 * that text, a reference to it: so this is also the most memory, beyond its own size, that a string which outlives its
 * message can hold. Strings of one message share it, and it never goes beyond the message.
 */
export const TEXT_WINDOW_BYTES = 1024;

/** The longest string that is cut from such a text, in bytes: a longer one is taken out alone. */
const MAX_CUT_BYTES = 256;

/** The most memory that a reader which nobody uses holds, in bytes: what one read of a socket takes at most. */
const RETAINED_BYTES = 256 * 1024;

/** Takes the bytes from `start` to `end` out of a buffer: of the kind that `begin` was given, a Buffer of Node.js too. */
export type TakeBytes = { take(buffer: Uint8Array, start: number, end: number): Uint8Array }["take"];

/** The bytes as they stand there. */
export const viewBytes: TakeBytes = (buffer, start, end) => buffer.subarray(start, end);

// Wire types.
const VARINT = 0;
const BIT64 = 1;
const LENGTH_DELIMITED = 2;
const START_GROUP = 3;
const END_GROUP = 4;
const BIT32 = 5;

/** Stands in place of the depth of a group whose end was read. */
const ENDED = -2;

const noView = new DataView(noBytes.buffer);

/** The part of a message type that reading needs. */
export interface ReadableType<T> {
  create(): T;
  /** Reads fields up to the reader's limit. */
  read(message: T, reader: Reader): void;
}

/**
 * Reads messages in protobuf's binary format (protobuf.dev, "Encoding"), as strictly as the protobuf libraries for Go and
 * C++ do. Each of these throws a ProtobufError with the place: text that is not UTF-8; a field number of 0 or over 2^29-1;
 * wire types 6 and 7; an end-group without its start-group, or a group without its end; a varint cut short or of more than 64
 * bits; a length that goes beyond the message, or beyond the message around it; more than {@link MAX_DEPTH} messages in one
 * another.
 *
 * ```ts
 * while (reader.position < reader.limit) {
 *   const tag = reader.tag();
 *   if (tag === 10) user.id = reader.string();
 *   else reader.unknown(tag, user);
 * }
 * ```
 *
 * The result of `bytes` is a view of the given buffer: it lives as long as nobody writes there. Who cannot promise that gives
 * `begin` a function that copies.
 *
 * One class, and a long one: every method is on the hot path and moves the same position.
 */
export class Reader {
  /** The bytes that are being read. */
  buffer: Uint8Array = noBytes;

  /** Where in `buffer` the next byte is. */
  position = 0;

  /** Where in `buffer` the innermost open message or packed field ends: nothing is read beyond. */
  limit = 0;

  /** The number of messages that are open inside the outermost one. */
  #depth = 0;

  /** The number of the innermost group that is being read, and its depth. What ends it stands at that depth. */
  #group = 0;
  #groupDepth = -1;

  /** Where the last tag began. */
  tagAt = 0;

  /** The value of the last varint of more than 32 bits. */
  low = 0;
  high = 0;

  /** Latin-1 text of `buffer` from `textStart` to `textEnd`. */
  #text = "";
  #textStart = 0;
  #textEnd = 0;
  #end = 0;

  /** Takes out of `buffer` what outlives the reading. */
  #take: TakeBytes = viewBytes;

  /** The memory of `buffer`. Asking a DataView for its memory or its length is a call. */
  #memory: ArrayBufferLike = noBytes.buffer;
  /** A view of it, for reading four bytes at once. */
  #view: DataView = noView;
  #viewLength = 0;
  #viewOffset = 0;

  /** @param bytes A message to begin with. Without it, `begin` comes first. */
  constructor(bytes?: Uint8Array) {
    if (bytes !== undefined) this.begin(bytes, 0, bytes.length);
  }

  /**
   * Begins to read a message: the bytes of `buffer` from `start` to `end`.
   *
   * @throws {RangeError} if they are not in `buffer`.
   * @throws {TypeError} if it is no Uint8Array.
   */
  begin(buffer: Uint8Array, start: number, end: number, take: TakeBytes = viewBytes): this {
    if (!(start >= 0 && start <= end && end <= buffer.length)) {
      checkBytes(buffer);
      throw new RangeError(`no message from ${start} to ${end} in ${buffer.length} bytes`);
    }
    if (end > MAX_MESSAGE_BYTES) throw new ProtobufError(`message beyond ${MAX_MESSAGE_BYTES} bytes`, start);
    if (buffer !== this.buffer) {
      this.buffer = buffer;
      // Buffers cut from one read of a socket share their memory.
      const memory = buffer.buffer;
      if (memory !== this.#memory) {
        checkBytes(buffer);
        this.#memory = memory;
        this.#view = new DataView(memory);
        this.#viewLength = memory.byteLength;
      }
      this.#viewOffset = buffer.byteOffset;
    }
    this.#take = take;
    this.position = start;
    this.limit = end;
    this.#end = end;
    this.#depth = 0;
    this.#groupDepth = -1;
    this.#textEnd = 0;
    return this;
  }

  /** Lets go of a buffer in a larger piece of memory. A smaller one is likely to be read from again. */
  release(): void {
    if (this.#viewLength <= RETAINED_BYTES) return;
    this.buffer = noBytes;
    this.#memory = noBytes.buffer;
    this.#view = noView;
    this.#viewLength = 0;
  }

  /** Reads a field number and a wire type. A tag that no field of a type has is checked by `unknown` and `skip`. */
  tag(): number {
    const { position } = this;
    this.tagAt = position;
    if (position < this.limit) {
      const byte = this.buffer[position]!;
      if (byte < 0x80) {
        this.position = position + 1;
        return byte;
      }
    }
    this.varint64();
    if (this.high !== 0) throw new ProtobufError("field number over 2^29-1", position);
    return this.low >>> 0;
  }

  /**
   * Begins length-delimited data that is no message: a packed field, an entry of a map. What is read ends there.
   *
   * @returns What `more` must be given until it returns false.
   */
  range(): number {
    const length = this.#length();
    const outer = this.limit;
    if (length > outer - this.position) throw this.#truncated();
    this.limit = this.position + length;
    return outer;
  }

  /** True if the data that `range` began have more; if not, what is around them is read again. */
  more(outer: number): boolean {
    if (this.position < this.limit) return true;
    this.limit = outer;
    return false;
  }

  /**
   * Reads a message inside another one.
   *
   * @param into What was read of it before, if the field came twice: the two are merged. Default: nothing.
   * @returns `into`, or a new message.
   */
  message<T>(type: ReadableType<T>, into: T | undefined): T {
    const message = into ?? type.create();
    const outer = this.range();
    if (++this.#depth >= MAX_DEPTH) throw this.#tooDeep();
    type.read(message, this);
    this.#depth--;
    this.limit = outer;
    return message;
  }

  /** Reads a message in the form of a group, whose tag was read. `into` is as for `message`. */
  group<T>(tag: number, type: ReadableType<T>, into: T | undefined): T {
    const message = into ?? type.create();
    const group = this.#group;
    const groupDepth = this.#groupDepth;
    const outer = this.limit;
    if (++this.#depth >= MAX_DEPTH) throw this.#tooDeep();
    this.#group = tag >>> 3;
    this.#groupDepth = this.#depth;
    type.read(message, this);
    if (this.#groupDepth !== ENDED) throw this.#truncated();
    this.#depth--;
    this.#group = group;
    this.#groupDepth = groupDepth;
    this.limit = outer;
    return message;
  }

  int32(): number {
    return this.#varint32();
  }

  uint32(): number {
    return this.#varint32() >>> 0;
  }

  bool(): boolean {
    const { position } = this;
    if (position < this.limit) {
      const byte = this.buffer[position]!;
      if (byte < 0x80) {
        this.position = position + 1;
        return byte !== 0;
      }
    }
    this.varint64();
    return (this.low | this.high) !== 0;
  }

  bytes(): Uint8Array {
    const length = this.#length();
    const start = this.advance(length);
    return this.#take(this.buffer, start, start + length);
  }

  string(): string {
    const { position, buffer } = this;
    // A length of one byte is read without a call.
    let start = position + 1;
    let length = position < this.limit ? buffer[position]! : 0x80;
    if (length >= 0x80) {
      length = this.#length();
      start = this.position;
    }
    const end = start + length;
    this.position = start;
    if (end > this.limit) throw this.#truncated();
    this.position = end;
    if (length > MAX_CUT_BYTES || !this.#isAscii(start, end)) return this.#utf8(start, end);
    if (end > this.#textEnd || start < this.#textStart) this.#moveText(start);
    return this.#text.slice(start - this.#textStart, end - this.#textStart);
  }

  /**
   * Reads the texts of a repeated field that follow one another. The tag of the first was read.
   *
   * @param into What was read of the field before. It is left as it is if it has nothing.
   * @returns All texts of the field.
   */
  strings(tag: number, into: string[]): string[] {
    const first = this.string();
    if (into.length > 0) {
      into.push(first);
      return into;
    }
    // An array that grows gets room for 16 more: these have room for what they hold.
    if (!this.#next(tag)) return [first];
    const second = this.string();
    if (!this.#next(tag)) return [first, second];
    const third = this.string();
    if (!this.#next(tag)) return [first, second, third];
    const list = [first, second, third, this.string()];
    while (this.#next(tag)) list.push(this.string());
    return list;
  }

  /** Passes over a tag of one byte, if it comes next. */
  #next(tag: number): boolean {
    const { position } = this;
    if (tag >= 0x80 || position >= this.limit || this.buffer[position] !== tag) return false;
    this.position = position + 1;
    return true;
  }

  /** Reads the value of a field that a message's type does not have, and keeps it there: `Writer.unknown` sends it again. */
  unknown(tag: number, message: object): void {
    const start = this.tagAt;
    if (this.skip(tag)) unknownFieldsOf(message).add(this.buffer, start, this.position);
  }

  /**
   * Passes over the value of a field.
   *
   * @returns False if the tag was that of the end of the group that is being read.
   */
  skip(tag: number): boolean {
    if ((tag & 7) === END_GROUP && this.#depth === this.#groupDepth && tag >>> 3 === this.#group) {
      this.#groupDepth = ENDED;
      this.limit = this.position;
      return false;
    }
    this.skipValue(tag, this.#depth + 1, this.tagAt);
    return true;
  }

  /** Passes over the value of a field whose tag began at `at`. `depth` counts the messages around it. */
  skipValue(tag: number, depth: number, at = this.tagAt): void {
    if (tag >>> 3 === 0) throw new ProtobufError("field number 0", at);
    switch (tag & 7) {
      case VARINT:
        this.#varint32();
        break;
      case BIT64:
        this.advance(8);
        break;
      case LENGTH_DELIMITED:
        this.advance(this.#length());
        break;
      case START_GROUP:
        this.#skipGroup(tag >>> 3, depth + 1);
        break;
      case END_GROUP:
        throw new ProtobufError("end of a group that was not begun", at);
      case BIT32:
        this.advance(4);
        break;
      default:
        throw new ProtobufError(`illegal wire type ${tag & 7}`, at);
    }
  }

  #skipGroup(fieldNo: number, depth: number): void {
    if (depth > MAX_DEPTH) throw this.#tooDeep();
    for (;;) {
      const at = this.position;
      const tag = this.tag();
      if ((tag & 7) === END_GROUP) {
        if (tag >>> 3 === fieldNo) return;
        throw new ProtobufError(`group ${fieldNo} ended as group ${tag >>> 3}`, at);
      }
      this.skipValue(tag, depth, at);
    }
  }

  /** Reads 32 bits, little-endian. */
  word(): number {
    return this.#view.getInt32(this.#viewOffset + this.advance(4), true);
  }

  /** Passes over `length` bytes and returns where they begin. */
  advance(length: number): number {
    const start = this.position;
    if (length > this.limit - start) throw this.#truncated();
    this.position = start + length;
    return start;
  }

  #length(): number {
    const { position } = this;
    if (position < this.limit) {
      const byte = this.buffer[position]!;
      if (byte < 0x80) {
        this.position = position + 1;
        return byte;
      }
    }
    this.varint64();
    if (this.high !== 0 || this.low < 0) throw new ProtobufError("length beyond the message", position);
    return this.low;
  }

  /** Reads a varint and returns its lower 32 bits, signed. */
  #varint32(): number {
    const { buffer, position } = this;
    // The usual sizes without a loop and a limit to check at each byte.
    if (this.limit - position >= 4) {
      const first = buffer[position]!;
      if (first < 0x80) {
        this.position = position + 1;
        return first;
      }
      const second = buffer[position + 1]!;
      if (second < 0x80) {
        this.position = position + 2;
        return (first & 0x7f) | (second << 7);
      }
      const third = buffer[position + 2]!;
      if (third < 0x80) {
        this.position = position + 3;
        return (first & 0x7f) | ((second & 0x7f) << 7) | (third << 14);
      }
      const fourth = buffer[position + 3]!;
      if (fourth < 0x80) {
        this.position = position + 4;
        return (first & 0x7f) | ((second & 0x7f) << 7) | ((third & 0x7f) << 14) | (fourth << 21);
      }
      const fifth = position + 4 < this.limit ? buffer[position + 4]! : 0xff;
      if (fifth < 0x10) {
        this.position = position + 5;
        return (
          (first & 0x7f) |
          ((second & 0x7f) << 7) |
          ((third & 0x7f) << 14) |
          ((fourth & 0x7f) << 21) |
          (fifth << 28)
        );
      }
    }
    this.varint64();
    return this.low;
  }

  /** Reads a varint of up to 64 bits into `low` and `high`. */
  varint64(): void {
    const { buffer, limit } = this;
    let { position } = this;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (position >= limit) throw this.#truncated();
      const byte = buffer[position++]!;
      const bits = byte & 0x7f;
      if (shift < 28) {
        low |= bits << shift;
      } else if (shift === 28) {
        low |= bits << 28;
        high = bits >> 4;
      } else {
        high |= bits << (shift - 32);
      }
      if (byte < 0x80) {
        // The tenth byte holds the last of the 64 bits.
        if (shift === 63 && byte > 1) break;
        this.low = low;
        this.high = high;
        this.position = position;
        return;
      }
    }
    throw new ProtobufError("varint of more than 64 bits", this.position);
  }

  #isAscii(start: number, end: number): boolean {
    let bits = 0;
    if (end - start < 4) {
      const { buffer } = this;
      for (let at = start; at < end; at++) bits |= buffer[at]!;
      return bits < 0x80;
    }
    const view = this.#view;
    const last = this.#viewOffset + end - 4;
    // The last four bytes may be seen twice.
    for (let at = this.#viewOffset + start; at < last; at += 4) bits |= view.getInt32(at, true);
    return ((bits | view.getInt32(last, true)) & 0x80808080) === 0;
  }

  #moveText(start: number): void {
    this.#textStart = start;
    this.#textEnd = Math.min(start + TEXT_WINDOW_BYTES, this.#end);
    this.#text = latin1Slice(this.buffer, start, this.#textEnd);
  }

  #utf8(start: number, end: number): string {
    const text = utf8Slice(this.buffer, start, end);
    // Bytes that are no text become U+FFFD, which is a valid character too.
    if (text.includes("\uFFFD") && !isUtf8(this.buffer, start, end)) {
      throw new ProtobufError("text that is not UTF-8", start);
    }
    return text;
  }

  // Errors are made apart so that the methods above stay small enough to be inlined.

  #truncated(): ProtobufError {
    return new ProtobufError(
      this.limit === this.#end ? "message cut short" : "field beyond the end of its message",
      this.position,
    );
  }

  #tooDeep(): ProtobufError {
    return new ProtobufError(`more than ${MAX_DEPTH} messages in one another`, this.position);
  }
}
