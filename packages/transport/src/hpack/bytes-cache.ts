/** The number of values that a cache holds at most; a power of two. */
const SLOTS = 64;
/** A value may be in so many slots, from the one that its hash names on. */
const PROBES = 4;
/** After so many first sightings, sightings are forgotten. */
const MAX_SIGHTINGS = 256;

/** One known sequence of bytes. */
interface Entry<T> {
  readonly hash: number;
  readonly length: number;
  /** The bytes, four to a word. */
  readonly words: Int32Array;
  readonly value: T;
}

/**
 * Keeps what a sequence of bytes was decoded to, for a few short sequences that are seen again and again. A value is
 * kept when its bytes come for the second time, so that what never repeats costs no memory and displaces
 * nothing. It holds at most 64 values; looking up takes about a nanosecond a byte.
 */
export class BytesCache<T> {
  readonly #maxLength: number;
  readonly #entries: (Entry<T> | undefined)[] = Array<undefined>(SLOTS).fill(undefined);
  #count = 0;
  /** Which of its slots a value goes to when all are taken. */
  #victim = 0;

  /** The bytes last looked for, four to a word, their hash, and their number: 0 if they are too long. */
  readonly #words: Int32Array;
  #hash = 0;
  #length = 0;

  /** A bit for each 10-bit hash that has been seen. A bit set by another's hash does no harm. */
  readonly #seen = new Int32Array(32);
  #sightings = 0;

  /** `maxLength`: sequences longer than this many bytes are not looked for nor kept. */
  constructor(maxLength: number) {
    this.#maxLength = maxLength;
    this.#words = new Int32Array((maxLength + 3) >>> 2);
  }

  /** The value kept for these bytes. The bytes are remembered for {@link offer} and {@link wasSeen}. */
  find(bytes: Uint8Array, start: number, end: number): T | undefined {
    const length = end - start;
    if (length > this.#maxLength) {
      this.#length = 0;
      return undefined;
    }
    const hash = this.#load(bytes, start, length);
    for (let probe = 0; probe < PROBES; probe++) {
      const entry = this.#entries[((hash >>> 26) + probe) & (SLOTS - 1)];
      if (entry !== undefined && entry.hash === hash && entry.length === length && this.#holds(entry.words)) {
        return entry.value;
      }
    }
    return undefined;
  }

  /** Keeps `value` for the bytes that {@link find} last looked for in vain, if it is not for the first time. */
  offer(value: T): void {
    if (this.wasSeen()) this.keep(value);
  }

  /** True if a value for the bytes that {@link find} last looked for in vain is worth keeping: it is not for the first time. */
  wasSeen(): boolean {
    return this.#length > 0 && this.#sighted();
  }

  /** Keeps `value` for the bytes that {@link find} last looked for in vain, and that {@link wasSeen}. */
  keep(value: T): void {
    const home = this.#hash >>> 26;
    let slot = (home + this.#victim) & (SLOTS - 1);
    for (let probe = 0; probe < PROBES; probe++) {
      const candidate = (home + probe) & (SLOTS - 1);
      if (this.#entries[candidate] === undefined) {
        slot = candidate;
        break;
      }
    }
    if (this.#entries[slot] === undefined) this.#count++;
    else this.#victim = (this.#victim + 1) % PROBES;
    const words = this.#words.slice(0, (this.#length + 3) >>> 2);
    this.#entries[slot] = { hash: this.#hash, length: this.#length, words, value };
  }

  /** Forgets every value, not which bytes were seen. */
  clear(): void {
    if (this.#count === 0) return;
    this.#entries.fill(undefined);
    this.#count = 0;
  }

  /** Takes the bytes in as words, and hashes them. */
  #load(bytes: Uint8Array, start: number, length: number): number {
    const words = this.#words;
    let hash = length;
    let at = start;
    let word = 0;
    for (const last = start + length - 3; at < last; at += 4) {
      const four = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
      words[word++] = four;
      // Cheap and linear, mixed at the end: who makes collisions only slows itself down.
      hash = ((hash << 5) | (hash >>> 27)) ^ four;
    }
    if (at < start + length) {
      let rest = 0;
      for (; at < start + length; at++) rest = (rest << 8) | bytes[at]!;
      words[word] = rest;
      hash = ((hash << 5) | (hash >>> 27)) ^ rest;
    }
    this.#length = length;
    this.#hash = Math.imul(hash, 0x9e3779b1);
    return this.#hash;
  }

  #holds(words: Int32Array): boolean {
    const mine = this.#words;
    for (let i = 0; i < words.length; i++) if (words[i] !== mine[i]) return false;
    return true;
  }

  /** Notes that the bytes were seen; whether they had been before. */
  #sighted(): boolean {
    const bit = this.#hash >>> 22;
    const mask = 1 << (bit & 31);
    const word = this.#seen[bit >>> 5]!;
    if ((word & mask) !== 0) return true;
    if (++this.#sightings > MAX_SIGHTINGS) {
      this.#seen.fill(0);
      this.#sightings = 1;
      this.#seen[bit >>> 5] = mask;
    } else this.#seen[bit >>> 5] = word | mask;
    return false;
  }
}
