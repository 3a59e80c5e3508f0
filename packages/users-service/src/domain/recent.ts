/** The newest entries of a sequence that is numbered without a gap, in a ring of fixed size. */
export class Recent<T> {
  readonly #ring: T[] = [];
  readonly #size: number;
  #start: number;
  #last: number;

  /**
   * @param last Number of the newest entry so far, which is not in the ring.
   * @param size The number of entries that are kept; at least 1.
   */
  constructor(last: number, size: number) {
    if (!(size >= 1)) {
      throw new RangeError(`At least one entry must be kept, and not ${size}`);
    }
    this.#start = last;
    this.#last = last;
    this.#size = size;
  }

  /** Number of the newest entry. */
  get last(): number {
    return this.#last;
  }

  /** The number after which every entry is kept. */
  get reachesBackTo(): number {
    return Math.max(this.#start, this.#last - this.#size);
  }

  /** Adds the entry number {@link last} + 1. */
  push(entry: T): void {
    // Counted from the start, so that the array fills from 0 and stays dense.
    this.#ring[(this.#last - this.#start) % this.#size] = entry;
    this.#last++;
  }

  /** The entry with a number; undefined if it is not kept, or not yet there. */
  at(number: number): T | undefined {
    return number > this.reachesBackTo && number <= this.#last
      ? this.#ring[(number - 1 - this.#start) % this.#size]
      : undefined;
  }
}
