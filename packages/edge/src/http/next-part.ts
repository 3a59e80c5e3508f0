import { TimeLimit } from "../internal/time-limit.js";
import { tooSlow } from "./body-errors.js";

/**
 * The next part of a body that comes while it is read.
 *
 * @param timeoutMs The time that it may take, in milliseconds; undefined if nothing has begun that it must complete.
 * @throws {EdgeError} if it takes longer.
 */
export async function nextPart(
  parts: AsyncIterator<Uint8Array>,
  timeoutMs: number | undefined,
): Promise<IteratorResult<Uint8Array, unknown>> {
  if (timeoutMs === undefined) return parts.next();
  let onPassed = () => {};
  const passed = new Promise<never>((_, reject) => (onPassed = () => reject(tooSlow(timeoutMs))));
  const limit = new TimeLimit(timeoutMs, () => onPassed());
  try {
    return await Promise.race([parts.next(), passed]);
  } finally {
    limit.clear();
  }
}
