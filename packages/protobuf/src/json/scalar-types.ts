import { toBase64 } from "#text";
import type { FieldType } from "../field-type.js";
import { bytesOf } from "./base64.js";
import { rounded } from "./decimal.js";
import { isNot, JsonError } from "./json-error.js";
import { MAX_JSON_NUMBER_LENGTH } from "./options.js";

// Fields of scalar types but those of 64 bits. They have no presence: a field that may be undefined is `optional(kind)`.

/** A number as JSON has it, in quotes too. */
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?$/i;

/**
 * The number that a text stands for, by the grammar of JSON. NaN if there is none.
 *
 * @throws {JsonError} if it is longer than {@link MAX_JSON_NUMBER_LENGTH}.
 */
export function numberOf(text: string): number {
  if (text.length > MAX_JSON_NUMBER_LENGTH) throw tooLong();
  return NUMBER.test(text) ? Number(text) : NaN;
}

/** The error for a number that is longer than {@link MAX_JSON_NUMBER_LENGTH}. */
export function tooLong(): JsonError {
  return new JsonError(`a number of more than ${MAX_JSON_NUMBER_LENGTH} characters`);
}

// A value of the right type is the caller's part.
const same = (value: unknown): never => value as never;

export const string: FieldType<string> = {
  isAbsent: (value) => !value,
  fromPartial: same,
  writeJson(value, sink) {
    if (typeof value !== "string") throw isNot("a string", value);
    sink.string(value);
  },
  readJson: (source) => source.string(),
};

/** Bytes are base64: written with padding, read with the alphabet of URLs too and with padding or without. */
export const bytes: FieldType<Uint8Array> = {
  isAbsent: (value) => !value?.length,
  fromPartial: same,
  writeJson(value, sink) {
    if (!(value instanceof Uint8Array)) throw isNot("bytes", value);
    sink.string(toBase64(value));
  },
  readJson: (source) => bytesOf(source.string()),
};

export const bool: FieldType<boolean> = {
  isAbsent: (value) => !value,
  fromPartial: same,
  writeJson(value, sink) {
    if (typeof value !== "boolean") throw isNot("a bool", value);
    sink.bool(value);
  },
  readJson: (source) => source.bool(),
};

// The arguments of what is marked as pure are literals: bundlers keep all others, and with them the function.

/** Integers that a number is exact for; one in quotes is taken, and so is `1.0` or `1e5`. */
export function integer(what: string, min: number, max: number, asText = false): FieldType<number> {
  const check = (value: number, given: unknown = value): number => {
    if (!Number.isInteger(value) || value < min || value > max) throw isNot(what, given);
    // JSON has -0; integers have not.
    return value + 0;
  };
  const areAll = (values: readonly unknown[]): values is readonly number[] => {
    for (const value of values) {
      if (
        !Number.isInteger(value) ||
        (value as number) < min ||
        (value as number) > max ||
        Object.is(value, -0)
      )
        return false;
    }
    return true;
  };
  return {
    isAbsent: (value) => !value,
    fromPartial: same,
    writeJson(value, sink) {
      if (!asText) sink.number(check(value));
      // The binary format takes an integer of 64 bits in each of its forms.
      else sink.string(String(check(typeof value === "number" ? value : numberOf(String(value)), value)));
    },
    readJson(source) {
      const value = source.number();
      return typeof value === "number" ? check(value) : check(numberOf(value), value);
    },
    ...(!asText && { fromNumbers: areAll, toNumbers: (values) => (areAll(values) ? values : undefined) }),
  };
}

/** Also sint32 and sfixed32. */
export const int32: FieldType<number> = /* @__PURE__ */ integer("an int32", -0x80000000, 0x7fffffff);

/** Also fixed32. */
export const uint32: FieldType<number> = /* @__PURE__ */ integer("a uint32", 0, 0xffffffff);

/** Numbers with a fraction. NaN and the infinities are strings; -0 is not the default. */
function floating(
  what: string,
  isSingle: boolean,
  lists: Required<Pick<FieldType<number>, "fromNumbers" | "toNumbers">>,
): FieldType<number> {
  const check = (number: number, given: unknown = number): number => {
    const value = isSingle ? Math.fround(number) : number;
    if (!Number.isFinite(value)) throw isNot(what, given);
    return value;
  };
  return {
    isAbsent: (value) => value === undefined || value === null || Object.is(value, 0),
    fromPartial: same,
    writeJson(value, sink) {
      if (typeof value !== "number") throw isNot(what, value);
      if (Object.is(value, -0)) sink.negativeZero();
      else if (!Number.isFinite(value)) sink.string(String(value));
      else if (!isSingle) sink.number(value);
      else if (Number.isFinite(Math.fround(value))) sink.number(shortFloat(value));
      else throw isNot(what, value);
    },
    readJson(source) {
      const given = source.number();
      if (typeof given === "number") return check(given);
      if (given === "NaN" || given === "Infinity" || given === "-Infinity") return Number(given);
      return check(numberOf(given), given);
    },
    ...lists,
  };
}

/** True if all values are numbers that JSON has. */
function areFinite(values: readonly unknown[]): values is readonly number[] {
  for (const value of values) {
    // A number beyond those of JSON has no difference to itself.
    if (typeof value !== "number" || value - value !== 0) return false;
  }
  return true;
}

/** True if JSON.stringify writes all values as numbers, and as these: it writes a negative zero as another one. */
function areWritten(values: readonly unknown[]): boolean {
  for (const value of values) {
    if (typeof value !== "number" || value - value !== 0 || Object.is(value, -0)) return false;
  }
  return true;
}

/** The shortest decimal number that stands for the same float: `0.1`, not `0.10000000149011612`. */
function shortFloat(value: number): number {
  // Most often it is the number itself, of few digits.
  const millionths = value * 1e6;
  if (Math.abs(millionths) < 1e6 && Number.isInteger(millionths)) return value;
  if (Math.abs(value) < 2 ** 24 && Number.isInteger(value)) return value;
  // A float has 6 to 9 significant digits.
  for (let digits = 6; digits < 9; digits++) {
    const short = rounded(value, digits);
    if (Object.is(Math.fround(short), value)) return short;
  }
  return value;
}

export const float: FieldType<number> = /* @__PURE__ */ floating("a float", true, {
  fromNumbers(numbers) {
    for (let index = 0; index < numbers.length; index++) {
      const value = numbers[index];
      if (typeof value !== "number") return false;
      const single = Math.fround(value);
      // A number beyond those of a float has no difference to itself.
      if (single - single !== 0) return false;
      numbers[index] = single;
    }
    return true;
  },
  toNumbers(values) {
    // Most often they are the shortest already.
    let numbers: number[] | undefined;
    for (let index = 0; index < values.length; index++) {
      const value = values[index]!;
      if (typeof value !== "number" || Object.is(value, -0) || !Number.isFinite(Math.fround(value)))
        return undefined;
      const short = shortFloat(value);
      if (short !== value) numbers ??= values.slice(0, index);
      numbers?.push(short);
    }
    return numbers ?? values;
  },
});

export const double: FieldType<number> = /* @__PURE__ */ floating("a double", false, {
  fromNumbers: areFinite,
  toNumbers: (values) => (areWritten(values) ? values : undefined),
});
