import { isUtf8, latin1Slice, utf8Slice } from "#text";
import { doubleOf, EXACT_DIGITS, INT_DIGITS } from "./decimal.js";
import { readInteger64 } from "./integer64-text.js";
import { isNot, JsonError } from "./json-error.js";
import type { JsonSource, JsonType } from "./json-source.js";
import { MAX_JSON_DEPTH, MAX_JSON_NUMBER_LENGTH, type JsonReadOptions } from "./options.js";
import { numberOf, tooLong } from "./scalar-types.js";
import { TextWindow } from "./text-window.js";
import { checkText } from "./values.js";

/**
 * Bytes that are turned into text at a time. Short strings are parts of it, which is cheaper than a call for each: so this is
 * also the most memory, beyond its own size, that a string which outlives its message can hold.
 */
const SHORT_BYTES = 256;

/** The longest list of numbers that is read one by one, in bytes: of more, the engine makes numbers sooner. */
const FEW_BYTES = 24;

/** The quotes with backslashes before them that are found by the engine's search, in one text. */
const FEW_QUOTES = 64;

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const LIST_END = 0x5d;
const OBJECT_END = 0x7d;

/** What no string of JSON has but by an escape. */
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\0-\x1f]/;

/** A place in the input. */
interface Mark {
  readonly at: number;
  readonly depth: number;
}

/**
 * Reads JSON from UTF-8 or text, as strict as RFC 8259: what is valid Unicode and no more than JSON, behind a byte order mark or none. Its methods move one place in
 * the same bytes, and V8 inlines them: so they stand in one class.
 */
export class TextSource implements JsonSource {
  readonly options: JsonReadOptions;

  /** What text is seen through. Undefined for UTF-8. */
  readonly #window: TextWindow | undefined;

  /** The input, or the part of it in the window. */
  #bytes: Uint8Array;

  #length: number;

  #at = 0;

  #depth = 0;

  /** True before the first key or item. */
  #first = false;

  /** Where a backslash is, as far as that was searched; negative if there is no more. */
  #backslash = 0;

  /** Part of the bytes as text, a character for each byte. */
  #text = "";
  #textStart = 0;
  #textEnd = 0;

