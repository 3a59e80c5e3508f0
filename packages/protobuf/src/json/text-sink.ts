import { allocate, latin1Slice, stringifiesInParts, utf8Length, utf8Write } from "#text";
import { MAX_DOUBLE_BYTES, MAX_SMALL, writeDouble, writeInteger, writeSmall } from "./decimal.js";
import { MAX_INTEGER64_BYTES, writeInteger64 } from "./integer64-text.js";
import type { JsonSink } from "./json-sink.js";
import { longJson } from "./long-json.js";
import type { JsonWriteOptions } from "./options.js";
import { checkText } from "./values.js";

/** Memory of a sink that nobody uses, in bytes. It grows with what is written. */
const INITIAL_BYTES = 4096;

/** The most memory that is kept for the next sink, in bytes. */
const RETAINED_BYTES = 256 * 1024;

/** The longest text that a loop over its characters copies: longer ones are quicker by the engine's own functions. */
const SHORT_TEXT = 64;

/** The longest text that is copied as bytes where text is wanted. */
const MAX_COPIED = 1024;

const QUOTE = 0x22;
const LIST = 0x5b;
const BACKSLASH = 0x5c;
const LIST_END = 0x5d;
const COMMA = 0x2c;
const MINUS = 0x2d;
const COLON = 0x3a;

let idleMemory: Uint8Array | undefined;

/**
 * Writes JSON as UTF-8, or as text: what is neither short nor ASCII is no bytes on its way there. Each value, and each object or
 * list at its end, is followed by a comma: the end of what is around it takes the place of the last one.
 */
export class TextSink implements JsonSink {
  readonly options: JsonWriteOptions;

  #bytes: Uint8Array;

  #length = 0;

  /** What stands before the bytes, which are ASCII then. Undefined if UTF-8 is wanted. */
  #text: string | undefined;

  constructor(options: JsonWriteOptions = {}, isText: boolean) {
    this.options = options;
    this.#text = isText ? "" : undefined;
    // A sink that is made meanwhile, or that an error leaves, has memory of its own.
    this.#bytes = idleMemory ?? allocate(INITIAL_BYTES);
    idleMemory = undefined;
  }

