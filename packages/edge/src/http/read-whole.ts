import { BodyBounds } from "./body-bounds.js";
import { tooLarge } from "./body-errors.js";
import type { BodyLimits } from "./held-bytes.js";
import { JoinedParts } from "./joined-parts.js";

/**
 * Reads a body to its end.
 *
 * @throws {EdgeError} if it is too large or too slow, or if too much is held.
 */
export async function readWhole(chunks: AsyncIterator<Uint8Array>, limits: BodyLimits): Promise<Uint8Array> {
  const parts = new JoinedParts();
  const bounds = new BodyBounds(limits);
  try {
    for (;;) {
      const next = await bounds.wait(chunks.next(), parts.size);
      if (next.done === true) return parts.take();
      parts.add(next.value);
      if (parts.size > limits.maxBytes) throw tooLarge(limits.maxBytes);
    }
  } finally {
    bounds.end();
  }
}
