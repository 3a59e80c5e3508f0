/** Reads decisions from an input, from its beginning. An input at its end says 0. */
export class InputReader {
  readonly #input: Buffer;
  #at = 0;

  constructor(input: Buffer) {
    this.#input = input;
  }

  get atEnd(): boolean {
    return this.#at >= this.#input.length;
  }

  byte(): number {
    return this.#input[this.#at++] ?? 0;
  }

  /** A whole number below the limit, which is at most 256. */
  below(limit: number): number {
    return this.byte() % limit;
  }

  bytes(length: number): Buffer {
    const start = this.#at;
    this.#at += length;
    return this.#input.subarray(start, this.#at);
  }

  rest(): Buffer {
    return this.bytes(this.#input.length);
  }
}
