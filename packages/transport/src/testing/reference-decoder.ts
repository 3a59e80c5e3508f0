import { HpackError } from "../hpack/errors.js";
import { isValidName, isValidValue } from "../hpack/field-rules.js";
import { HeaderList } from "../hpack/header-list.js";
import { Huffman } from "../hpack/huffman.js";
import { STATIC_TABLE } from "../hpack/static-table.js";

const STATIC_LENGTH = 61;

/** RFC 7541 read aloud, for tests: every block is decoded whole and by itself, and nothing is remembered but the table. */
export class ReferenceDecoder {
  readonly #maxListSize: number;
  #maxTableSize: number;
  #capacity: number;
  #updateDue = Infinity;
  /** The newest first. */
  #table: [name: string, value: string][] = [];
  #block: Buffer = Buffer.alloc(0);
  #at = 0;

  constructor(maxTableSize: number, maxListSize: number) {
    this.#maxTableSize = this.#capacity = maxTableSize;
    this.#maxListSize = maxListSize;
  }

  setMaxTableSize(size: number): void {
    this.#maxTableSize = size;
    if (size < this.#capacity) this.#updateDue = Math.min(size, this.#updateDue);
  }

  decode(block: Buffer): HeaderList {
    this.#block = block;
    this.#at = 0;
    const fields: string[] = [];
    let mayUpdate = true;
    while (this.#at < block.length) {
      const first = block[this.#at]!;
      if (first >= 0x20 && first < 0x40) {
        if (!mayUpdate) throw new HpackError("late");
        const size = this.#integer(5);
        if (size > Math.min(this.#maxTableSize, this.#updateDue)) throw new HpackError("too large");
        this.#updateDue = Infinity;
        this.#capacity = size;
        this.#evict(0);
        continue;
      }
      mayUpdate = false;
      if (this.#updateDue < Infinity) throw new HpackError("due");
      if (first >= 0x80) fields.push(...this.#entry(this.#integer(7)));
      else {
        const index = this.#integer(first >= 0x40 ? 6 : 4);
        const name = index === 0 ? this.#string() : this.#entry(index)[0];
        const value = this.#string();
        fields.push(name, value);
        if (first >= 0x40) this.#add(name, value);
      }
    }
    if (this.#updateDue < Infinity) throw new HpackError("due");
    const size = fields.reduce((sum, text) => sum + text.length + 16, 0);
    const tooLarge = size > this.#maxListSize;
    const malformed = fields.some((text, i) => !(i % 2 === 0 ? isValidName(text) : isValidValue(text)));
    return new HeaderList(tooLarge ? [] : fields, size, tooLarge, malformed);
  }

  #entry(index: number): [name: string, value: string] {
    if (index === 0) throw new HpackError("0");
    if (index <= STATIC_LENGTH) return [STATIC_TABLE[2 * index]!, STATIC_TABLE[2 * index + 1]!];
    const entry = this.#table[index - STATIC_LENGTH - 1];
    if (entry === undefined) throw new HpackError("past the table");
    return entry;
  }

  #add(name: string, value: string): void {
    const size = name.length + value.length + 32;
    this.#evict(size);
    if (size <= this.#capacity) this.#table.unshift([name, value]);
  }

  /** Makes room for `size`. */
  #evict(size: number): void {
    const used = () =>
      this.#table.reduce((sum, [name, value]) => sum + name.length + value.length + 32, size);
    while (this.#table.length > 0 && used() > this.#capacity) this.#table.pop();
  }

  #integer(bits: number): number {
    let value = this.#byte() & (2 ** bits - 1);
    if (value < 2 ** bits - 1) return value;
    for (let i = 0; ; i++) {
      if (i === 5) throw new HpackError("long");
      const byte = this.#byte();
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte >= 0x80) continue;
      if (value > 0xffff_ffff) throw new HpackError("large");
      return value;
    }
  }

  #string(): string {
    const isHuffman = (this.#block[this.#at] ?? 0) >= 0x80;
    const length = this.#integer(7);
    if (length > this.#block.length - this.#at) throw new HpackError("short");
    const bytes = this.#block.subarray(this.#at, (this.#at += length));
    if (!isHuffman) return bytes.toString("latin1");
    const out = Buffer.alloc(2 * length + 8);
    const decoded = new Huffman().decode(bytes, 0, length, out);
    if (decoded < 0) throw new HpackError("Huffman");
    return out.toString("latin1", 0, decoded);
  }

  #byte(): number {
    const byte = this.#block[this.#at++];
    if (byte === undefined) throw new HpackError("short");
    return byte;
  }
}