  /** What was written, as text. The sink is not used after it. */
  finishText(): string {
    const rest = latin1Slice(this.#bytes, 0, this.#length - 1);
    this.#release();
    return this.#text === "" ? rest : this.#text + rest;
  }

  /** What was written, as UTF-8. The sink is not used after it. */
  finishBytes(): Uint8Array {
    const bytes = this.#bytes;
    const end = this.#length - 1;
    // Memory that nobody else gets, and that is nearly full, need not be copied.
    if (bytes.length > RETAINED_BYTES && end > bytes.length * 0.75) return bytes.subarray(0, end);
    this.#release();
    return bytes.slice(0, end);
  }

  string(value: string): void {
    const { length } = value;
    if (length > SHORT_TEXT) return this.#escaped(value);
    this.#reserve(length + 3);
    const bytes = this.#bytes;
    let at = this.#length;
    bytes[at++] = QUOTE;
    for (let index = 0; index < length; index++) {
      const unit = value.charCodeAt(index);
      if (unit < 0x20 || unit > 0x7e || unit === QUOTE || unit === BACKSLASH) return this.#escaped(value);
      bytes[at++] = unit;
    }
    bytes[at++] = QUOTE;
    bytes[at++] = COMMA;
    this.#length = at;
  }

  ascii(units: Uint8Array, length: number): void {
    this.#reserve(length + 3);
    const bytes = this.#bytes;
    let at = this.#length;
    bytes[at++] = QUOTE;
    for (let index = 0; index < length; index++) bytes[at++] = units[index]!;
    bytes[at++] = QUOTE;
    bytes[at++] = COMMA;
    this.#length = at;
  }

  number(value: number): void {
    this.#reserve(MAX_NUMBER_BYTES);
    this.#length = writeNumber(value, this.#bytes, this.#length);
  }

  negativeZero(): void {
    this.number(-0);
  }

  integer64(value: bigint, isSigned: boolean): void {
    this.#reserve(MAX_INTEGER64_BYTES + 3);
    const bytes = this.#bytes;
    const start = this.#length;
    bytes[start] = QUOTE;
    const end = writeInteger64(value, isSigned, bytes, start + 1);
    bytes[end] = QUOTE;
    bytes[end + 1] = COMMA;
    this.#length = end + 2;
  }

  numbers(values: readonly number[]): void {
    this.json(JSON.stringify(values));
  }

  bool(value: boolean): void {
    this.#ascii(String(value));
  }

  null(): void {
    this.#ascii("null");
  }

  json(json: string): void {
    const { length } = json;
    if (this.#text !== undefined && length > MAX_COPIED) return this.#append(json);
    // A UTF-16 unit takes three bytes at most.
    this.#reserve(length > MAX_COPIED ? utf8Length(json) + 1 : length * 3 + 1);
    const written = utf8Write(this.#bytes, json, this.#length);
    if (this.#text !== undefined && written !== length) return this.#append(json);
    this.#length += written;
    this.#bytes[this.#length++] = COMMA;
  }

  beginObject(): void {
    this.#begin(0x7b);
  }

  key(key: string, quoted?: Uint8Array): void {
    if (quoted === undefined || quoted.length === 0) {
      this.string(key);
      this.#bytes[this.#length - 1] = COLON;
      return;
    }
    const { length } = quoted;
    this.#reserve(length + 1);
    const bytes = this.#bytes;
    let at = this.#length;
    for (let index = 0; index < length; index++) bytes[at++] = quoted[index]!;
    bytes[at++] = COLON;
    this.#length = at;
  }

  endObject(): void {
    this.#end(0x7d);
  }

  beginList(): void {
    this.#begin(LIST);
  }

  endList(): void {
    this.#end(LIST_END);
  }

  #begin(character: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = character;
  }

  #end(character: number): void {
    this.#reserve(2);
    if (this.#bytes[this.#length - 1] === COMMA) this.#length--;
    this.#bytes[this.#length++] = character;
    this.#bytes[this.#length++] = COMMA;
  }

  /** Writes a text that needs no quotes. */
  #ascii(text: string): void {
    const { length } = text;
    this.#reserve(length + 1);
    const bytes = this.#bytes;
    let at = this.#length;
    for (let index = 0; index < length; index++) bytes[at++] = text.charCodeAt(index);
    bytes[at++] = COMMA;
    this.#length = at;
  }

  /** Writes a text that is long, or has characters to escape or to encode. */
  #escaped(value: string): void {
    const isInParts = stringifiesInParts && value.length > MAX_COPIED;
    this.json(isInParts ? longJson(value) : JSON.stringify(checkText(value)));
  }

  /** Writes text that need not become bytes. */
  #append(text: string): void {
    this.#text += latin1Slice(this.#bytes, 0, this.#length) + text;
    this.#bytes[0] = COMMA;
    this.#length = 1;
  }

  #reserve(size: number): void {
    if (this.#length + size > this.#bytes.length) this.#grow(size);
  }

  #grow(size: number): void {
    const bytes = allocate(Math.max(this.#bytes.length * 2, this.#length + size));
    bytes.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = bytes;
  }

  #release(): void {
    if (this.#bytes.length <= RETAINED_BYTES) idleMemory = this.#bytes;
  }
}

/** The most bytes that a number takes: its sign, its digits and a comma. */
const MAX_NUMBER_BYTES = 1 + MAX_DOUBLE_BYTES + 1;

const NEGATIVE_ZERO = /* @__PURE__ */ Uint8Array.of(MINUS, 0x30, 0x2e, 0x30, COMMA);

/** Writes a number and a comma. Returns the place behind them. */
function writeNumber(value: number, bytes: Uint8Array, at: number): number {
  // Most integers, with one call.
  if (value > 0 && value < MAX_SMALL && (value | 0) === value) {
    const end = writeSmall(value, bytes, at);
    bytes[end] = COMMA;
    return end + 1;
  }
  let start = at;
  let positive = value;
  if (value < 0 || Object.is(value, -0)) {
    positive = -value;
    bytes[start++] = MINUS;
  }
  // With a point: without one, Python and others read an integer, which has no negative zero.
  if (positive === 0 && start > at) {
    bytes.set(NEGATIVE_ZERO, at);
    return at + NEGATIVE_ZERO.length;
  }
  let end = Number.isSafeInteger(positive)
    ? writeInteger(positive, bytes, start)
    : writeDouble(positive, bytes, start);
  if (end === 0) {
    const text = String(positive);
    for (end = start; end < start + text.length; end++) bytes[end] = text.charCodeAt(end - start);
  }
  bytes[end] = COMMA;
  return end + 1;
}
