import { randomFillSync } from "node:crypto";

/** Bytes of random numbers that are made at once. */
const POOL_SIZE = 4096;
/** Random bytes of one id: 10, of which six bits give way to the version and the variant. */
const RANDOM_LENGTH = 10;

const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/**
 * Makes UUIDs of version 7 (RFC 9562, section 5.7): the time in milliseconds first, so that ids of users that are made one
 * after the other stand side by side in an index. The rest is random; ids of one millisecond have no order.
 *
 * @param clock The time in milliseconds since 1970. Default: `Date.now`.
 */
export function uuidMaker(clock: () => number = Date.now): () => string {
  const pool = Buffer.allocUnsafeSlow(POOL_SIZE);
  let at = POOL_SIZE;
  const next = (): number => pool[at++] ?? 0;
  return () => {
    if (at + RANDOM_LENGTH > POOL_SIZE) {
      randomFillSync(pool);
      at = 0;
    }
    const time = clock().toString(16).padStart(12, "0");
    const hex = (byte: number): string => HEX[byte] ?? "";
    const version = hex(0x70 | (next() & 0x0f)) + hex(next());
    const variant = hex(0x80 | (next() & 0x3f)) + hex(next());
    let rest = "";
    for (let count = 0; count < 6; count++) {
      rest += hex(next());
    }
    return `${time.slice(0, 8)}-${time.slice(8)}-${version}-${variant}-${rest}`;
  };
}
