/** The longest form of an integer that is read: a prefix and five more bytes (RFC 7541, section 5.1). */
export const MAX_CONTINUATION_BYTES = 5;

/** The largest integer that is read: what a SETTINGS value can hold (RFC 9113, section 6.5.1). */
export const MAX_INTEGER = 0xffff_ffff;

/** The most bytes that {@link writeInteger} writes for a length or a table size. */
export const MAX_INTEGER_LENGTH = 1 + MAX_CONTINUATION_BYTES;

/**
 * Writes `value` with a prefix of `prefixBits` bits, `flags` being the bits above the prefix (RFC 7541,
 * section 5.1). Returns the position after it.
 */
export function writeInteger(
  out: Uint8Array,
  at: number,
  flags: number,
  prefixBits: number,
  value: number,
): number {
  const prefix = (1 << prefixBits) - 1;
  if (value < prefix) {
    out[at] = flags | value;
    return at + 1;
  }
  out[at++] = flags | prefix;
  let rest = value - prefix;
  while (rest > 0x7f) {
    out[at++] = 0x80 | (rest & 0x7f);
    rest >>>= 7;
  }
  out[at] = rest;
  return at + 1;
}
