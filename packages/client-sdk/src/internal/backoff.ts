/** The time to wait before trying again: longer each time, up to a ceiling. */
export interface Backoff {
  /** Before the first repeat, in milliseconds. */
  initialMs: number;
  /** The ceiling, in milliseconds. */
  maxMs: number;
  /** By how much each wait is longer than the one before. */
  multiplier: number;
}

/**
 * The wait before repeat number `repeat`, counted from 1, in milliseconds: give or take a fifth at random, so that
 * clients that failed together do not come back together (gRFC A6, gRPC's connection-backoff document).
 */
export function backoffMs(
  { initialMs, maxMs, multiplier }: Backoff,
  repeat: number,
  random = Math.random,
): number {
  return Math.min(initialMs * multiplier ** (repeat - 1), maxMs) * (0.8 + 0.4 * random());
}
