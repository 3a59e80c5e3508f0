import { emptyBuffer, type NativeBuffer } from "./native-buffer.js";
import { ProtobufError } from "./protobuf-error.js";
import {
  checkBool,
  checkDouble,
  checkFloat,
  checkInt32,
  checkString,
  checkUint32,
  FLOAT32_MAX,
  floatOf,
  isInt32,
  isUint32,
  setSigned,
  setUnsigned,
} from "./scalar-values.js";
import { HIGH, LOW, words } from "./words64.js";

/** Largest message in bytes: what the specification allows, and what a 32-bit position can hold. */
export const MAX_MESSAGE_BYTES = 0x7fffffff;

/** Least size in bytes of the buffer that a message moves to from a given one. A larger message gets one of its own size. */
export const CHUNK_BYTES = 64 * 1024;

/** Size in bytes of the first buffer of a writer that was given none: generated code makes one for a message. */
const FIRST_BYTES = 1024;

/** Most bytes of UTF-8 for one UTF-16 code unit. */
const MAX_BYTES_PER_UNIT = 3;

/**
 * Up to this many characters, a text's length takes one byte, whatever it holds; and a loop over the characters is no slower
 * than a call into native code.
 */
const SHORT_TEXT = Math.floor(0x7f / MAX_BYTES_PER_UNIT);

/** Bytes of a message that were not copied. */
interface Borrowed {
  bytes: Uint8Array;
  /** Where in the writer's buffer they come in. */
  at: number;
}

/**
 * Writes protobuf messages straight into a buffer that it is given, one after the other. Takes the place of
 * `BinaryWriter` in the `encode` functions that ts-proto generates: the same methods, the same bytes.
 *
 * A message that does not fit moves, with what is written of it, into a larger buffer of the writer's own; the given one
 * then holds nothing of value from the message's start on. Compare `buffer` with the given one after writing to know.
 *
 * ```ts
 * writer.begin(output, used);
 * User.encode(user, writer);
 * // The message is writer.buffer from writer.start to writer.position.
 * ```
 *
 * Text that is not well-formed UTF-16 (a lone surrogate) is written with U+FFFD in its place, as TextEncoder and
 * BinaryWriter do: what is sent is valid UTF-8 always.
 *
 * Its methods throw ProtobufError for a value that is out of the range of its type. The message is then incomplete:
 * begin again.
 *
 * One class, and a long one: every method is on the hot path and moves the same position.
 */
export class ProtoWriter {
  /** The memory that is being written to: the buffer given to `begin`, or a larger one. */
  buffer: NativeBuffer = emptyBuffer;

  /** Where in `buffer` the message begins. */
  start = 0;

  /** Where in `buffer` the next byte goes. */
  position = 0;

  /** End of `buffer`. */
  #end = 0;

  /** Where each open fork has its length byte. Only the first `open` entries count. */
  readonly #forks: number[] = [];
  #open = 0;

  readonly #borrowFrom: number;
  readonly #borrowed: Borrowed[] = [];
  #borrowedBytes = 0;

  /**
   * @param borrowFrom `bytes` of this length and more are not copied: {@link pieces} has them as they were given. By default
   * all are copied.
   */
  constructor(borrowFrom = Infinity) {
    this.#borrowFrom = borrowFrom;
  }

