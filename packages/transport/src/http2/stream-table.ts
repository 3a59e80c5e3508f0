import type { Http2Stream } from "./stream.js";

/** Slots of a new table: a power of two, as all sizes are. */
const FIRST_SLOTS = 16;
/** A table of so many slots does not shrink: calls that come and go together would have it made anew all the time. */
const KEPT_SLOTS = 256;
/** 2^32 divided by the golden ratio: spreads ids that follow each other evenly (Knuth's multiplicative hash). */
const GOLDEN = 0x9e37_79b1;

/**
 * The open streams of a connection by their ids: open addressing with linear probing. A Map would do, but for the memory:
 * streams come and go so fast that it makes a new table every few of them, and each table keeps the one after it alive,
 * with all streams in it, once the collector has taken it for long-lived.
 */
export class StreamTable {
  /** The number of streams that are open. */
  size = 0;
  #slots: (Http2Stream | undefined)[] = emptySlots(FIRST_SLOTS);
  #shift = shiftFor(FIRST_SLOTS);
  /** Not the same everywhere, so that a peer cannot choose ids that share a slot. */
  readonly #factor = (GOLDEN ^ (Math.trunc(Math.random() * 0x1_0000) << 1)) | 0;

  get(id: number): Http2Stream | undefined {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let at = Math.imul(id, this.#factor) >>> this.#shift; ; at = (at + 1) & mask) {
      const stream = slots[at];
      if (stream === undefined || stream.id === id) return stream;
    }
  }

  /** Adds a stream, by its id, which no other stream in the table has. */
  add(stream: Http2Stream): void {
    if (++this.size * 2 > this.#slots.length) this.#resize(this.#slots.length * 2);
    this.#insert(stream);
  }

  /** Removes a stream that is in the table. */
  delete({ id }: Http2Stream): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let hole = Math.imul(id, this.#factor) >>> this.#shift;
    while (slots[hole]!.id !== id) hole = (hole + 1) & mask;
    // The streams behind it move up, unless one would come before its own slot: `get` stops at the first empty one.
    for (let at = (hole + 1) & mask; ; at = (at + 1) & mask) {
      const stream = slots[at];
      if (stream === undefined) break;
      const home = Math.imul(stream.id, this.#factor) >>> this.#shift;
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      slots[hole] = stream;
      hole = at;
    }
    slots[hole] = undefined;
    if (--this.size * 8 < slots.length && slots.length > KEPT_SLOTS) this.#resize(slots.length / 2);
  }

  /** All streams as they are now, in any order: it does not matter what becomes of them meanwhile. */
  values(): Http2Stream[] {
    return this.#slots.filter((stream) => stream !== undefined);
  }

  /** All streams as they are now, in the order of their ids: it does not matter what becomes of them meanwhile. */
  toArray(): Http2Stream[] {
    return this.values().toSorted((a, b) => a.id - b.id);
  }

  #insert(stream: Http2Stream): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let at = Math.imul(stream.id, this.#factor) >>> this.#shift;
    while (slots[at] !== undefined) at = (at + 1) & mask;
    slots[at] = stream;
  }

  #resize(length: number): void {
    const before = this.#slots;
    this.#slots = emptySlots(length);
    this.#shift = shiftFor(length);
    for (const stream of before) if (stream !== undefined) this.#insert(stream);
  }
}

function emptySlots(length: number): undefined[] {
  return Array.from({ length });
}

/** The shift that makes a hash of 32 bits an index. */
function shiftFor(length: number): number {
  return 32 - Math.log2(length);
}
