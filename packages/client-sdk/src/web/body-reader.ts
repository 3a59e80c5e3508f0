import type { ByteReader } from "./web-options.js";

/** Reads the body of a response by parts of a known length. */
export interface BodyReader {
  /**
   * Up to `size` bytes: fewer only if the body ends before. Memory is taken as bytes come, in however small pieces: a length that a
   * server claims costs nothing.
   */
  take(size: number): Promise<Uint8Array>;
  /** Lets go of the body, and of its request if that still runs. */
  cancel(): void;
}

export function bodyReader(body: { getReader(): ByteReader } | null): BodyReader {
  const reader = body?.getReader();
  /** What has come and was not read. */
  let chunk: Uint8Array = new Uint8Array();
  return {
    async take(size) {
      let bytes = new Uint8Array();
      for (let have = 0; ;) {
        const part = chunk.subarray(0, size - have);
        chunk = chunk.subarray(part.length);
        const needed = have + part.length;
        if (needed > bytes.length) {
          const larger = new Uint8Array(Math.min(size, 2 * needed));
          larger.set(bytes);
          bytes = larger;
        }
        bytes.set(part, have);
        have = needed;
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        const next = have < size ? await reader?.read() : undefined;
        if (!next?.value) return bytes.subarray(0, have);
        chunk = next.value;
      }
    },
    cancel() {
      reader?.cancel().catch(() => {});
    },
  };
}
