import { DynamicTable, ENTRY_OVERHEAD } from "./dynamic-table.js";
import { HEADER_FIELDS_SLOTS, maxEncodedLength, type HeaderFields } from "./header-fields.js";
import { Huffman } from "./huffman.js";
import { NameRecord } from "./indexing.js";
import { MAX_INTEGER_LENGTH, writeInteger } from "./integers.js";
import { writeLatin1 } from "./latin1.js";
import { STATIC_TABLE_LENGTH } from "./static-table.js";

/** The most of the peer's table that is used by default, in bytes: RFC 9113's initial setting. */
const DEFAULT_MAX_TABLE_SIZE = 4096;

/** RFC 9113, section 6.5.2: what the peer's SETTINGS_HEADER_TABLE_SIZE is until it says otherwise. */
const INITIAL_TABLE_SIZE = 4096;

/** A table that is full gets a new entry for each so many wanted ones of fields that repeat. */
const REFUSALS_PER_ENTRY = 1024;

/** Fields that are not known to repeat leave the rest of the table to those that are. */
const SHARE_OF_UNKNOWN = 0.75;

/** Of more fields than this none goes before another. */
const MAX_SORTED = 30;

/** The number of names that are remembered before those without an entry are forgotten. */
const MAX_NAMES = 256;

/** Encoded bytes up to this many are copied in a loop, which is then faster than a call. */
const SHORT_COPY = 32;

const NO_FIELDS: readonly string[] = [];

/** Options for {@link HpackEncoder}. */
export interface HpackEncoderOptions {
  /** The most of the peer's dynamic table that is used, in bytes. Default: 4096, whatever more the peer offers. */
  maxTableSize?: number;
  /**
   * Names, in lower case, whose values are always sent as never-indexed literals (RFC 7541, section 7.1.3), at
   * the price of sending them whole each time. Default: none. A short `authorization` or `cookie` is always
   * sent that way; a long one cannot be guessed, and is indexed as long as it does not keep changing.
   */
  sensitiveNames?: Iterable<string>;
}

/** A list's bytes, good as long as the table's version is the same. */
interface Encoded {
  readonly headers: HeaderFields;
  readonly version: number;
  readonly bytes: Buffer;
}

/**
 * Encodes the header blocks of one connection, in the order they are sent (RFC 7541, section 2.2). Blocks go
 * straight to the output: each one that is encoded must be sent.
 *
 * The dynamic table gets the fields of {@link HeaderFields}, and other fields while their names' values
 * turn out to repeat; not names known to be volatile, nor fields of more than half the table. A full table
 * changes slowly: adding means evicting what may be in use, and changes every index.
 *
 * Fields that are in the table go first, whatever their place in the list, which among fields of different names means
 * nothing (RFC 9110, section 5.3): the beginning of the block repeats, and the peer may know it by that.
 */
export class HpackEncoder {
  readonly #maxTableSize: number;
  readonly #sensitiveNames: ReadonlySet<string>;
  readonly #table: DynamicTable;
  readonly #names = new Map<string, NameRecord>();
  /** The record of the field that stood at each place of the last list: most lists have the same names in the same order. */
  readonly #recent: NameRecord[] = [];
  readonly #huffman = new Huffman();
  readonly #encoded: (Encoded | undefined)[] = Array<undefined>(HEADER_FIELDS_SLOTS).fill(undefined);

  /** Changes whenever the table does. */
  #version = 0;
  /** The serial number of the next entry. */
  #nextSerial = 0;
  #refusals = 0;

  /** The table size that the peer was last told, and the smallest one up to now. */
  #announcedSize = INITIAL_TABLE_SIZE;
  #smallestSize = INITIAL_TABLE_SIZE;
  #updateDue = false;

  constructor({ maxTableSize = DEFAULT_MAX_TABLE_SIZE, sensitiveNames = [] }: HpackEncoderOptions = {}) {
    this.#maxTableSize = maxTableSize;
    this.#sensitiveNames = new Set(sensitiveNames);
    this.#table = new DynamicTable(INITIAL_TABLE_SIZE);
    this.setMaxTableSize(INITIAL_TABLE_SIZE);
  }

