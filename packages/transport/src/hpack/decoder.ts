import { BlockReader } from "./block-reader.js";
import { BytesCache } from "./bytes-cache.js";
import { DynamicTable, ENTRY_OVERHEAD } from "./dynamic-table.js";
import { HpackError } from "./errors.js";
import { isValidName, isValidValue } from "./field-rules.js";
import { HeaderList } from "./header-list.js";
import { STATIC_TABLE, STATIC_TABLE_LENGTH } from "./static-table.js";

/** SETTINGS_HEADER_TABLE_SIZE before any SETTINGS (RFC 9113, section 6.5.2), in bytes. */
export const DEFAULT_MAX_TABLE_SIZE = 4096;

/** The largest header list that is accepted by default, in bytes. */
export const DEFAULT_MAX_HEADER_LIST_SIZE = 16 * 1024;

/** Blocks longer than this many bytes are decoded each time that they come. */
const MAX_KNOWN_BLOCK = 192;
/** Lists of more fields than this are not kept for when their block comes again. */
const MAX_KNOWN_FIELDS = 32;
/** After so many blocks with literals that did not come again, only each sixteenth is looked for, until one comes again. */
const MAX_MISSES = 256;
/** Stands where no list is being decoded; nothing is added to it. */
const NO_FIELDS: string[] = [];

/** Options for {@link HpackDecoder}. */
export interface HpackDecoderOptions {
  /**
   * The SETTINGS_HEADER_TABLE_SIZE that the peer may use from the beginning, in bytes. Default: 4096, which the
   * peer may use until it has acknowledged another.
   */
  maxTableSize?: number;
  /**
   * The largest header list whose fields are kept, in bytes as RFC 9113, section 6.5.2 counts them: 32 for each
   * field besides its name and value, so that it bounds the number of fields too. Default: 16 KiB.
   */
  maxHeaderListSize?: number;
}

/**
 * Decodes the header blocks of one connection, in the order they come (RFC 7541, section 3). A whole block is
 * needed: HEADERS or PUSH_PROMISE with all its CONTINUATION, whose total the caller limits.
 *
 * A block that neither adds to the dynamic table nor resizes it means the same until the table changes. When
 * such a block comes again it is recognised by its bytes, and the same {@link HeaderList} is returned. If only its beginning
 * comes again, the indexed fields before the first literal, then that is recognised: it is the list's `base`, and only the
 * rest is decoded.
 */
export class HpackDecoder {
  readonly #maxHeaderListSize: number;
  /** The SETTINGS_HEADER_TABLE_SIZE in force: what a size update may go up to. */
  #maxTableSize: number;
  /** The most that the next block's first size update may set; -1 if none is due (section 4.2). */
  #updateDue = -1;
  readonly #table: DynamicTable;
  readonly #reader = new BlockReader();
  /** The meaning of runs of indexed fields: whole blocks, and their beginnings. */
  readonly #known = new BytesCache<HeaderList>(MAX_KNOWN_BLOCK);
  /** The meaning of blocks with literals that leave the table as it is. */
  readonly #repeated = new BytesCache<HeaderList>(MAX_KNOWN_BLOCK);
  /** The number of blocks with literals since one of them came again. */
  #misses = 0;
  /** True if a malformed string may be in the table: then each list is looked at whole. */
  #tableSuspect = false;
  /** True if the block that is decoded has left the table as it was. */
  #tableIsAsBefore = true;

  // The list being decoded.
  #fields = NO_FIELDS;
  #size = 0;

  constructor({
    maxTableSize = DEFAULT_MAX_TABLE_SIZE,
    maxHeaderListSize = DEFAULT_MAX_HEADER_LIST_SIZE,
  }: HpackDecoderOptions = {}) {
    this.#maxTableSize = maxTableSize;
    this.#maxHeaderListSize = maxHeaderListSize;
    this.#table = new DynamicTable(maxTableSize);
  }

