import { BodyBounds } from "./body-bounds.js";
import type { BodyLimits } from "./held-bytes.js";

/**
 * The next part of a body that comes while it is read.
 *
 * @param begun The bytes of what has begun, and must be completed; 0 if nothing has: then it may take any time.
 * @throws {EdgeError} if it takes too long, or if too much is held.
 */
export async function nextPart(
  parts: AsyncIterator<Uint8Array>,
  begun: number,
  limits: BodyLimits,
): Promise<IteratorResult<Uint8Array, unknown>> {
  if (begun === 0) return parts.next();
  const bounds = new BodyBounds(limits);
  try {
    return await bounds.wait(parts.next(), begun);
  } finally {
    bounds.end();
  }
}
