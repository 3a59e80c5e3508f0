import { allocate, latin1Slice, utf8Slice, utf8Write } from "#text";
import type { JsonSink } from "./json-sink.js";
import type { JsonWriteOptions } from "./options.js";
import { checkText } from "./values.js";

/** Memory of a sink that nobody uses, in bytes. It grows with what is written. */
const INITIAL_BYTES = 4096;

/** The most memory that is kept for the next sink, in bytes. */
const RETAINED_BYTES = 256 * 1024;

/** The longest text that a loop over its characters copies: longer ones are quicker by the engine's own functions. */
const SHORT_TEXT = 64;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;

let idleMemory: Uint8Array | undefined;

/**
 * Writes JSON as UTF-8. Each value, and each object or list at its end, is followed by a comma: the end of what is around it
 * takes the place of the last one.
 */
export class TextSink implements JsonSink {
  readonly options: JsonWriteOptions;

  #bytes: Uint8Array;

  #length = 0;

  /** True while all characters are ASCII. */
  #isAscii = true;

  constructor(options: JsonWriteOptions = {}) {
    this.options = options;
    // A sink that is made meanwhile, or that an error leaves, has memory of its own.
    this.#bytes = idleMemory ?? allocate(INITIAL_BYTES);
    idleMemory = undefined;
  }

  /** What was written, as text. The sink is not used after it. */
  finishText(): string {
    const end = this.#length - 1;
    const text = this.#isAscii ? latin1Slice(this.#bytes, 0, end) : utf8Slice(this.#bytes, 0, end);
    this.#release();
    return text;
  }

  /** What was written, as UTF-8. The sink is not used after it. */
  finishBytes(): Uint8Array {
    // A copy: `slice` of a Buffer is a view.
    const bytes = new Uint8Array(this.#bytes.subarray(0, this.#length - 1));
    this.#release();
    return bytes;
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

  number(value: number): void {
    this.#ascii(Object.is(value, -0) ? "-0" : String(value));
  }

  bool(value: boolean): void {
    this.#ascii(String(value));
  }

  null(): void {
    this.#ascii("null");
  }

  beginObject(): void {
    this.#begin(0x7b);
  }

  key(key: string): void {
    this.string(key);
    this.#bytes[this.#length - 1] = COLON;
  }

  endObject(): void {
    this.#end(0x7d);
  }

  beginList(): void {
    this.#begin(0x5b);
  }

  endList(): void {
    this.#end(0x5d);
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
    const quoted = JSON.stringify(checkText(value));
    // A UTF-16 unit takes three bytes at most.
    this.#reserve(quoted.length * 3 + 1);
    const written = utf8Write(this.#bytes, quoted, this.#length);
    if (written !== quoted.length) this.#isAscii = false;
    this.#length += written;
    this.#bytes[this.#length++] = COMMA;
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
