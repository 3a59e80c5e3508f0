import type { Reader } from "./reader.js";

/** Reads 32 bits, little-endian. */
export function readWord(r: Reader): number {
  return r.word();
}
