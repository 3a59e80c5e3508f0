/** Numbers by chance that are the same in each run: a linear congruential generator (Knuth's MMIX). */
export class Random {
  #state: bigint;

  constructor(seed: number) {
    this.#state = BigInt(seed) + 0x9e3779b97f4a7c15n;
    this.#next();
  }

  /** An integer of at most so many bits; at most 53. */
  integer(bits: number): number {
    return Number(this.#next() >> BigInt(64 - bits));
  }

  /** An integer of at most so many bits, where small ones are as likely as large ones. */
  varied(mostBits: number): number {
    return this.integer(1 + Math.floor(this.fraction() * mostBits));
  }

  /** A number from 0 up to 1. */
  fraction(): number {
    return this.integer(53) / 2 ** 53;
  }

  #next(): bigint {
    this.#state = BigInt.asUintN(64, this.#state * 6364136223846793005n + 1442695040888963407n);
    return this.#state;
  }
}
