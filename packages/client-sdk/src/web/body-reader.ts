import type { ByteReader } from "./web-options.js";

/** The memory that reading begins with, in bytes. */
const FIRST_BYTES = 1024;

/** Reads the body of a response by parts of a known length. */
export class BodyReader {
  readonly #reader: ByteReader | undefined;
  /** What has come and was not read. */
  #chunk: Uint8Array = new Uint8Array();

  constructor(body: { getReader(): ByteReader } | null) {
    this.#reader = body?.getReader();
  }

  /**
   * Up to `size` bytes: fewer only if the body ends before. Memory is taken as bytes come, in however small pieces: a length that a
   * server claims costs nothing.
   */
  async take(size: number): Promise<Uint8Array> {
    let bytes = new Uint8Array(Math.min(size, FIRST_BYTES));
    for (let have = 0; ;) {
      const part = this.#chunk.subarray(0, size - have);
      this.#chunk = this.#chunk.subarray(part.length);
      const needed = have + part.length;
      if (needed > bytes.length) {
        const larger = new Uint8Array(Math.min(size, 2 * needed));
        larger.set(bytes);
        bytes = larger;
      }
      bytes.set(part, have);
      have = needed;
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const next = have < size ? await this.#reader?.read() : undefined;
      if (next?.value === undefined) return bytes.subarray(0, have);
      this.#chunk = next.value;
    }
  }

  /** Lets go of the body, and of its request if that still runs. */
  cancel(): void {
    this.#reader?.cancel().catch(() => {});
  }
}
