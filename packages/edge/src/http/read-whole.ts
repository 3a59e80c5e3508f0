import { TimeLimit } from "../internal/time-limit.js";
import { tooLarge, tooSlow } from "./body-errors.js";

/**
 * Reads a body to its end.
 *
 * @throws {EdgeError} if it is too large or too slow.
 */
export async function readWhole(
  chunks: AsyncIterator<Uint8Array>,
  maxBytes: number,
  timeoutMs: number,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  const isTooSlow = Symbol("too slow");
  let onPassed = () => {};
  const passed = new Promise<typeof isTooSlow>((resolve) => (onPassed = () => resolve(isTooSlow)));
  const limit = new TimeLimit(timeoutMs, () => onPassed());
  try {
    for (;;) {
      const next = await Promise.race([chunks.next(), passed]);
      if (next === isTooSlow) throw tooSlow(timeoutMs);
      if (next.done === true) return parts.length === 1 ? parts[0]! : Buffer.concat(parts, size);
      size += next.value.length;
      parts.push(next.value);
      if (size > maxBytes) throw tooLarge(maxBytes);
    }
  } finally {
    limit.clear();
  }
}