  /** Begins a message in `buffer` at `position`. Whatever was begun before is forgotten, not touched. */
  begin(buffer: Buffer, position: number): this {
    this.buffer = buffer as NativeBuffer;
    this.#end = buffer.length;
    this.start = position;
    this.position = position;
    this.#open = 0;
    if (this.#borrowedBytes > 0) this.#giveBack();
    return this;
  }

  /** Begins the message anew, where it began. */
  restart(): void {
    this.begin(this.buffer, this.start);
  }

  /** The length of the message. */
  get length(): number {
    return this.position - this.start + this.#borrowedBytes;
  }

  /** True if the message stands in `buffer` as a whole: nothing of it is borrowed. */
  get isWhole(): boolean {
    return this.#borrowedBytes === 0;
  }

  /**
   * Ends the message, of which nothing is borrowed, and returns it: a view of `buffer`, not a copy, so that it lives as long
   * as nobody writes there. The next message begins right after it.
   */
  finish(): Buffer {
    const { buffer, byteOffset } = this.buffer;
    // As `subarray`, and faster.
    const message = Buffer.from(buffer, byteOffset + this.start, this.position - this.start);
    this.start = this.position;
    this.#open = 0;
    return message;
  }

  /** The message in pieces: views of `buffer`, and bytes that belong to whoever gave them and may change after this turn. */
  pieces(): { bytes: Uint8Array; borrowed: boolean }[] {
    const pieces: { bytes: Uint8Array; borrowed: boolean }[] = [];
    let from = this.start;
    for (const { bytes, at } of this.#borrowed) {
      if (at > from) pieces.push({ bytes: this.buffer.subarray(from, at), borrowed: false });
      pieces.push({ bytes, borrowed: true });
      from = at;
    }
    if (this.position > from) {
      pieces.push({ bytes: this.buffer.subarray(from, this.position), borrowed: false });
    }
    return pieces;
  }

  /** Lets go of the buffer. */
  release(): void {
    this.begin(emptyBuffer, 0);
  }

  /** Moves the message to a buffer with room for `bytes` more. Apart from the callers so that they are inlined. */
  #grow(bytes: number): void {
    const { start } = this;
    const written = this.position - start;
    const needed = written + bytes;
    this.#checkLength(bytes);
    const isFirst = this.buffer === emptyBuffer && needed <= FIRST_BYTES;
    const size = isFirst
      ? FIRST_BYTES
      : Math.min(Math.max(CHUNK_BYTES, needed + (needed >>> 1)), MAX_MESSAGE_BYTES);
    const larger = (isFirst ? Buffer.allocUnsafe(size) : Buffer.allocUnsafeSlow(size)) as NativeBuffer;
    this.buffer.copy(larger, 0, start, this.position);
    for (let i = 0; i < this.#open; i++) this.#forks[i]! -= start;
    for (const piece of this.#borrowed) piece.at -= start;
    this.buffer = larger;
    this.#end = size;
    this.start = 0;
    this.position = written;
  }

  #checkLength(more: number): void {
    if (this.length + more > MAX_MESSAGE_BYTES)
      throw new ProtobufError(`message of more than ${MAX_MESSAGE_BYTES} bytes`);
  }

  #borrow(bytes: Uint8Array): void {
    this.#checkLength(bytes.length);
    this.#borrowed.push({ bytes, at: this.position });
    this.#borrowedBytes += bytes.length;
  }

