// Doubles as decimal digits and back, exactly as `String` and `Number` have them: those that take a long calculation are left
// to the engine. A value with an error of its own stands as a pair of doubles, the second at most half a unit in the last
// place of the first (T. J. Dekker, "A Floating-Point Technique for Extending the Available Precision", 1971).

/** The powers of ten that a double is exact for. */
const POWERS: readonly number[] = [
  1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
  1e20, 1e21, 1e22,
];

/** Decimal digits that a double is exact for, whatever they are. */
export const EXACT_DIGITS = 15;

/** Decimal digits that 32 bits are enough for. */
export const INT_DIGITS = 9;

/** What a calculation with pairs may be wrong by is far less: where this much would change the outcome, the engine decides: 1 + 2^-30. */
const CERTAIN = 1.0000000009313226;

/** The most that a double and a product of it are off, of a decimal that the double is nearest to: two halves of a unit, 2^-51. */
const ROUNDING = 4.440892098500626e-16;

/** Splits a double into two of 26 bits: 2^27 + 1. */
const SPLITTER = 0x8000001;

const ZERO = 0x30;
const POINT = 0x2e;

/** The part of a product that the double nearest to it leaves out. */
function errorOfProduct(product: number, a: number, b: number): number {
  const aSplit = SPLITTER * a;
  const aHigh = aSplit - (aSplit - a);
  const aLow = a - aHigh;
  const bSplit = SPLITTER * b;
  const bHigh = bSplit - (bSplit - b);
  const bLow = b - bHigh;
  return aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
}

/**
 * The double of at most twice {@link INT_DIGITS} digits.
 *
 * @param first The first {@link INT_DIGITS} of them.
 * @param second The others.
 * @param digits How many there are.
 * @param fraction How many stand behind the point.
 * @returns NaN if this calculation is not certain.
 */
export function doubleOf(first: number, second: number, digits: number, fraction: number): number {
  const divisor = POWERS[fraction]!;
  if (digits <= INT_DIGITS) return first / divisor;
  // The product is exact: 30 bits, by 21 bits and a power of two.
  const high = first * POWERS[digits - INT_DIGITS]!;
  const all = high + second;
  const quotient = all / divisor;
  if (digits <= EXACT_DIGITS) return quotient;
  const product = quotient * divisor;
  const rest = all - product - errorOfProduct(product, quotient, divisor) + (second - (all - high));
  const correction = rest / divisor;
  const value = quotient + correction;
  const left = correction - (value - quotient);
  return value + left * CERTAIN === value ? value : NaN;
}

/** A float rounded to at most eight significant decimal digits, as `Number(value.toPrecision(digits))` does. */
export function rounded(value: number, digits: number): number {
  const positive = Math.abs(value);
  if (positive >= 1e-4 && positive < 1e8) {
    const decimals = digits - wholeDigits(positive);
    if (decimals >= 0) {
      // 24 bits by at most 12 decimals: the product is exact.
      const power = POWERS[decimals]!;
      const short = Math.round(positive * power) / power;
      return value < 0 ? -short : short;
    }
  }
  return Number(value.toPrecision(digits));
}

/** The number of digits before the point of a number below 10^22; less than one stands for zeros behind it. */
function wholeDigits(value: number): number {
  let whole = 1;
  if (value >= 1) while (value >= POWERS[whole]!) whole++;
  else for (whole = 0; value * POWERS[1 - whole]! < 1; whole--);
  return whole;
}

/**
 * Writes the digits of an integer of at most 53 bits.
 *
 * @returns The place behind them.
 */
export function writeInteger(value: number, bytes: Uint8Array, at: number): number {
  if (value < 10) {
    bytes[at] = ZERO + value;
    return at + 1;
  }
  if (value < 1e8) return writeSmall(value | 0, bytes, at);
  const high = Math.floor(value / 1e8);
  const next = high < 1e8 ? writeSmall(high | 0, bytes, at) : writeInteger(high, bytes, at);
  writeDigits((value - high * 1e8) | 0, 8, bytes, next);
  return next + 8;
}

/** Writes the digits of an integer that two words of 32 bits are. Returns the place behind them. */
export function writeWords(low: number, high: number, bytes: Uint8Array, at: number): number {
  if (high < 2 ** 21) return writeInteger(high * 2 ** 32 + low, bytes, at);
  // A long division by 10^8, of parts that keep each number exact.
  const first = Math.floor(high / 1e8);
  const middle = (high - first * 1e8) * 2 ** 16 + (low >>> 16);
  const second = Math.floor(middle / 1e8);
  const last = (middle - second * 1e8) * 2 ** 16 + (low & 0xffff);
  const third = Math.floor(last / 1e8);
  const next = writeInteger(first * 2 ** 32 + second * 2 ** 16 + third, bytes, at);
  writeDigits(last - third * 1e8, 8, bytes, next);
  return next + 8;
}

/** What is beyond the integers of {@link writeSmall}: it has ten digits. */
export const MAX_SMALL = 1e9;

