import { BytesCache } from "./bytes-cache.js";
import { HpackError } from "./errors.js";
import { areValidNameBytes, kindOfValueBytes, ValueKind } from "./field-rules.js";
import { Huffman, maxDecodedLength } from "./huffman.js";
import { MAX_CONTINUATION_BYTES, MAX_INTEGER } from "./integers.js";
import { readLatin1 } from "./latin1.js";

const EMPTY = Buffer.alloc(0);

/** Encoded names and values longer than this many bytes are decoded each time that they come. */
const MAX_KNOWN_LENGTH = 64;

/**
 * Values are looked for among the known ones by their place in the block: after so many in vain at one place, only each
 * sixteenth there, until one is found.
 */
const MAX_MISSES = 16;
const PLACES = 8;

/** Where strings are Huffman-decoded to, unless they are longer; nothing stays in it between two strings. */
const SCRATCH_LENGTH = 4096;
let sharedScratch: Buffer | undefined;

/** Reads HPACK's two primitives, integers and string literals (RFC 7541, section 5), from one block at a time. */
export class BlockReader {
  bytes: Buffer = EMPTY;
  /** The position of the next byte. */
  at = 0;
  end = 0;
  /** Set when a string was not one that a field may have (RFC 9113, section 8.2.1). */
  malformed = false;
  /** Cleared when a value was not printable ASCII. */
  isText = true;

  /** True if the last string was one that a field may have, and is to be known again: a value only if it is text. */
  #valid = true;
  /** The place of the next value that does not go to the dynamic table. */
  #place = 0;
  /** The number of values that were looked for, or passed over, at each place since one was found; it starts again after 256. */
  readonly #misses = new Uint8Array(PLACES);
  readonly #huffman = new Huffman();
  readonly #scratch = (sharedScratch ??= Buffer.allocUnsafeSlow(SCRATCH_LENGTH));
  // Only valid strings are kept, and what is valid as a value may not be as a name.
  readonly #names = new BytesCache<string>(MAX_KNOWN_LENGTH);
  readonly #values = new BytesCache<string>(MAX_KNOWN_LENGTH);

  begin(bytes: Buffer, start: number, end: number): void {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
    this.malformed = false;
    this.isText = true;
    this.#place = 0;
  }

  /** Lets go of the block, so that the reader does not keep a socket's buffer alive. */
  release(): void {
    this.bytes = EMPTY;
  }

  /**
   * Reads an integer whose prefix are the bits that `mask` has, in the next byte, which exists (section 5.1).
   *
   * @throws HpackError if it is cut short, too long, or too large
   */
  integer(mask: number): number {
    const bytes = this.bytes;
    let value = bytes[this.at++]! & mask;
    if (value < mask) return value;
    let weight = 1;
    for (let i = 0; i < MAX_CONTINUATION_BYTES; i++) {
      if (this.at >= this.end) throw new HpackError("Integer cut short");
      const byte = bytes[this.at++]!;
      value += (byte & 0x7f) * weight;
      if (byte < 0x80) {
        if (value > MAX_INTEGER) throw new HpackError("Integer too large");
        return value;
      }
      weight *= 0x80;
    }
    throw new HpackError("Integer too long");
  }

  /** Reads a name (section 5.2). Names that come again and again, but are not indexed, are decoded once. */
  name(): string {
    const start = this.at;
    const end = this.#skipString();
    const known = this.#names.find(this.bytes, start, end);
    if (known !== undefined) return known;
    const name = this.#text(start, end, true);
    if (this.#valid) this.#names.offer(name);
    return name;
  }

  /** Reads a value that goes to the dynamic table, and so will not come again as a literal. */
  newValue(): string {
    const start = this.at;
    return this.#text(start, this.#skipString(), false);
  }

  /** Reads a value that does not go to the dynamic table, and may come the same way each time. */
  value(): string {
    const start = this.at;
    const end = this.#skipString();
    const place = this.#place++ % PLACES;
    const misses = this.#misses[place]!++;
    if (misses >= MAX_MISSES && misses % 16 !== 0) return this.#text(start, end, false);
    const known = this.#values.find(this.bytes, start, end);
    if (known !== undefined) {
      this.#misses[place] = 0;
      return known;
    }
    const value = this.#text(start, end, false);
    if (this.#valid) this.#values.offer(value);
    return value;
  }

  /** Finds where the string at the current position ends, and goes there. */
  #skipString(): number {
    if (this.at >= this.end) throw new HpackError("String cut short");
    const length = this.integer(0x7f);
    if (length > this.end - this.at) throw new HpackError("String cut short");
    return (this.at += length);
  }

  /** The string literal, length included, that is between the two positions; sets {@link valid}. */
  #text(start: number, end: number, isName: boolean): string {
    const bytes = this.bytes;
    const huffman = bytes[start]! >= 0x80;
    let textStart = start + 1;
    if ((bytes[start]! & 0x7f) === 0x7f) while (bytes[textStart++]! >= 0x80);
    if (!huffman) return this.#finish(bytes, textStart, end, isName);
    const room = maxDecodedLength(end - textStart);
    const out = room <= SCRATCH_LENGTH ? this.#scratch : Buffer.allocUnsafeSlow(room);
    const length = this.#huffman.decode(bytes, textStart, end, out);
    if (length < 0) throw new HpackError("Invalid Huffman code");
    return this.#finish(out, 0, length, isName);
  }

  #finish(bytes: Buffer, start: number, end: number, isName: boolean): string {
    if (isName) {
      this.#valid = areValidNameBytes(bytes, start, end);
      if (!this.#valid) this.malformed = true;
    } else {
      const kind = kindOfValueBytes(bytes, start, end);
      this.#valid = kind === ValueKind.TEXT;
      if (!this.#valid) {
        this.isText = false;
        if (kind === ValueKind.INVALID) this.malformed = true;
      }
    }
    return readLatin1(bytes, start, end);
  }
}
