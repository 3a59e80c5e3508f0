import type { FieldType } from "../field-type.js";
import { signed, unsigned } from "../words64.js";
import { MAX_INTEGER64_BYTES } from "./integer64-text.js";
import { isNot } from "./json-error.js";
import { integer, numberOf } from "./scalar-types.js";

// Integers of 64 bits: in JSON they are text of decimal digits, and a number is taken.

/** An integer as a bigint. Undefined if the number, or what the text stands for, is none. */
function bigintOf(value: unknown): bigint | undefined {
  if (typeof value === "bigint") return value;
  // A longer one is beyond 64 bits, or no integer in this form.
  if (typeof value === "string" && value.length <= MAX_INTEGER64_BYTES && /^-?(?:0|[1-9]\d*)$/.test(value))
    return BigInt(value);
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
    writeJson(value: unknown, sink) {
      // A number beyond 2^53 may be another integer than the one that was meant.
      if (typeof value === "number" && !Number.isSafeInteger(value)) throw isNot(what, value);
      sink.integer64(check(value), isSigned);
    },
    readJson(source) {
      if (source.integer64?.(isSigned) !== true) return seen(check(source.number()));
      return seen(isSigned ? signed[0]! : unsigned[0]!);
    },
  };
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