  constructor(json: string | Uint8Array, options: JsonReadOptions = {}) {
    this.options = options;
    if (typeof json === "string") {
      const window = new TextWindow(json);
      this.#window = window;
      this.#bytes = window.bytes;
      this.#length = window.length;
      // Places in it are returned to.
      if (options.errors !== undefined) this.#showAll();
    } else {
      this.#bytes = json;
      this.#length = json.length;
    }
    // RFC 8259, section 8.1: it may be passed over.
    const bytes = this.#bytes;
    if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) this.#at = 3;
  }

  /** Passes over the end of the input. The source is not used after it. */
  end(): void {
    if (this.#at < this.#length || this.#window?.hasMore === true) this.#space();
    if (this.#at < this.#length) throw this.#malformed("the end");
    this.#window?.release();
  }

  type(): JsonType {
    const character = this.#space();
    if (character === QUOTE) return "string";
    if (character === 0x7b) return "object";
    if (character === 0x5b) return "list";
    if (character === 0x6e) return "null";
    if (character === 0x74 || character === 0x66) return "boolean";
    return "number";
  }

  string(): string {
    if (this.#space() !== QUOTE) throw this.#wrongType("a string");
    return this.#quoted();
  }

  ascii(units: Uint8Array): number {
    if (this.#space() !== QUOTE) return -1;
    const bytes = this.#bytes;
    const start = this.#at + 1;
    for (let length = 0; length <= units.length; length++) {
      const byte = bytes[start + length]!;
      if (byte === QUOTE) {
        this.#at = start + length + 1;
        return length;
      }
      // None is no such byte either.
      if (!(byte >= 0x20 && byte < 0x80) || byte === BACKSLASH) return -1;
      units[length] = byte;
    }
    return -1;
  }

  oneOf(quoted: readonly Uint8Array[]): number {
    this.#space();
    for (let index = 0; index < quoted.length; index++) if (this.#passIf(quoted[index]!)) return index;
    return -1;
  }

  number(): number | string {
    const first = this.#space();
    if (first === QUOTE) return this.#quoted();
    if (first !== MINUS && !isDigit(first)) throw this.#wrongType("a number");
    const value = this.#plainNumber(this.#at);
    return Number.isNaN(value) ? this.#longNumber() : value;
  }

  /** Reads a number of few digits at a place, without exponent. NaN if there is none; nothing is read then. */
  #plainNumber(place: number): number {
    const bytes = this.#bytes;
    const isNegative = bytes[place] === MINUS;
    const start = isNegative ? place + 1 : place;
    let at = start;
    let byte = bytes[at]!;
    let value = 0;
    for (const end = start + INT_DIGITS; isDigit(byte) && at < end; byte = bytes[++at]!) {
      value = (value * 10 + byte - ZERO) | 0;
    }
    if (!isEnd(byte) || at === start || (bytes[start] === ZERO && at > start + 1)) {
      if (!isDigit(bytes[start])) return NaN;
      value = this.#decimal(start);
    } else this.#at = at;
    return isNegative ? -value : value;
  }

  /** Reads a number whose digits begin at `start`, of which there is one at least. NaN as above. */
  #decimal(start: number): number {
    const bytes = this.#bytes;
    let at = start;
    let byte = bytes[at]!;
    // A zero before the point is none of the digits.
    if (byte === ZERO) byte = bytes[++at]!;
    const isBelowOne = at > start;
    let digits = 0;
    let first = 0;
    let second = 0;
    let pointAt = -1;
    for (; ; byte = bytes[++at]!) {
      if (isDigit(byte)) {
        if (digits++ < INT_DIGITS) first = (first * 10 + byte - ZERO) | 0;
        else if (digits > 2 * INT_DIGITS) return NaN;
        else second = (second * 10 + byte - ZERO) | 0;
      } else if (byte === POINT && pointAt < 0) pointAt = at;
      else break;
    }
    const fraction = pointAt < 0 ? 0 : at - pointAt - 1;
    const isPlain =
      pointAt < 0
        ? !isBelowOne && digits <= EXACT_DIGITS
        : fraction > 0 && isBelowOne === (fraction === digits) && digits <= 2 * INT_DIGITS;
    if (!isPlain || !isEnd(byte)) return NaN;
    const value = doubleOf(first, second, digits, fraction);
    if (!Number.isNaN(value)) this.#at = at;
    return value;
  }

  integer64(isSigned: boolean): boolean {
    if (this.#space() !== QUOTE) return false;
    const bytes = this.#bytes;
    const end = readInteger64(bytes, this.#at + 1, isSigned);
    if (end < 0 || bytes[end] !== QUOTE) return false;
    this.#at = end + 1;
    return true;
  }

  bool(): boolean {
    const first = this.#space();
    if (first === 0x74) this.#word("true");
    else if (first === 0x66) this.#word("false");
    else throw this.#wrongType("a bool");
    return first === 0x74;
  }

  null(): boolean {
    if (this.#space() !== 0x6e) return false;
    this.#word("null");
    return true;
  }

  beginObject(): void {
    this.#begin(0x7b, "an object");
  }

  hasKey(): boolean {
    if (!this.#first && this.#bytes[this.#at] === COMMA && this.#bytes[this.#at + 1] === QUOTE) {
      this.#at++;
      return true;
    }
    if (!this.#more(OBJECT_END)) return false;
    if (this.#space() !== QUOTE) throw this.#malformed("a key");
    return true;
  }

  keyIs(_: string, quoted: Uint8Array): boolean {
    if (quoted.length === 0 || !this.#passIf(quoted)) return false;
    this.#colon();
    return true;
  }

  key(): string {
    const key = this.#quoted();
    this.#colon();
    return key;
  }

  beginList(): void {
    this.#begin(0x5b, "a list");
  }

  hasItem(): boolean {
    return this.#more(LIST_END);
  }

  numbers(take: (numbers: unknown[]) => boolean): unknown[] | undefined {
    const bytes = this.#bytes;
    const start = this.#at - 1;
    // In quotes they are text.
    if (bytes[this.#at] === QUOTE) return undefined;
    let end = start;
    while (bytes[end] !== LIST_END) if (++end === start + FEW_BYTES) break;
    if (end < start + FEW_BYTES) return undefined;
    const window = this.#window?.isAscii === true ? this.#window : undefined;
    let index = 0;
    let json: string;
    if (window === undefined) {
      end = bytes.indexOf(LIST_END, end);
      if (end < 0 || end >= this.#length) return undefined;
      json = latin1Slice(bytes, start, end + 1);
    } else {
      index = window.indexOf(start);
      json = window.text.slice(index, window.text.indexOf("]", index) + 1);
      end = start + json.length - 1;
    }
    let numbers: unknown[];
    try {
      numbers = JSON.parse(json) as unknown[];
    } catch {
      return undefined;
    }
    if (!take(numbers)) return undefined;
    this.#at = end + 1;
    if (this.#at > this.#length) {
      window!.show(index + json.length);
      this.#passWindow(undefined);
    }
    this.#depth--;
    this.#first = false;
    return numbers;
  }

  skip(): void {
    const type = this.type();
    if (type === "object") {
      this.beginObject();
      while (this.hasKey()) {
        this.key();
        this.skip();
      }
    } else if (type === "list") {
      this.beginList();
      while (this.hasItem()) this.skip();
    } else if (type === "boolean") this.bool();
    else if (type === "null") this.null();
    else this.number();
  }

  mark(): Mark {
    return { at: this.#at, depth: this.#depth };
  }

  passOver({ at, depth }: Mark): void {
    this.#at = at;
    this.#depth = depth;
    this.#first = false;
    // It was searched further on.
    this.#backslash = 0;
    this.skip();
  }

  /** Passes over white space. Returns the next byte. */
  #space(): number | undefined {
    const byte = this.#bytes[this.#at]!;
    return byte > 0x20 ? byte : this.#spaces();
  }

  #spaces(): number | undefined {
    do {
      const bytes = this.#bytes;
      let byte = bytes[this.#at];
      while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) byte = bytes[++this.#at];
      if (this.#at < this.#length) return byte;
    } while (this.#showMore());
    return undefined;
  }

  /** Moves the window on to where the source stands. False if there is no more text behind it. */
  #showMore(): boolean {
    const window = this.#window;
    if (window === undefined || !window.hasMore) return false;
    window.show(window.indexOf(this.#at));
    this.#passWindow(undefined);
    return true;
  }

  /** Has the window show the rest of the text, if a value goes beyond it. False if it does not. */
  #showAll(): boolean {
    const window = this.#window;
    if (window === undefined || !window.hasMore) return false;
    window.show(window.indexOf(this.#at), window.text.length);
    this.#passWindow(undefined);
    return true;
  }

  /** Stands at the start of a window that was moved. Returns what was read by that. */
  #passWindow<T>(read: T): T {
    const window = this.#window!;
    this.#bytes = window.bytes;
    this.#length = window.length;
    this.#at = 0;
    this.#backslash = 0;
    this.#textEnd = 0;
    return read;
  }

  /** Passes over these bytes, if they are the next ones. */
  #passIf(quoted: Uint8Array): boolean {
    const bytes = this.#bytes;
    const start = this.#at;
    const { length } = quoted;
    for (let index = 0; index < length; index++) {
      if (bytes[start + index] !== quoted[index]) return false;
    }
    this.#at = start + length;
    return true;
  }

  #begin(character: number, what: string): void {
    if (this.#space() !== character) throw this.#wrongType(what);
    const { maxDepth = MAX_JSON_DEPTH } = this.options;
    if (++this.#depth > maxDepth) throw new JsonError(`more than ${maxDepth} values in one another`);
    this.#at++;
    this.#first = true;
  }

  /** False at the end of the object or list. */
  #more(end: number): boolean {
    const byte = this.#space();
    if (byte === end) {
      this.#at++;
      this.#depth--;
      this.#first = false;
      return false;
    }
    if (this.#first) this.#first = false;
    else if (byte === COMMA) this.#at++;
    else throw this.#malformed("a comma or the end of the values");
    return true;
  }

  #colon(): void {
    if (this.#bytes[this.#at] !== COLON && this.#space() !== COLON) throw this.#malformed("a colon");
    this.#at++;
  }

  #word(word: string): void {
    for (let index = 1; index < word.length; index++) {
      if (this.#bytes[this.#at + index] === word.charCodeAt(index)) continue;
      if (this.#at + index === this.#length && this.#showMore()) return this.#word(word);
      throw this.#malformed(word);
    }
    this.#at += word.length;
  }

  /** Reads a string. The source stands at its first quote. */
  #quoted(): string {
    const bytes = this.#bytes;
    const start = this.#at + 1;
    let at = start;
    let byte = bytes[at];
    while (byte !== QUOTE) {
      // None is no such byte either.
      if (!(byte! >= 0x20 && byte! < 0x80) || byte === BACKSLASH || at - start >= SHORT_BYTES) {
        return this.#longText(at);
      }
      byte = bytes[++at];
    }
    this.#at = at + 1;
    if (at > this.#textEnd) {
      this.#textStart = start;
      this.#textEnd = Math.min(start + SHORT_BYTES, this.#length);
      this.#text = latin1Slice(bytes, start, this.#textEnd);
    }
    return this.#text.slice(start - this.#textStart, at - this.#textStart);
  }

  /** Reads a string that is long, or has escapes or characters beyond ASCII: up to `plainEnd` there are none. */
  #longText(plainEnd: number): string {
    const bytes = this.#bytes;
    const start = this.#at + 1;
    // A short one is over sooner than the engine's own searches begin.
    let end = plainEnd;
    let hasEscapes = false;
    for (; end < start + SHORT_BYTES && bytes[end]! >= 0x20; end++) {
      if (bytes[end] === QUOTE && end < this.#length) return this.#decoded(start, end, hasEscapes);
      if (bytes[end] === BACKSLASH) {
        hasEscapes = true;
        end++;
      }
    }
    const last = this.#window?.lastString(this.#at);
    if (last !== undefined) return this.#passWindow(last);
    end = bytes.indexOf(QUOTE, start);
    if (this.#backslash < start && this.#backslash >= 0) this.#backslash = bytes.indexOf(BACKSLASH, start);
    hasEscapes = this.#backslash >= 0 && this.#backslash < end;
    if (hasEscapes) {
      // The engine's search takes less time for few quotes, and more for many.
      for (let tries = FEW_QUOTES; end >= 0 && this.#isEscaped(start, end); tries--)
        end = tries > 0 ? bytes.indexOf(QUOTE, end + 1) : this.#nextQuote(end + 1);
    }
    if (end >= 0 && end < this.#length) return this.#decoded(start, end, hasEscapes);
    const beyond = this.#window?.string(this.#at);
    if (beyond !== undefined) return this.#passWindow(beyond);
    if (this.#showAll()) return this.#longText(this.#at + 1);
    throw this.#cutShort(start);
  }

  /** Reads the string between two quotes. */
  #decoded(start: number, end: number, hasEscapes: boolean): string {
    const bytes = this.#bytes;
    // With its quotes, if there is something to parse.
    const text = hasEscapes ? utf8Slice(bytes, start - 1, end + 1) : utf8Slice(bytes, start, end);
    // Bytes that are no text become U+FFFD, which is a valid character too.
    if (text.includes("\uFFFD") && !isUtf8(bytes, start, end)) throw this.#malformed("UTF-8");
    let value = text;
    if (hasEscapes) {
      try {
        value = checkText(JSON.parse(text) as string);
      } catch (error) {
        throw error instanceof JsonError ? error : this.#malformed("a string");
      }
    } else if (CONTROL.test(text)) throw this.#cutShort(start);
    this.#at = end + 1;
    return value;
  }

  /** Where the next quote is that no backslash stands before, from a place that none stands before either; negative if there is none. */
  #nextQuote(from: number): number {
    const bytes = this.#bytes;
    for (let at = from; at < this.#length; at++) {
      if (bytes[at] === QUOTE) return at;
      if (bytes[at] === BACKSLASH) at++;
    }
    return -1;
  }

  /** True if a quote stands behind an odd number of backslashes. */
  #isEscaped(start: number, quote: number): boolean {
    let at = quote;
    while (at > start && this.#bytes[at - 1] === BACKSLASH) at--;
    return (quote - at) % 2 === 1;
  }

  /** The error for a string that has no end, or a control character in it. */
  #cutShort(start: number): JsonError {
    let at = start;
    for (let byte = this.#bytes[at]; byte !== undefined && byte >= 0x20; byte = this.#bytes[++at]);
    this.#at = Math.min(at, this.#length);
    return this.#malformed("the end of a string");
  }

  #longNumber(): number | string {
    const start = this.#at;
    let at = start;
    for (; isNumberPart(this.#bytes[at]); at++) if (at - start === MAX_JSON_NUMBER_LENGTH) throw tooLong();
    // It may go on behind the window, which shows more than the longest one.
    if (at === this.#length && this.#showMore()) return this.#longNumber();
    const text = latin1Slice(this.#bytes, start, at);
    const value = numberOf(text);
    if (Number.isNaN(value)) throw this.#malformed("a number");
    this.#at = at;
    return text.length > EXACT_DIGITS && /^-?\d+$/.test(text) ? text : value;
  }

  // Errors are made apart so that the methods above stay small enough to be inlined.

  #wrongType(what: string): JsonError {
    const type = this.type();
    if (type === "string") return isNot(what, this.#quoted());
    if (type === "object") return isNot(what, {});
    if (type === "list") return isNot(what, []);
    if (type === "null") return isNot(what, this.null() ? null : undefined);
    if (type === "boolean") return isNot(what, this.bool());
    return isNumberPart(this.#bytes[this.#at]) ? isNot(what, this.#longNumber()) : this.#malformed("a value");
  }

  #malformed(what: string): JsonError {
    const byte = this.#bytes[this.#at]!;
    const found = this.#at >= this.#length ? "the end" : JSON.stringify(String.fromCharCode(byte));
    const at = this.#at + (this.#window?.bytesBefore() ?? 0);
    return new JsonError(`malformed JSON at byte ${at}: ${what} is expected, not ${found}`);
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte! >= 0x30 && byte! <= 0x39;
}

/** True for what most often follows a number. */
function isEnd(byte: number): boolean {
  return byte === COMMA || byte === OBJECT_END || byte === LIST_END || byte === 0x0a || byte === 0x20;
}

/** True for the characters of a number: digits, a sign, a point, an exponent. */
function isNumberPart(byte: number | undefined): boolean {
  return isDigit(byte) || byte === POINT || byte === 0x65 || byte === 0x45 || byte === MINUS || byte === 0x2b;
}
