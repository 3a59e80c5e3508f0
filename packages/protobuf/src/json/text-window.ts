import { allocate, utf8Length, utf8Write } from "#text";
import { checkText } from "./values.js";

/** The most characters that a window shows, unless one value takes more. */
const WINDOW_CHARACTERS = 16 * 1024;

/** Memory of a window that nobody uses, in bytes; it grows to what a whole window takes. */
const INITIAL_BYTES = 4096;

/** Characters before the last quote of a text that show whether a long string ends there. */
const TAIL_CHARACTERS = 256;

/** The quotes with backslashes before them that are found by the engine's search, in one string. */
const FEW_QUOTES = 64;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

let idleMemory: Uint8Array | undefined;

/** A text seen as UTF-8, a part at a time: what is long in it need not become bytes. */
export class TextWindow {
  readonly text: string;

  /** The bytes of the part, and a zero behind them. */
  bytes: Uint8Array;

  length = 0;

  /** The part, by indices of the text. */
  #start = 0;
  #end = 0;

  /** True if no string was read as the last one. */
  #mayGuess = true;

  constructor(text: string) {
    this.text = text;
    // Memory that is needed meanwhile, or after an error, is another one.
    this.bytes = idleMemory ?? allocate(INITIAL_BYTES);
    idleMemory = undefined;
    this.show(0);
  }

  /** True if each byte of the window is a character. */
  get isAscii(): boolean {
    return this.length === this.#end - this.#start;
  }

  /** True if there is text behind the window. */
  get hasMore(): boolean {
    return this.#end < this.text.length;
  }

  /**
   * Moves the window.
   *
   * @param index Where it begins in the text.
   * @param most Default: what a window has.
   */
  show(index: number, most: number = WINDOW_CHARACTERS): void {
    const { text } = this;
    let end = Math.min(index + most, text.length);
    // A pair of surrogates is not parted.
    if (end < text.length && (text.charCodeAt(end - 1) & 0xfc00) === 0xd800) end--;
    const part = index === 0 && end === text.length ? text : text.slice(index, end);
    // A UTF-16 unit takes three bytes at most.
    const size = part.length * 3 + 1;
    if (this.bytes.length < size) this.bytes = allocate(size);
    this.length = utf8Write(this.bytes, part, 0);
    this.bytes[this.length] = 0;
    this.#start = index;
    this.#end = end;
    if (this.length !== part.length) checkText(part);
  }

  /**
   * Reads a string that begins at a byte of the window and may end beyond it. The window is moved behind it then.
   *
   * @returns Undefined if it is none.
   */
  string(at: number): string | undefined {
    const { text } = this;
    const start = this.indexOf(at);
    let end = text.indexOf('"', start + 1);
    // The engine's search takes less time for few quotes, and more for many.
    for (let tries = FEW_QUOTES; isEscaped(text, end); tries--)
      end = tries > 0 ? text.indexOf('"', end + 1) : nextQuote(text, end + 1);
    return end < 0 ? undefined : this.#between(start, end);
  }

  /**
   * Reads such a string as the last one of the text, if it looks so from there: the quotes in it need not be looked at then. A
   * wrong guess costs as much as reading it, so there is one for a text.
   */
  lastString(at: number): string | undefined {
    if (!this.#mayGuess || !this.hasMore) return undefined;
    this.#mayGuess = false;
    const { text } = this;
    const start = this.indexOf(at);
    const end = text.lastIndexOf('"');
    const tail = text.slice(Math.max(end - TAIL_CHARACTERS, 0), end);
    const quote = tail.lastIndexOf('"');
    const isInside = start < end - TAIL_CHARACTERS && (quote < 0 || isEscaped(tail, quote));
    return isInside ? this.#between(start, end) : undefined;
  }

  /** Reads the string between two quotes of the text. Undefined if it is none. */
  #between(start: number, end: number): string | undefined {
    let value: string;
    try {
      value = JSON.parse(this.text.slice(start, end + 1)) as string;
    } catch {
      return undefined;
    }
    this.show(end + 1);
    return checkText(value);
  }

  /** The index in the text of what begins at a byte of the window. */
  indexOf(at: number): number {
    if (this.isAscii) return this.#start + at;
    let index = this.#start;
    for (let byte = 0; byte < at; byte++) {
      const value = this.bytes[byte]!;
      // Each character counts by its first byte; what takes four bytes is two UTF-16 units.
      if ((value & 0xc0) !== 0x80) index += value < 0xf0 ? 1 : 2;
    }
    return index;
  }

  /** The number of bytes before the window. */
  bytesBefore(): number {
    return utf8Length(this.text.slice(0, this.#start));
  }

  /** Has its memory kept for the next one. The window is not used after it. */
  release(): void {
    if (this.bytes.length <= WINDOW_CHARACTERS * 3 + 1) idleMemory = this.bytes;
  }
}

/** Where the next quote is that no backslash stands before, from a place that none stands before either; negative if there is none. */
function nextQuote(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) return at;
    if (unit === BACKSLASH) at++;
  }
  return -1;
}

/** True if a quote stands behind an odd number of backslashes. */
function isEscaped(text: string, quote: number): boolean {
  if (text.charCodeAt(quote - 1) !== BACKSLASH) return false;
  let at = quote - 1;
  while (text.charCodeAt(at - 1) === BACKSLASH) at--;
  return (quote - at) % 2 === 1;
}