  /**
   * Takes the peer's SETTINGS_HEADER_TABLE_SIZE, in bytes, when its SETTINGS are acknowledged. The next block
   * begins with the size updates that RFC 7541, section 4.2 asks for.
   */
  setMaxTableSize(size: number): void {
    const capacity = Math.min(size, this.#maxTableSize);
    this.#smallestSize = Math.min(this.#smallestSize, capacity);
    this.#updateDue = capacity !== this.#announcedSize || this.#smallestSize < this.#announcedSize;
    if (capacity === this.#table.capacity) return;
    this.#makeRoom(capacity);
    this.#table.capacity = capacity;
    this.#version++;
  }

  /** The most bytes that the next block takes if it has these fields. */
  maxLength(headers: HeaderFields, rest: readonly string[] = NO_FIELDS): number {
    return 2 * MAX_INTEGER_LENGTH + headers.maxLength + maxEncodedLength(rest);
  }

  /**
   * Writes a block with these fields to `out` at `at`, where {@link maxLength} bytes have room; returns the
   * position after it. From the second time on it is a copy of a few bytes.
   */
  encode(headers: HeaderFields, out: Buffer, at: number): number {
    if (this.#updateDue) at = this.#writeSizeUpdates(out, at);
    const known = this.#encoded[headers.slot];
    if (known === undefined || known.version !== this.#version || known.headers !== headers) {
      return this.#encodeAnew(headers, out, at);
    }
    const bytes = known.bytes;
    const length = bytes.length;
    if (length > SHORT_COPY) out.set(bytes, at);
    else for (let i = 0; i < length; i++) out[at + i] = bytes[i]!;
    return at + length;
  }

  /**
   * Like {@link encode}, with more fields after those that repeat: `rest` is name, value, name, value …, and
   * each must be valid (`isValidName`, `isValidValue`), which is not checked here. Fields of one name stay in their order,
   * and pseudo-header fields before the others.
   */
  encodeWith(headers: HeaderFields, rest: readonly string[], out: Buffer, at: number): number {
    at = this.encode(headers, out, at);
    // A bit for each field that waits until those before it are written.
    let waiting = 0;
    for (let i = 0; i < rest.length; i += 2) {
      const name = rest[i]!;
      const value = rest[i + 1]!;
      if (rest.length > 2 * MAX_SORTED || name.charCodeAt(0) === 0x3a /* : */) {
        at = this.#writeField(this.#recordOf(name), value, false, out, at);
        continue;
      }
      const place = i >>> 1;
      const record = this.#recordAt(place, name);
      const index = record.isNeverIndexed(value) ? 0 : this.#indexOf(record, value);
      if (index === 0 || (waiting !== 0 && hasName(rest, waiting, name))) waiting |= 1 << place;
      else at = writeInteger(out, at, 0x80, 7, index);
    }
    for (let i = 0; waiting !== 0; i += 2, waiting >>>= 1) {
      if ((waiting & 1) === 0) continue;
      at = this.#writeField(this.#recordAt(i >>> 1, rest[i]!), rest[i + 1]!, false, out, at);
    }
    return at;
  }

  #encodeAnew(headers: HeaderFields, out: Buffer, start: number): number {
    const version = this.#version;
    const { fields, slot } = headers;
    let at = start;
    for (let i = 0; i < fields.length; i += 2)
      at = this.#writeField(this.#recordOf(fields[i]!), fields[i + 1]!, true, out, at);
    if (this.#version === version) {
      this.#encoded[slot] = { headers, version, bytes: Buffer.from(out.subarray(start, at)) };
    }
    return at;
  }

  /** RFC 7541, section 4.2: the smallest size since the last block, if it was smaller, and the one to use now. */
  #writeSizeUpdates(out: Buffer, at: number): number {
    const capacity = this.#table.capacity;
    if (this.#smallestSize < Math.min(this.#announcedSize, capacity))
      at = writeInteger(out, at, 0x20, 5, this.#smallestSize);
    at = writeInteger(out, at, 0x20, 5, capacity);
    this.#announcedSize = capacity;
    this.#smallestSize = capacity;
    this.#updateDue = false;
    return at;
  }

  #writeField(record: NameRecord, value: string, repeats: boolean, out: Buffer, at: number): number {
    if (record.isNeverIndexed(value)) {
      return this.#writeLiteral(record, 0x10, 4, value, repeats, out, at);
    }
    const index = this.#indexOf(record, value);
    if (index > 0) return writeInteger(out, at, 0x80, 7, index);
    if (!this.#admits(record, value, repeats)) {
      return this.#writeLiteral(record, 0x00, 4, value, repeats, out, at);
    }
    const { name } = record;
    at = this.#writeLiteral(record, 0x40, 6, value, true, out, at);
    this.#makeRoom(this.#table.capacity - name.length - value.length - ENTRY_OVERHEAD);
    this.#table.add(name, value);
    record.added(value, this.#nextSerial++);
    this.#version++;
    return at;
  }

  /** Section 6.2: a literal, its name by index if there is one. */
  #writeLiteral(
    record: NameRecord,
    flags: number,
    prefixBits: number,
    value: string,
    compact: boolean,
    out: Buffer,
    at: number,
  ): number {
    let index = record.staticIndex;
    if (index === 0 && this.#isLive(record.newestSerial)) index = this.#indexOfSerial(record.newestSerial);
    at = writeInteger(out, at, flags, prefixBits, index);
    if (index === 0) at = this.#writeString(record.name, compact, out, at);
    return this.#writeString(value, compact, out, at);
  }

  /**
   * Section 5.2. `compact`: Huffman-coded if that is shorter, for what is encoded and decoded once and then
   * known. A trace context would save 16 bytes in each call and cost both sides ten times a copy.
   */
  #writeString(text: string, compact: boolean, out: Buffer, at: number): number {
    if (compact) {
      const length = this.#huffman.encodedLength(text);
      if (length < text.length) {
        return this.#huffman.encode(text, out, writeInteger(out, at, 0x80, 7, length));
      }
    }
    return writeLatin1(text, out, writeInteger(out, at, 0x00, 7, text.length));
  }

  /** The index of the entry that has both name and value, or 0. */
  #indexOf(record: NameRecord, value: string): number {
    const index = record.staticValues?.get(value);
    if (index !== undefined) return index;
    let serial: number | undefined = record.newestSerial;
    if (record.newestValue !== value || !this.#isLive(serial)) {
      // With one value at most, that is the newest one.
      if (record.values.size < 2) return 0;
      serial = record.values.get(value);
      if (serial === undefined) return 0;
    }
    record.reused();
    return this.#indexOfSerial(serial);
  }

  /** True if a field that is in neither table is to be added to the dynamic one. */
  #admits(record: NameRecord, value: string, repeats: boolean): boolean {
    const { capacity, size } = this.#table;
    const entry = record.name.length + value.length + ENTRY_OVERHEAD;
    if (entry > capacity / 2) return false;
    const proven = repeats || record.isRepeated(value);
    if (!proven && !record.isWorthATry(value)) return false;
    if (size + entry <= (repeats ? capacity : capacity * SHARE_OF_UNKNOWN)) return true;
    if (!proven || ++this.#refusals < REFUSALS_PER_ENTRY) return false;
    this.#refusals = 0;
    return true;
  }

  #isLive(serial: number): boolean {
    return serial >= this.#nextSerial - this.#table.length;
  }

