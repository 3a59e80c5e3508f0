// Stands in for `word.ts` in a bundle for browsers, whose reader is without it: few messages have such numbers.
import type { Reader } from "./reader.js";

export function readWord(r: Reader): number {
  const at = r.advance(4);
  const { buffer } = r;
  return buffer[at]! | (buffer[at + 1]! << 8) | (buffer[at + 2]! << 16) | (buffer[at + 3]! << 24);
}
