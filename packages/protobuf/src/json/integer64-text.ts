import { HIGH, LOW, signed, words } from "../words64.js";
import { INT_DIGITS, writeWords } from "./decimal.js";

// Integers of 64 bits as decimal digits and back, without a text in between.

/** The most bytes of such an integer: its sign and its digits. */
export const MAX_INTEGER64_BYTES = 20;

const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;

/** Writes an integer of 64 bits. Returns the place behind it. */
export function writeInteger64(value: bigint, isSigned: boolean, bytes: Uint8Array, at: number): number {
  signed[0] = value;
  const low = words[LOW]!;
  const high = words[HIGH]!;
  if (!isSigned || high >= 0) return writeWords(low >>> 0, high >>> 0, bytes, at);
  bytes[at] = MINUS;
  return writeWords(-low >>> 0, (low === 0 ? -high : ~high) >>> 0, bytes, at + 1);
}

/**
 * Makes {@link words} those of an integer.
 *
 * @returns The place behind its last digit. Negative if there is none, one beyond 64 bits, or the least one of them.
 */
export function readInteger64(bytes: Uint8Array, place: number, isSigned: boolean): number {
  const isNegative = isSigned && bytes[place] === MINUS;
  const start = isNegative ? place + 1 : place;
  let at = start;
  let byte = bytes[at]!;
  let first = 0;
  for (const end = start + INT_DIGITS; isDigit(byte) && at < end; byte = bytes[++at]!) {
    first = (first * 10 + byte - ZERO) | 0;
  }
  let second = 0;
  let power = 1;
  for (const end = start + 2 * INT_DIGITS; isDigit(byte) && at < end; byte = bytes[++at]!) {
    second = (second * 10 + byte - ZERO) | 0;
    power *= 10;
  }
  if (at === start || (bytes[start] === ZERO && at > start + 1)) return -1;
  // It is exact: 30 bits, by 21 bits and a power of two.
  const product = first * power;
  let high = Math.floor(product / 2 ** 32);
  let low = product - high * 2 ** 32 + second;
  for (; isDigit(byte); byte = bytes[++at]!) {
    if (high >= 2 ** 32) return -1;
    high *= 10;
    low = low * 10 + byte - ZERO;
    high += Math.floor(low / 2 ** 32);
    low %= 2 ** 32;
  }
  if (low >= 2 ** 32) {
    high++;
    low -= 2 ** 32;
  }
  if (high >= (isSigned ? 2 ** 31 : 2 ** 32)) return -1;
  words[LOW] = isNegative ? -low : low;
  words[HIGH] = isNegative ? (low === 0 ? -high : ~high) : high;
  return at;
}

/** False behind the end of the bytes too. */
function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}
