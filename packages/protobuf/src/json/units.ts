/** A short text of ASCII while it is written or read, a byte for each character: a time takes the most. */
export const units = /* @__PURE__ */ new Uint8Array(35);

/**
 * Puts a text into {@link units}.
 *
 * @returns Its length. Negative if it is too long, or has other characters than ASCII.
 */
export function setUnits(text: string): number {
  const { length } = text;
  if (length > units.length) return -1;
  for (let at = 0; at < length; at++) {
    const unit = text.charCodeAt(at);
    if (unit >= 0x80) return -1;
    units[at] = unit;
  }
  return length;
}
