import { isUtf8 } from "node:buffer";
import { asNativeBuffer, emptyBuffer, type NativeBuffer } from "./native-buffer.js";
import { ProtobufError } from "./protobuf-error.js";
import { MAX_MESSAGE_BYTES } from "./proto-writer.js";
import { HIGH, LOW, signed, unsigned, words } from "./words64.js";

/** The number of messages and groups that may stand open inside one another, the outermost included. */
export const MAX_DEPTH = 100;

/**
 * The most bytes of a message whose text is taken out in one call. V8 makes a string of 13 characters or more, cut from
 * that text, a reference to it: so this is also the most memory, beyond its own size, that a string which outlives its
 * message can hold.
 */
export const TEXT_WINDOW_BYTES = 256;

/** The number of fields that `skip` makes views of for code that drops them: a message of 4 MiB can have two million. */
const MAX_VIEWS = 1024;

/** The most memory that a reader which nobody uses holds, in bytes: what one read of a socket takes at most. */
const RETAINED_BYTES = 256 * 1024;

/** Takes the bytes from `start` to `end` out of a buffer. */
export type TakeBytes = (buffer: Buffer, start: number, end: number) => Buffer;

/** The bytes as they stand there. */
export const viewBytes: TakeBytes = (buffer, start, end) => buffer.subarray(start, end);

// Wire types.
const VARINT = 0;
const BIT64 = 1;
const LENGTH_DELIMITED = 2;
const START_GROUP = 3;
const END_GROUP = 4;
const BIT32 = 5;

/** Bit n is set if wire type n may begin a field. */
const FIELD_TYPES =
  (1 << VARINT) | (1 << BIT64) | (1 << LENGTH_DELIMITED) | (1 << START_GROUP) | (1 << BIT32);

/**
 * Reads protobuf messages. Takes the place of `BinaryReader` in the `decode` functions that ts-proto generates: the same
 * methods, the same results, but as strict as the protobuf libraries for Go and C++ are. Each of these throws a
 * ProtobufError with the place: text that is not UTF-8; a field number of 0 or over 2^29-1; wire types 6 and 7; an
 * end-group without its start-group, or a group without its end; a varint cut short or of more than 64 bits; a length that
 * goes beyond the message, or beyond the message around it; more than {@link MAX_DEPTH} messages in one another.
 *
 * Generated code tells a reader little: it reads tags, lengths and values alike with `uint32`. The reader tells them apart
 * by what came before: directly after a tag stands the field's value, or its length if the tag says so; inside a packed
 * field stand values; anything else is a tag. What follows a length is a message if `decode` counts its depth, and
 * packed values if not. Code from an older ts-proto (2.18 counts) decodes right too, but tags in its nested messages, and
 * lengths below the first, are checked less.
 *
 * The result of `bytes` and `skip` is a view of the given buffer: it lives as long as nobody writes there. Who cannot
 * promise that gives `begin` a function that copies.
 *
 * One class, and a long one, as its counterpart is: every method is on the hot path and moves the same position.
 */
export class ProtoReader {
  /**
   * Makes readers instances of another class: `decode` of code that was generated for that one then takes them. They inherit
   * nothing of use from it, and its constructor is not run.
   */
  static standInFor(other: { prototype: object }): void {
    Object.setPrototypeOf(this.prototype, other.prototype);
  }

  /** The bytes that are being read. */
  buf: NativeBuffer = emptyBuffer;

  /** Where in `buf` the next byte is. */
  pos = 0;

  /** Where in `buf` the message ends. */
  len = 0;

  /** Where the innermost open message or packed field ends: nothing may be read beyond. */
  #limit = 0;

  /** The limits around that one. Only the first `ranges` entries count. */
  readonly #outer = new Int32Array(MAX_DEPTH);
  #ranges = 0;

  /** True if the innermost open range is not known to be a message. */
  #packed = false;

  /** The last tag, and where it ended: what is read there is its value. */
  #lastTag = 0;
  #valueAt = -1;

  /** The number of messages that are open, as generated code counts. */
  #depth = 0;

  /** The value of the last varint of more than 32 bits. */
  #low = 0;
  #high = 0;

  /** Latin-1 text of `buf` from `textStart` to `textEnd`. */
  #text = "";
  #textStart = 0;
  #textEnd = 0;

