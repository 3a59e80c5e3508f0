import { defaultAbuseLimits, type AbuseLimits } from "../http2/abuse-guard.js";

/** A tenth of the defaults, and nothing more with time: how fast this machine floods does not matter. */
export const strictAbuse = Object.fromEntries(
  Object.entries(defaultAbuseLimits).map(([what, { burst }]) => [what, { burst: burst / 10, perSecond: 0 }]),
) as unknown as AbuseLimits;

/** The same bytes again and again. */
export function many(bytes: Buffer, count = 500): Buffer {
  return Buffer.alloc(count * bytes.length, bytes);
}
