import type { ByteReader } from "./web-options.js";

/** Reads the body of a response by parts of a known length. */
export class BodyReader {
  readonly #reader: ByteReader | undefined;
  /** What has come and was not read. */
  #chunk: Uint8Array = new Uint8Array();

  constructor(body: { getReader(): ByteReader } | null) {
    this.#reader = body?.getReader();
  }

  /**
   * Up to `size` bytes: fewer only if the body ends before. Memory is taken as bytes come, so that a length that a server claims
   * costs nothing.
   */
  async take(size: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let have = 0;
    for (;;) {
      const part = this.#chunk.subarray(0, size - have);
      this.#chunk = this.#chunk.subarray(part.length);
      have += part.length;
      parts.push(part);
      if (have === size) break;
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const next = await this.#reader?.read();
      if (next?.value === undefined) break;
      this.#chunk = next.value;
    }
    const bytes = new Uint8Array(have);
    for (const part of parts.toReversed()) bytes.set(part, (have -= part.length));
    return bytes;
  }

  /** Lets go of the body, and of its request if that still runs. */
  cancel(): void {
    this.#reader?.cancel().catch(() => {});
  }
}