  #giveBack(): void {
    this.#borrowed.length = 0;
    this.#borrowedBytes = 0;
  }

  /** Begins length-delimited data: a message or a packed field. `join` ends it. */
  fork(): this {
    if (this.position >= this.#end) this.#grow(1);
    // Room for one length byte: most messages inside messages are shorter than 128 bytes.
    this.#forks[this.#open++] = this.position++;
    return this;
  }

  /** Ends what the last `fork` began. */
  join(): this {
    if (this.#open === 0) throw new ProtobufError("join without a fork");
    const at = this.#forks[--this.#open]!;
    const written = this.position - at - 1;
    const length = (written + (this.#borrowedBytes > 0 ? this.#borrowedSince(at) : 0)) | 0;
    if (length < 0x80) this.buffer[at] = length;
    else this.#widen(written, length);
    return this;
  }

  #borrowedSince(at: number): number {
    let sum = 0;
    for (const piece of this.#borrowed) if (piece.at > at) sum += piece.bytes.length;
    return sum;
  }

  /** Writes a length before the last `written` bytes, where there is one byte of room, and makes more. */
  #widen(written: number, length: number): void {
    const more = varintSize(length) - 1;
    if (this.position + more > this.#end) this.#grow(more);
    const { buffer, position } = this;
    let at = position - written;
    buffer.copyWithin(at + more, at, position);
    for (const piece of this.#borrowed) if (piece.at >= at) piece.at += more;
    let rest = length;
    for (at--; rest > 0x7f; rest >>>= 7) buffer[at++] = (rest & 0x7f) | 0x80;
    buffer[at] = rest;
    this.position = position + more;
  }

  /** Writes a field number and a wire type. */
  tag(fieldNo: number, type: number): this {
    return this.uint32(((fieldNo << 3) | type) >>> 0);
  }

  /** Writes bytes as they are, without a length. */
  raw(chunk: Uint8Array): this {
    if (chunk.length >= this.#borrowFrom) {
      this.#borrow(chunk);
      return this;
    }
    if (this.position + chunk.length > this.#end) this.#grow(chunk.length);
    this.buffer.set(chunk, this.position);
    this.position += chunk.length;
    return this;
  }

  uint32(value: number): this {
    // Tags, lengths and most numbers take one byte.
    if (isUint32(value) && value < 0x80 && this.position < this.#end) {
      this.buffer[this.position++] = value;
      return this;
    }
    this.#varint32(isUint32(value) ? value : checkUint32(value));
    return this;
  }

  int32(value: number): this {
    const checked = isInt32(value) ? value : checkInt32(value);
    if (checked >= 0) this.#varint32(checked);
    // A negative number is extended to 64 bits: ten bytes.
    else this.#varint64(checked, -1);
    return this;
  }

  sint32(value: number): this {
    const checked = isInt32(value) ? value : checkInt32(value);
    this.#varint32(((checked << 1) ^ (checked >> 31)) >>> 0);
    return this;
  }

  bool(value: boolean): this {
    if (this.position >= this.#end) this.#grow(1);
    this.buffer[this.position++] = (typeof value === "boolean" ? value : checkBool(value)) ? 1 : 0;
    return this;
  }

  /** @param value A number that is not an integer, or a string that is not a number, throws as `BigInt` does. */
  int64(value: string | number | bigint): this {
    setSigned(value);
    this.#varint64(words[LOW]!, words[HIGH]!);
    return this;
  }

  uint64(value: string | number | bigint): this {
    setUnsigned(value);
    this.#varint64(words[LOW]!, words[HIGH]!);
    return this;
  }

  sint64(value: string | number | bigint): this {
    setSigned(value);
    const low = words[LOW]!;
    const high = words[HIGH]!;
    const sign = high >> 31;
    this.#varint64((low << 1) ^ sign, ((high << 1) | (low >>> 31)) ^ sign);
    return this;
  }

  fixed32(value: number): this {
    this.#word(isUint32(value) ? value : checkUint32(value));
    return this;
  }

  sfixed32(value: number): this {
    this.#word(isInt32(value) ? value : checkInt32(value));
    return this;
  }

  fixed64(value: string | number | bigint): this {
    setUnsigned(value);
    this.#word(words[LOW]!);
    this.#word(words[HIGH]!);
    return this;
  }

  sfixed64(value: string | number | bigint): this {
    setSigned(value);
    this.#word(words[LOW]!);
    this.#word(words[HIGH]!);
    return this;
  }

  float(value: number): this {
    const checked = typeof value === "number" ? value : floatOf(value);
    if (Math.abs(checked) > FLOAT32_MAX) checkFloat(checked);
    if (this.position + 4 > this.#end) this.#grow(4);
    this.position = this.buffer.writeFloatLE(checked, this.position);
    return this;
  }

  double(value: number): this {
    if (this.position + 8 > this.#end) this.#grow(8);
    this.position = this.buffer.writeDoubleLE(
      typeof value === "number" ? value : checkDouble(value),
      this.position,
    );
    return this;
  }

  bytes(value: Uint8Array): this {
    this.uint32(value.byteLength);
    return this.raw(value);
  }

  string(value: string): this {
    // BinaryWriter takes what String() takes.
    const text = typeof value === "string" ? value : checkString(value);
    const { length } = text;
    if (length > SHORT_TEXT) {
      this.#longText(text);
      return this;
    }
    // The most that a short text can take, so that its length is one byte whatever it holds.
    if (this.position + 1 + MAX_BYTES_PER_UNIT * SHORT_TEXT > this.#end) {
      this.#grow(1 + MAX_BYTES_PER_UNIT * SHORT_TEXT);
    }
    const { buffer, position } = this;
    let bits = 0;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      bits |= code;
      buffer[position + 1 + i] = code;
    }
    const size = bits < 0x80 ? length : buffer.utf8Write(text, position + 1);
    buffer[position] = size;
    this.position = position + 1 + size;
    return this;
  }

  #longText(text: string): void {
    const { length } = text;
    // Counting the exact size costs a call, so it is done only where the text might not fit.
    if (this.position + 5 + MAX_BYTES_PER_UNIT * length > this.#end) {
      const size = Buffer.byteLength(text);
      if (this.position + 5 + size > this.#end) this.#grow(5 + size);
    }
    // Written where it belongs if it is ASCII, and moved if its length takes more bytes than that.
    const { buffer, position } = this;
    const guess = varintSize(length);
    const size = buffer.utf8Write(text, position + guess);
    const prefix = varintSize(size);
    if (prefix !== guess) buffer.copyWithin(position + prefix, position + guess, position + guess + size);
    this.#varint32(size);
    this.position = position + prefix + size;
  }

  #varint32(value: number): void {
    if (this.position + 5 > this.#end) this.#grow(varintSize(value));
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

  #varint64(low: number, high: number): void {
    if (this.position + 10 > this.#end) this.#grow(10);
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

  #word(value: number): void {
    if (this.position + 4 > this.#end) this.#grow(4);
    const { buffer, position } = this;
    buffer[position] = value;
    buffer[position + 1] = value >>> 8;
    buffer[position + 2] = value >>> 16;
    buffer[position + 3] = value >>> 24;
    this.position = position + 4;
  }
}

function varintSize(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  if (value < 0x10000000) return 4;
  return 5;
}