  /**
   * Puts our SETTINGS_HEADER_TABLE_SIZE in force, once the peer has acknowledged it. If the table may now be
   * larger than that, the next block must begin with a size update (RFC 7541, section 4.2, RFC 9113, section 4.3.1).
   */
  setMaxTableSize(size: number): void {
    this.#maxTableSize = size;
    if (size < this.#table.capacity && (this.#updateDue < 0 || size < this.#updateDue))
      this.#updateDue = size;
  }

  /**
   * Decodes the block that is in `block` from `start` to `end`; keeps no reference to `block`.
   *
   * @throws HpackError if the block is not valid; the decoder is not to be used after that
   */
  decode(block: Buffer, start: number, end: number): HeaderList {
    // While an update is due a block without one is not valid, whatever it was before.
    if (this.#updateDue >= 0) return this.#decodeFrom(block, start, end, undefined);
    let literal = start;
    while (literal < end && isShortIndex(block[literal]!)) literal++;
    if (literal < end) return this.#decodeLiterals(block, start, literal, end);
    const known = this.#known.find(block, start, end);
    if (known !== undefined) return known;
    const list = this.#decodeFrom(block, start, end, undefined);
    if (isWorthKeeping(list)) this.#known.offer(list);
    return list;
  }

  /** Decodes a block whose first run of indexed fields ends at `literal`. */
  #decodeLiterals(block: Buffer, start: number, literal: number, end: number): HeaderList {
    const misses = this.#misses++;
    const mayRepeat = misses < MAX_MISSES || misses % 16 === 0;
    if (mayRepeat) {
      const known = this.#repeated.find(block, start, end);
      if (known !== undefined) {
        this.#misses = 0;
        return known;
      }
    }
    const base = literal === start ? undefined : this.#baseOf(block, start, literal);
    const list = this.#decodeFrom(block, base === undefined ? start : literal, end, base);
    if (mayRepeat && this.#tableIsAsBefore && isWorthKeeping(list)) this.#repeated.offer(list);
    return list;
  }

  /** Decodes the run of indexed fields that a block begins with, if one has begun so before. */
  #baseOf(block: Buffer, start: number, end: number): HeaderList | undefined {
    let base = this.#known.find(block, start, end);
    if (base === undefined) {
      if (!this.#known.wasSeen()) return undefined;
      base = this.#decodeFrom(block, start, end, undefined);
      if (!isWorthKeeping(base)) return undefined;
      this.#known.keep(base);
    }
    return base.malformed ? undefined : base;
  }

  /** Decodes a block from the beginning, or what follows its `base`. */
  #decodeFrom(block: Buffer, start: number, end: number, base: HeaderList | undefined): HeaderList {
    const reader = this.#reader;
    reader.begin(block, start, end);
    this.#fields = [];
    this.#size = base === undefined ? 0 : base.size;
    this.#tableIsAsBefore = true;
    try {
      if (base === undefined) this.#readSizeUpdates();
      this.#readFields();
      return this.#finish(base);
    } finally {
      reader.release();
      this.#fields = NO_FIELDS;
    }
  }

  /** Decodes each field's representation (RFC 7541, section 6). */
  #readFields(): void {
    const reader = this.#reader;
    const { bytes, end } = reader;
    while (reader.at < end) {
      const first = bytes[reader.at]!;
      if (first >= 0x80) {
        this.#addIndexed(reader.integer(0x7f));
      } else if (first >= 0x40) {
        // Section 6.2.1. The name is taken before the eviction that may remove its entry (section 4.4).
        const index = reader.integer(0x3f);
        const name = index === 0 ? reader.name() : this.#nameAt(index);
        const value = reader.newValue();
        this.#addToTable(name, value);
        this.#addField(name, value);
      } else if (first >= 0x20) {
        throw new HpackError("Size update after a field");
      } else {
        // Sections 6.2.2 and 6.2.3: never indexed is not indexed, if fields are not forwarded.
        const index = reader.integer(0x0f);
        const name = index === 0 ? reader.name() : this.#nameAt(index);
        this.#addField(name, reader.value());
      }
    }
  }