  #indexOfSerial(serial: number): number {
    return STATIC_TABLE_LENGTH + this.#nextSerial - serial;
  }

  /** Evicts until the entries take `size` bytes at most, here as the peer does. */
  #makeRoom(size: number): void {
    const table = this.#table;
    while (table.size > size) {
      const oldest = table.length - 1;
      this.#names.get(table.name(oldest))?.values.delete(table.value(oldest));
      table.evictOldest();
    }
  }

  /** The record of the name that stands at a place of a list, mostly without a look-up. */
  #recordAt(place: number, name: string): NameRecord {
    const recent = this.#recent[place];
    if (recent !== undefined && recent.name === name) return recent;
    return (this.#recent[place] = this.#recordOf(name));
  }

  #recordOf(name: string): NameRecord {
    return this.#names.get(name) ?? this.#remember(name);
  }

  #remember(name: string): NameRecord {
    if (this.#names.size >= MAX_NAMES) {
      for (const [known, record] of this.#names) if (record.values.size === 0) this.#names.delete(known);
      // One that is forgotten must not get an entry.
      this.#recent.length = 0;
    }
    const record = new NameRecord(name, this.#sensitiveNames.has(name));
    this.#names.set(name, record);
    return record;
  }
}

/** True if one of the fields that `among` has a bit for has this name. */
function hasName(fields: readonly string[], among: number, name: string): boolean {
  for (let i = 0; among !== 0; i += 2, among >>>= 1) if ((among & 1) !== 0 && fields[i] === name) return true;
  return false;
}