  /** Takes out of `buf` what outlives the reading. */
  #take: TakeBytes = viewBytes;

  /** False if the type's code drops what `skip` returns: then it may return nothing. */
  keepsSkipped = true;
  /** The number of fields of the message that were passed over. */
  #skipped = 0;

  /** The memory of `buf`, for reading four bytes at once. */
  #view = emptyView;
  /** Its length: asking a DataView for it is a call. */
  #viewLength = 0;
  #viewOffset = 0;

  /** @param bytes A message to begin with. Without it, `begin` comes first. */
  constructor(bytes?: Uint8Array) {
    if (bytes !== undefined) this.begin(asNativeBuffer(bytes), 0, bytes.length);
  }

  /** Begins to read a message: the bytes of `buffer` from `start` to `end`. */
  begin(buffer: Buffer, start: number, end: number, take: TakeBytes = viewBytes): this {
    if (!(start >= 0 && start <= end && end <= buffer.length)) {
      throw new RangeError(`no message from ${start} to ${end} in ${buffer.length} bytes`);
    }
    if (end > MAX_MESSAGE_BYTES) throw new ProtobufError(`message beyond ${MAX_MESSAGE_BYTES} bytes`, start);
    if (buffer !== this.buf) {
      this.buf = buffer as NativeBuffer;
      // Buffers cut from one read of a socket share their memory.
      if (buffer.buffer !== this.#view.buffer) {
        this.#view = new DataView(buffer.buffer);
        this.#viewLength = this.#view.byteLength;
      }
      this.#viewOffset = buffer.byteOffset;
    }
    this.#take = take;
    this.pos = start;
    this.len = end;
    this.#limit = end;
    this.#ranges = 0;
    this.#packed = false;
    this.#valueAt = -1;
    this.#depth = 0;
    this.#skipped = 0;
    this.#textEnd = 0;
    return this;
  }

  /** Throws if the message was not read to its end. Code from an old ts-proto stops early at a tag that it does not like. */
  end(): void {
    if (this.pos !== this.len) throw new ProtobufError("illegal tag", this.pos);
  }