  /** Section 6.3: size updates stand at the beginning of a block; the last of them counts. */
  #readSizeUpdates(): void {
    const reader = this.#reader;
    const table = this.#table;
    while (reader.at < reader.end && (reader.bytes[reader.at]! & 0xe0) === 0x20) {
      const size = reader.integer(0x1f);
      if (size > (this.#updateDue >= 0 ? this.#updateDue : this.#maxTableSize)) {
        throw new HpackError("Size update above the limit");
      }
      this.#updateDue = -1;
      table.capacity = size;
      table.shrinkTo(size);
      this.#forgetKnown();
    }
    if (this.#updateDue >= 0) throw new HpackError("Size update missing after a reduction");
  }

  /** The table changes: what was known means something else, or nothing. */
  #forgetKnown(): void {
    this.#tableIsAsBefore = false;
    this.#known.clear();
    this.#repeated.clear();
  }

  /** Section 6.1. */
  #addIndexed(index: number): void {
    if (index === 0) throw new HpackError("Index 0");
    if (index <= STATIC_TABLE_LENGTH) {
      this.#addField(STATIC_TABLE[2 * index]!, STATIC_TABLE[2 * index + 1]!);
    } else {
      const entry = this.#dynamicEntry(index);
      // It may not be, and is not looked at again.
      this.#reader.isText = false;
      this.#addField(this.#table.name(entry), this.#table.value(entry));
    }
  }

  #nameAt(index: number): string {
    return index <= STATIC_TABLE_LENGTH
      ? STATIC_TABLE[2 * index]!
      : this.#table.name(this.#dynamicEntry(index));
  }

  /** Section 2.3.3: the dynamic table's entries follow the static table's, the newest first. */
  #dynamicEntry(index: number): number {
    const entry = index - STATIC_TABLE_LENGTH - 1;
    if (entry >= this.#table.length) throw new HpackError("Index past the table");
    return entry;
  }

  /** Section 4.4: an entry larger than the table empties it, and is no error. */
  #addToTable(name: string, value: string): void {
    const table = this.#table;
    const size = name.length + value.length + ENTRY_OVERHEAD;
    this.#forgetKnown();
    if (size > table.capacity) {
      table.shrinkTo(0);
      return;
    }
    table.shrinkTo(table.capacity - size);
    table.add(name, value);
    if (this.#reader.malformed) this.#tableSuspect = true;
  }

  /** A list over the limit is decoded to its end, for the table's sake, but nothing of it is kept. */
  #addField(name: string, value: string): void {
    this.#size += name.length + value.length + ENTRY_OVERHEAD;
    if (this.#size <= this.#maxHeaderListSize) this.#fields.push(name, value);
    else if (this.#fields.length > 0) this.#fields = [];
  }

  #finish(base: HeaderList | undefined): HeaderList {
    const fields = this.#fields;
    const size = this.#size;
    const reader = this.#reader;
    let malformed = reader.malformed;
    if (this.#tableSuspect && !malformed) {
      for (let i = 0; i < fields.length && !malformed; i += 2) {
        malformed = !isValidName(fields[i]!) || !isValidValue(fields[i + 1]!);
      }
    }
    if (size > this.#maxHeaderListSize) return new HeaderList([], size, true, malformed);
    return new HeaderList(fields, size, false, malformed, reader.isText || undefined, base);
  }
}

/** True if a byte is an indexed field (section 6.1) by itself, without more of its index in the bytes after it. */
function isShortIndex(byte: number): boolean {
  return byte >= 0x80 && byte !== 0xff;
}

function isWorthKeeping(list: HeaderList): boolean {
  return !list.tooLarge && list.rest.length <= 2 * MAX_KNOWN_FIELDS;
}
