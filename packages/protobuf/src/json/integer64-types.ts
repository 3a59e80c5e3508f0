import { latin1Slice } from "#text";
import type { FieldType } from "../field-type.js";
import { HIGH, LOW, signed, unsigned, words } from "../words64.js";
import { INT_DIGITS, writeWords } from "./decimal.js";
import { isNot } from "./json-error.js";
import { integer, numberOf } from "./scalar-types.js";
import { units } from "./units.js";

// Integers of 64 bits: in JSON they are text of decimal digits, and a number is taken.

const MINUS = 0x2d;
const ZERO = 0x30;

/** An integer as a bigint. Undefined if the number, or what the text stands for, is none. */
function bigintOf(value: unknown): bigint | undefined {
  if (typeof value === "bigint") return value;
  if (typeof value === "string" && /^-?(?:0|[1-9]\d*)$/.test(value)) return BigInt(value);
  const number = typeof value === "string" ? numberOf(value) : value;
  return Number.isInteger(number) ? BigInt(number as number) : undefined;
}

/**
 * @param isSigned False for an unsigned integer.
 * @param seen Makes a bigint the value that a message has.
 */
function integer64<T extends bigint | string>(
  what: string,
  isSigned: boolean,
  seen: (value: bigint) => T,
): FieldType<T> {
  const check = (given: unknown): bigint => {
    const value = bigintOf(given);
    if (value === undefined || (isSigned ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value)) !== value)
      throw isNot(what, given);
    return value;
  };
  return {
    isAbsent: (value) => !value || value === "0",
    fromPartial: (value) => value as T,
    writeJson(value, sink) {
      if (typeof value === "number") throw isNot(what, value);
      sink.ascii(units, writeUnits(check(value), isSigned));
    },
    readJson(source) {
      const length = source.ascii?.(units) ?? -1;
      if (length < 0) return seen(check(source.number()));
      if (setWords(length, isSigned)) return seen(isSigned ? signed[0]! : unsigned[0]!);
      return seen(check(latin1Slice(units, 0, length)));
    },
  };
}

/** Writes an integer into {@link units}. Returns its length. */
function writeUnits(value: bigint, isSigned: boolean): number {
  signed[0] = value;
  const low = words[LOW]!;
  const high = words[HIGH]!;
  if (!isSigned || high >= 0) return writeWords(low >>> 0, high >>> 0, units, 0);
  units[0] = MINUS;
  return writeWords(-low >>> 0, (low === 0 ? -high : ~high) >>> 0, units, 1);
}

/** Makes {@link units} the words of an integer. False if they are none, or perhaps none. */
function setWords(length: number, isSigned: boolean): boolean {
  const start = isSigned && units[0] === MINUS ? 1 : 0;
  if (length <= start || (units[start] === ZERO && length > start + 1)) return false;
  let at = start;
  let first = 0;
  for (const end = Math.min(length, start + INT_DIGITS); at < end; at++) {
    const digit = units[at]! - ZERO;
    if (digit >>> 0 > 9) return false;
    first = (first * 10 + digit) | 0;
  }
  let second = 0;
  let power = 1;
  for (const end = Math.min(length, start + 2 * INT_DIGITS); at < end; at++) {
    const digit = units[at]! - ZERO;
    if (digit >>> 0 > 9) return false;
    second = (second * 10 + digit) | 0;
    power *= 10;
  }
  // It is exact: 30 bits, by 21 bits and a power of two.
  const product = first * power;
  let high = Math.floor(product / 2 ** 32);
  let low = product - high * 2 ** 32 + second;
  for (; at < length; at++) {
    const digit = units[at]! - ZERO;
    if (digit >>> 0 > 9 || high >= 2 ** 32) return false;
    high *= 10;
    low = low * 10 + digit;
    high += Math.floor(low / 2 ** 32);
    low %= 2 ** 32;
  }
  if (low >= 2 ** 32) {
    high++;
    low -= 2 ** 32;
  }
  if (high >= (isSigned ? 2 ** 31 : 2 ** 32)) return false;
  setMagnitude(low, high, start > 0);
  return true;
}

/** Sets the words of an integer whose magnitude is given in two. */
function setMagnitude(low: number, high: number, isNegative: boolean): void {
  words[LOW] = isNegative ? -low : low;
  words[HIGH] = isNegative ? (low === 0 ? -high : ~high) : high;
}

const same = (value: bigint): bigint => value;

/** Also sint64 and sfixed64. */
export const int64: FieldType<bigint> = /* @__PURE__ */ integer64("an int64", true, same);

/** Also fixed64. */
export const uint64: FieldType<bigint> = /* @__PURE__ */ integer64("a uint64", false, same);

/** An int64 that a message has as text of decimal digits. */
export const int64String: FieldType<string> = /* @__PURE__ */ integer64("an int64", true, String);

/** A uint64 that a message has as text of decimal digits. */
export const uint64String: FieldType<string> = /* @__PURE__ */ integer64("a uint64", false, String);

// Literals of 53 bits, for what scalar-types.ts says.

/** An int64 that a message has as a number; one beyond 2^53 is refused. */
export const int64Number: FieldType<number> = /* @__PURE__ */ integer(
  "an int64 that a number is exact for (the option int64=bigint takes all)",
  -0x1fffffffffffff,
  0x1fffffffffffff,
  true,
);

/** A uint64 that a message has as a number; one beyond 2^53 is refused. */
export const uint64Number: FieldType<number> = /* @__PURE__ */ integer(
  "a uint64 that a number is exact for (the option int64=bigint takes all)",
  0,
  0x1fffffffffffff,
  true,
);