  /** Lets go of a buffer in a larger piece of memory. A smaller one is likely to be read from again. */
  release(): void {
    if (this.#viewLength <= RETAINED_BYTES) return;
    this.buf = emptyBuffer;
    this.#view = emptyView;
    this.#viewLength = 0;
  }

  /** Read by generated `decode` when it begins, before anything else. */
  get __tsProtoDecodeDepth(): number {
    if (this.#depth >= MAX_DEPTH) throw this.#tooDeep();
    return this.#depth;
  }

  /** Written by generated `decode` when a message begins and when it ends: what comes next is a tag. */
  set __tsProtoDecodeDepth(depth: number) {
    this.#depth = depth;
    this.#packed = false;
  }

  /** Reads a field number and a wire type. */
  tag(): [fieldNo: number, wireType: number] {
    if (this.pos >= this.#limit) this.#leaveRanges();
    const at = this.pos;
    const tag = this.#readTag();
    checkTag(tag, at, true);
    return [tag >>> 3, tag & 7];
  }

  uint32(): number {
    const at = this.pos;
    if (at === this.#valueAt) {
      return (this.#lastTag & 7) === LENGTH_DELIMITED ? this.#openRange() : this.#varint32() >>> 0;
    }
    if (at >= this.#limit) this.#leaveRanges();
    else if (this.#packed) return this.#varint32() >>> 0;
    const tag = this.#readTag();
    if (tag >>> 0 < 8 || ((FIELD_TYPES >>> (tag & 7)) & 1) === 0) checkTag(tag, at, false);
    return tag >>> 0;
  }

  int32(): number {
    return this.#varint32();
  }

  sint32(): number {
    const value = this.#varint32();
    return (value >>> 1) ^ -(value & 1);
  }

  bool(): boolean {
    const { pos } = this;
    if (pos < this.#limit) {
      const byte = this.buf[pos]!;
      if (byte < 0x80) {
        this.pos = pos + 1;
        return byte !== 0;
      }
    }
    this.#varint64();
    return (this.#low | this.#high) !== 0;
  }

  int64(): bigint {
    this.#varint64();
    words[LOW] = this.#low;
    words[HIGH] = this.#high;
    return signed[0]!;
  }

  /** Reads an `int64` as the nearest number: it makes no bigint. */
  int64AsNumber(): number {
    this.#varint64();
    return this.#high * 2 ** 32 + (this.#low >>> 0);
  }

  uint64(): bigint {
    this.#varint64();
    words[LOW] = this.#low;
    words[HIGH] = this.#high;
    return unsigned[0]!;
  }

  sint64(): bigint {
    this.#varint64();
    const sign = -(this.#low & 1);
    words[LOW] = ((this.#low >>> 1) | (this.#high << 31)) ^ sign;
    words[HIGH] = (this.#high >>> 1) ^ sign;
    return signed[0]!;
  }

  fixed32(): number {
    return this.sfixed32() >>> 0;
  }

  sfixed32(): number {
    return this.buf.readInt32LE(this.#advance(4));
  }

  fixed64(): bigint {
    this.#words64();
    return unsigned[0]!;
  }

  sfixed64(): bigint {
    this.#words64();
    return signed[0]!;
  }

  float(): number {
    return this.buf.readFloatLE(this.#advance(4));
  }

  double(): number {
    return this.buf.readDoubleLE(this.#advance(8));
  }

  bytes(): Buffer {
    const length = this.#readLength();
    const start = this.#advance(length);
    return this.#take(this.buf, start, start + length);
  }

  string(): string {
    const length = this.#readLength();
    const start = this.#advance(length);
    const end = start + length;
    if (length > TEXT_WINDOW_BYTES || !this.#isAscii(start, end)) return this.#utf8(start, end);
    if (end > this.#textEnd || start < this.#textStart) this.#moveText(start);
    return this.#text.slice(start - this.#textStart, end - this.#textStart);
  }

  /**
   * Passes over the value of a field and returns its bytes.
   *
   * @param fieldNo The field's number: with a group, what its end must say. By default that of the last tag.
   */
  skip(wireType: number, fieldNo: number = this.#lastTag >>> 3): Buffer {
    const start = this.pos;
    this.#skipValue(wireType, fieldNo, this.#depth);
    if (++this.#skipped > MAX_VIEWS && !this.keepsSkipped) return emptyBuffer;
    return this.#take(this.buf, start, this.pos);
  }

  #words64(): void {
    const at = this.#advance(8);
    words[LOW] = this.buf.readInt32LE(at);
    words[HIGH] = this.buf.readInt32LE(at + 4);
  }

  #skipValue(wireType: number, fieldNo: number, depth: number): void {
    switch (wireType) {
      case VARINT:
        this.#varint64();
        break;
      case BIT64:
        this.#advance(8);
        break;
      case LENGTH_DELIMITED:
        this.#advance(this.#readLength());
        break;
      case START_GROUP:
        this.#skipGroup(fieldNo, depth + 1);
        break;
      case BIT32:
        this.#advance(4);
        break;
      default:
        throw new ProtobufError(`illegal wire type ${wireType}`, this.pos);
    }
  }

  #skipGroup(fieldNo: number, depth: number): void {
    if (depth > MAX_DEPTH) throw this.#tooDeep();
    for (;;) {
      const at = this.pos;
      const tag = this.#readTag();
      checkTag(tag, at, true);
      if ((tag & 7) === END_GROUP) {
        // What stands behind a group's end is a tag again, and not that end's value.
        this.#valueAt = -1;
        if (tag >>> 3 === fieldNo) return;
        throw new ProtobufError(`group ${fieldNo} ended as group ${tag >>> 3}`, at);
      }
      this.#skipValue(tag & 7, tag >>> 3, depth);
    }
  }

  /** Passes over `length` bytes and returns where they begin. */
  #advance(length: number): number {
    const start = this.pos;
    if (length > this.#limit - start) throw this.#truncated();
    this.pos = start + length;
    return start;
  }

  /** Reads the length of what a message contains and makes its end the limit. */
  #openRange(): number {
    const length = this.#readLength();
    if (length > this.#limit - this.pos) throw this.#truncated();
    if (this.#ranges === MAX_DEPTH) throw this.#tooDeep();
    this.#outer[this.#ranges++] = this.#limit;
    this.#limit = this.pos + length;
    this.#packed = true;
    return length;
  }

  /** Goes back to the innermost range that is not at its end. */
  #leaveRanges(): void {
    while (this.pos >= this.#limit) {
      if (this.#ranges === 0) throw this.#truncated();
      this.#limit = this.#outer[--this.#ranges]!;
    }
    this.#packed = false;
  }

  #readTag(): number {
    const { pos } = this;
    let tag: number;
    if (pos < this.#limit && this.buf[pos]! < 0x80) {
      tag = this.buf[pos]!;
      this.pos = pos + 1;
    } else {
      this.#varint64();
      if (this.#high !== 0) throw new ProtobufError("field number over 2^29-1", pos);
      tag = this.#low;
    }
    this.#lastTag = tag;
    this.#valueAt = this.pos;
    return tag;
  }

  #readLength(): number {
    const { pos } = this;
    if (pos < this.#limit) {
      const byte = this.buf[pos]!;
      if (byte < 0x80) {
        this.pos = pos + 1;
        return byte;
      }
    }
    this.#varint64();
    if (this.#high !== 0 || this.#low < 0) throw new ProtobufError("length beyond the message", pos);
    return this.#low;
  }

  /** Reads a varint and returns its lower 32 bits, signed. */
  #varint32(): number {
    const { buf, pos } = this;
    // The usual sizes without a loop and a limit to check at each byte.
    if (this.#limit - pos >= 4) {
      const first = buf[pos]!;
      if (first < 0x80) {
        this.pos = pos + 1;
        return first;
      }
      const second = buf[pos + 1]!;
      if (second < 0x80) {
        this.pos = pos + 2;
        return (first & 0x7f) | (second << 7);
      }
      const third = buf[pos + 2]!;
      if (third < 0x80) {
        this.pos = pos + 3;
        return (first & 0x7f) | ((second & 0x7f) << 7) | (third << 14);
      }
      const fourth = buf[pos + 3]!;
      if (fourth < 0x80) {
        this.pos = pos + 4;
        return (first & 0x7f) | ((second & 0x7f) << 7) | ((third & 0x7f) << 14) | (fourth << 21);
      }
    }
    this.#varint64();
    return this.#low;
  }

  /** Reads a varint into `low` and `high`. */
  #varint64(): void {
    const buf = this.buf;
    const limit = this.#limit;
    let { pos } = this;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (pos >= limit) throw this.#truncated();
      const byte = buf[pos++]!;
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
        this.#low = low;
        this.#high = high;
        this.pos = pos;
        return;
      }
    }
    throw new ProtobufError("varint of more than 64 bits", this.pos);
  }

  #isAscii(start: number, end: number): boolean {
    const buf = this.buf;
    const view = this.#view;
    const viewOffset = this.#viewOffset;
    let bits = 0;
    let at = start;
    for (; at + 8 <= end; at += 8) {
      bits |= view.getInt32(viewOffset + at, true) | view.getInt32(viewOffset + at + 4, true);
    }
    for (; at < end; at++) bits |= buf[at]!;
    return (bits & 0x80808080) === 0;
  }

  #moveText(start: number): void {
    this.#textStart = start;
    this.#textEnd = Math.min(start + TEXT_WINDOW_BYTES, this.len);
    this.#text = this.buf.latin1Slice(start, this.#textEnd);
  }

  #utf8(start: number, end: number): string {
    const text = this.buf.utf8Slice(start, end);
    // The decoder puts U+FFFD for what is not UTF-8. It may also have been sent.
    if (text.includes("\ufffd") && !isUtf8(this.buf.subarray(start, end))) {
      throw new ProtobufError("text that is not UTF-8", start);
    }
    return text;
  }

  // Errors are made apart so that the methods above stay small enough to be inlined.

  #truncated(): ProtobufError {
    return new ProtobufError(
      this.#limit === this.len ? "message cut short" : "field beyond the end of its message",
      this.pos,
    );
  }

  #tooDeep(): ProtobufError {
    return new ProtobufError(`more than ${MAX_DEPTH} messages in one another`, this.pos);
  }
}

const emptyView = new DataView(emptyBuffer.buffer);

/** Throws if a tag may not stand in a message, or, with `inGroup`, in a group. */
function checkTag(tag: number, at: number, inGroup: boolean): void {
  if (tag >>> 3 === 0) throw new ProtobufError("field number 0", at);
  const wireType = tag & 7;
  if (wireType > BIT32) throw new ProtobufError(`illegal wire type ${wireType}`, at);
  if (wireType === END_GROUP && !inGroup) throw new ProtobufError("end of a group that was not begun", at);
}
