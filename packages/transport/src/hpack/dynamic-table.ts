/** The size that each entry counts for beyond its name and value (RFC 7541, section 4.1). */
export const ENTRY_OVERHEAD = 32;

/** Slots that a table starts with; it doubles as entries come. */
const FIRST_SLOTS = 16;

/**
 * The dynamic table (RFC 7541, section 2.3.2): a ring of names and values, the newest entry first. Strings
 * are of characters up to U+00FF, so that a string's length is its number of bytes.
 */
export class DynamicTable {
  /** The most that {@link size} may be (section 4.2), in bytes. */
  capacity: number;
  /** The sum of the entries' sizes (section 4.1), in bytes. */
  size = 0;
  /** The number of entries that there are. */
  length = 0;

  /** A name and a value for each slot. */
  #slots: string[] = Array<string>(2 * FIRST_SLOTS).fill("");
  #mask = FIRST_SLOTS - 1;
  /** The slot of the newest entry; entries get older as slots go up, around the ring. */
  #newest = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** The name of entry `i`, 0 being the newest; `i` is less than {@link length}. */
  name(i: number): string {
    return this.#slots[2 * ((this.#newest + i) & this.#mask)]!;
  }

  /** The value of entry `i`. */
  value(i: number): string {
    return this.#slots[2 * ((this.#newest + i) & this.#mask) + 1]!;
  }

  /** Adds an entry that fits in {@link capacity} with what is there: make room first. */
  add(name: string, value: string): void {
    if (this.length > this.#mask) this.#grow();
    this.#newest = (this.#newest - 1) & this.#mask;
    this.#slots[2 * this.#newest] = name;
    this.#slots[2 * this.#newest + 1] = value;
    this.length++;
    this.size += name.length + value.length + ENTRY_OVERHEAD;
  }

  /** Evicts from the oldest entry on until the entries take `size` bytes at most (section 4.3, 4.4). */
  shrinkTo(size: number): void {
    while (this.size > size) this.evictOldest();
  }

  evictOldest(): void {
    const slot = 2 * ((this.#newest + --this.length) & this.#mask);
    this.size -= this.#slots[slot]!.length + this.#slots[slot + 1]!.length + ENTRY_OVERHEAD;
    // An evicted string must not live on in the ring.
    this.#slots[slot] = "";
    this.#slots[slot + 1] = "";
  }

  #grow(): void {
    const grown: string[] = [];
    for (let i = 0; i < this.length; i++) grown.push(this.name(i), this.value(i));
    while (grown.length < 4 * this.length) grown.push("");
    this.#slots = grown;
    this.#mask = 2 * this.length - 1;
    this.#newest = 0;
  }
}