/** Writes an integer of at most nine digits. Returns the place behind it. */
export function writeSmall(value: number, bytes: Uint8Array, at: number): number {
  // A bit is about 0.3 of a digit: this is right, or one too few.
  const fewer = ((32 - Math.clz32(value)) * 1233) >> 12;
  const count = value < POWERS[fewer]! ? fewer : fewer + 1;
  writeDigits(value, count, bytes, at);
  return at + count;
}

/** The digits of the numbers below 100, two for each: half as many divisions. */
const PAIRS = /* @__PURE__ */ pairs();

function pairs(): Uint8Array {
  return Uint8Array.from({ length: 200 }, (_, index) => {
    const value = index >> 1;
    return ZERO + (index % 2 === 0 ? Math.floor(value / 10) : value % 10);
  });
}

/** Writes the last digits of an integer of at most nine. */
function writeDigits(value: number, count: number, bytes: Uint8Array, at: number): void {
  let rest = value | 0;
  let index = at + count;
  while (index >= at + 2) {
    const hundredth = (rest / 100) | 0;
    const pair = (rest - hundredth * 100) << 1;
    bytes[--index] = PAIRS[pair + 1]!;
    bytes[--index] = PAIRS[pair]!;
    rest = hundredth;
  }
  if (index > at) bytes[at] = ZERO + (rest % 10);
}

/** The most bytes that {@link writeDouble} writes. */
export const MAX_DOUBLE_BYTES = 32;

/**
 * Writes a positive number as `String` does.
 *
 * @returns The place behind it. Zero if this calculation is not certain, or the number is too large or small for it: what was
 * written is of no use then.
 */
export function writeDouble(value: number, bytes: Uint8Array, at: number): number {
  if (value >= 1e15 || value < 1e-6) return 0;
  if (value < 1e9) {
    // Most numbers have few digits.
    const product = value * 1e6;
    const digits = Math.round(product);
    if (Math.abs(product - digits) <= product * ROUNDING && digits / 1e6 === value) {
      const whole = Math.floor(value);
      const next = writeInteger(whole, bytes, at);
      bytes[next] = POINT;
      writeDigits(digits - whole * 1e6, 6, bytes, next + 1);
      return trimmed(bytes, next + 7);
    }
  }
  const whole = wholeDigits(value);
  const power = POWERS[EXACT_DIGITS - whole]!;
  const product = value * power;
  const digits = Math.round(product);
  // Of decimals with so few digits, only one is nearest to a double.
  if (Math.abs(product - digits) <= product * ROUNDING && digits / power === value) {
    const high = Math.floor(digits / 1e8);
    return writePointed(high, digits - high * 1e8, EXACT_DIGITS, whole, bytes, at);
  }
  return writeLong(value, whole, bytes, at);
}

/** Writes a number that takes 16 or 17 digits. */
function writeLong(value: number, whole: number, bytes: Uint8Array, at: number): number {
  // Half of the distance to the next double. Zero for a power of two, whose other neighbour is nearer.
  const half = (value + value * 2 ** -53 - value) / 2;
  if (half === 0) return 0;
  for (let count = 16; count <= 17; count++) {
    const power = POWERS[count - whole];
    if (power === undefined) return 0;
    const product = value * power;
    const error = errorOfProduct(product, value, power);
    const nearest = Math.round(product);
    const rest = product - nearest + error;
    const more = Math.round(rest);
    const distance = Math.abs(rest - more);
    // A tie.
    if (distance * CERTAIN >= 0.5) return 0;
    const limit = half * power;
    if (distance * CERTAIN < limit) {
      let high = Math.floor(nearest / 1e8);
      let low = nearest - high * 1e8 + more;
      if (low < 0) {
        high--;
        low += 1e8;
      } else if (low >= 1e8) {
        high++;
        low -= 1e8;
      }
      return writePointed(high, low, count, whole, bytes, at);
    }
    if (distance < limit * CERTAIN) return 0;
  }
  return 0;
}

/** Writes so many digits, the last eight of them apart, with a point behind `whole` of them and no zeros at the end. */
function writePointed(
  high: number,
  low: number,
  count: number,
  whole: number,
  bytes: Uint8Array,
  at: number,
): number {
  let start = at;
  // One place is left free: digits before the point go there.
  if (whole <= 0) {
    bytes[start++] = ZERO;
    bytes[start++] = POINT;
    for (let zeros = whole; zeros < 0; zeros++) bytes[start++] = ZERO;
  } else start++;
  writeDigits(high, count - 8, bytes, start);
  writeDigits(low, 8, bytes, start + count - 8);
  if (whole > 0) {
    for (let index = at; index < at + whole; index++) bytes[index] = bytes[index + 1]!;
    bytes[at + whole] = POINT;
  }
  return trimmed(bytes, start + count);
}

/** The end of a number with a point, without the zeros that stand last. */
function trimmed(bytes: Uint8Array, end: number): number {
  let at = end - 1;
  while (bytes[at] === ZERO) at--;
  return bytes[at] === POINT ? at : at + 1;
}
