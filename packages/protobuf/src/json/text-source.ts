import { isUtf8, latin1Slice, utf8Slice } from "#text";
import { isNot, JsonError } from "./json-error.js";
import type { JsonSource, JsonType } from "./json-source.js";
import { MAX_JSON_DEPTH, type JsonReadOptions } from "./options.js";
import { numberOf } from "./scalar-types.js";
import { checkText } from "./values.js";

/**
 * Bytes that are turned into text at a time. Short strings are parts of it, which is cheaper than a call for each: so this is
 * also the most memory, beyond its own size, that a string which outlives its message can hold.
 */
const WINDOW_BYTES = 256;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;

/** What no string of JSON has but by an escape. */
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\0-\x1f]/;

/** Digits that a double is exact for, whatever they are. */
const EXACT_DIGITS = 15;

/** A place in the input. */
interface Mark {
  readonly at: number;
  readonly depth: number;
}

/** Reads JSON from UTF-8, as strict as RFC 8259: what is valid UTF-8 and no more than JSON. */
export class TextSource implements JsonSource {
  readonly options: JsonReadOptions;

  readonly #bytes: Uint8Array;

  readonly #length: number;

  #at = 0;

  #depth = 0;

  /** True before the first key or item. */
  #first = false;

  /** Where a backslash is, as far as that was searched; negative if there is no more. */
  #backslash = 0;

  /** Part of the input as text, a character for each byte. */
  #text = "";
  #textStart = 0;
  #textEnd = 0;

  /** @param length The number of bytes. If there are more, a zero byte follows. */
  constructor(bytes: Uint8Array, options: JsonReadOptions = {}, length: number = bytes.length) {
    this.#bytes = bytes;
    this.#length = length;
    this.options = options;
  }

  /** Passes over the end of the input. */
  end(): void {
    this.#space();
    if (this.#at < this.#length) throw this.#malformed("the end");
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

  number(): number | string {
    const bytes = this.#bytes;
    const first = this.#space();
    if (first === QUOTE) return this.#quoted();
    if (first !== 0x2d && !isDigit(first)) throw this.#wrongType("a number");
    const start = this.#at;
    let at = start;
    let value = 0;
    // Most numbers are a few digits.
    if (first === 0x30) at++;
    else while (isDigit(bytes[at])) value = value * 10 + bytes[at++]! - 0x30;
    const digits = at - start;
    if (digits > 0 && digits <= EXACT_DIGITS && !isNumberPart(bytes[at])) {
      this.#at = at;
      return value;
    }
    return this.#longNumber();
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
    if (!this.#more(0x7d)) return false;
    if (this.#space() !== QUOTE) throw this.#malformed("a key");
    return true;
  }

  keyIs(key: string): boolean {
    const bytes = this.#bytes;
    let at = this.#at + 1;
    for (let index = 0; index < key.length; index++) {
      if (bytes[at++] !== key.charCodeAt(index)) return false;
    }
    if (bytes[at++] !== QUOTE) return false;
    this.#at = at;
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
    return this.#more(0x5d);
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
    const bytes = this.#bytes;
    let byte = bytes[this.#at];
    while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) byte = bytes[++this.#at];
    return byte;
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
    if (this.#space() !== COLON) throw this.#malformed("a colon");
    this.#at++;
  }

  #word(word: string): void {
    if (latin1Slice(this.#bytes, this.#at, this.#end(word.length)) !== word) throw this.#malformed(word);
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
      if (!(byte! >= 0x20 && byte! < 0x80) || byte === BACKSLASH || at - start >= WINDOW_BYTES) {
        return this.#longText();
      }
      byte = bytes[++at];
    }
    this.#at = at + 1;
    if (at > this.#textEnd) {
      this.#textStart = start;
      this.#textEnd = this.#end(WINDOW_BYTES, start);
      this.#text = latin1Slice(bytes, start, this.#textEnd);
    }
    return this.#text.slice(start - this.#textStart, at - this.#textStart);
  }

  /** Reads a string that is long, or has escapes or characters beyond ASCII. */
  #longText(): string {
    const bytes = this.#bytes;
    const start = this.#at + 1;
    // The engine's own searches are quicker than a loop.
    let end = bytes.indexOf(QUOTE, start);
    if (this.#backslash < start && this.#backslash >= 0) this.#backslash = bytes.indexOf(BACKSLASH, start);
    const hasEscapes = this.#backslash >= 0 && this.#backslash < end;
    if (hasEscapes) while (end >= 0 && this.#isEscaped(start, end)) end = bytes.indexOf(QUOTE, end + 1);
    if (end < 0 || end >= this.#length) throw this.#cutShort(start);
    const text = utf8Slice(bytes, start, end);
    // Bytes that are no text become U+FFFD, which is a valid character too.
    if (text.includes("\uFFFD") && !isUtf8(bytes, start, end)) throw this.#malformed("UTF-8");
    let value = text;
    if (hasEscapes) {
      try {
        value = checkText(JSON.parse(`"${text}"`) as string);
      } catch (error) {
        throw error instanceof JsonError ? error : this.#malformed("a string");
      }
    } else if (CONTROL.test(text)) throw this.#cutShort(start);
    this.#at = end + 1;
    return value;
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
    while (isNumberPart(this.#bytes[at])) at++;
    const text = latin1Slice(this.#bytes, start, at);
    const value = numberOf(text);
    if (Number.isNaN(value)) throw this.#malformed("a number");
    this.#at = at;
    return text.length > EXACT_DIGITS && /^-?\d+$/.test(text) ? text : value;
  }

  #end(length: number, start = this.#at): number {
    return Math.min(start + length, this.#length);
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
    return new JsonError(`malformed JSON at byte ${this.#at}: ${what} is expected, not ${found}`);
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte! >= 0x30 && byte! <= 0x39;
}

/** True for the characters of a number: digits, a sign, a point, an exponent. */
function isNumberPart(byte: number | undefined): boolean {
  return isDigit(byte) || byte === 0x2e || byte === 0x65 || byte === 0x45 || byte === 0x2d || byte === 0x2b;
}
