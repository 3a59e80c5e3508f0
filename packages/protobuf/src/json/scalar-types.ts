import { toBase64 } from "#text";
import type { FieldType } from "../field-type.js";
import { bytesOf } from "./base64.js";
import { isNot } from "./json-error.js";

// Fields of scalar types but those of 64 bits. They have no presence: a field that may be undefined is `optional(kind)`.

/** A number as JSON has it, in quotes too. */
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?$/i;

/** The number that a text stands for, by the grammar of JSON. NaN if there is none. */
export function numberOf(text: string): number {
  return NUMBER.test(text) ? Number(text) : NaN;
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

/** Integers that a number is exact for; one in quotes is taken, and so is `1.0` or `1e5`. */
export function integer(what: string, min: number, max: number, asText = false): FieldType<number> {
  const check = (value: number, given: unknown = value): number => {
    if (!Number.isInteger(value) || value < min || value > max) throw isNot(what, given);
    // JSON has -0; integers have not.
    return value + 0;
  };
  return {
    isAbsent: (value) => !value,
    fromPartial: same,
    writeJson: (value, sink) => (asText ? sink.string(String(check(value))) : sink.number(check(value))),
    readJson(source) {
      const value = source.number();
      return typeof value === "number" ? check(value) : check(numberOf(value), value);
    },
  };
}

/** Also sint32 and sfixed32. */
export const int32: FieldType<number> = /* @__PURE__ */ integer("an int32", -(2 ** 31), 2 ** 31 - 1);

/** Also fixed32. */
export const uint32: FieldType<number> = /* @__PURE__ */ integer("a uint32", 0, 2 ** 32 - 1);

/** Numbers with a fraction. NaN and the infinities are strings; -0 is not the default. */
function floating(
  what: string,
  round: (value: number) => number,
  shortest: (value: number) => number,
): FieldType<number> {
  return {
    isAbsent: (value) => value === undefined || value === null || Object.is(value, 0),
    fromPartial: same,
    writeJson(value, sink) {
      if (typeof value !== "number") throw isNot(what, value);
      // JSON.stringify has no negative zero.
      if (Object.is(value, -0)) sink.string("-0");
      else if (!Number.isFinite(value)) sink.string(String(value));
      else if (Number.isFinite(round(value))) sink.number(shortest(value));
      else throw isNot(what, value);
    },
    readJson(source) {
      const given = source.number();
      if (given === "NaN" || given === "Infinity" || given === "-Infinity") return Number(given);
      const value = round(typeof given === "string" ? numberOf(given) : given);
      if (!Number.isFinite(value)) throw isNot(what, given);
      return value;
    },
  };
}

/** The shortest decimal number that stands for the same float: `0.1`, not `0.10000000149011612`. */
function shortFloat(value: number): number {
  // A float has 6 to 9 significant digits.
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Object.is(Math.fround(short), value)) return short;
  }
  return value;
}

export const float: FieldType<number> = /* @__PURE__ */ floating("a float", Math.fround, shortFloat);

export const double: FieldType<number> = /* @__PURE__ */ floating("a double", same, same);
