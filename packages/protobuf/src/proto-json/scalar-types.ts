import { fromBase64, toBase64 } from "#text";
import type { FieldType } from "./field-type.js";
import { FLOAT32_MAX } from "../scalar-values.js";
import { JsonError, wanted } from "./json-error.js";

// The kinds of fields of scalar types. JSON: protobuf.dev, "ProtoJSON Format".

/** A number as JSON writes it: what a text must be that stands for one. */
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

// A value of the right type is the caller's part.
const asItIs = (value: unknown): never => value as never;

function numberOf(json: unknown, what: string): number {
  if (typeof json === "number") return json;
  if (typeof json !== "string" || !NUMBER.test(json)) throw wanted(what, json);
  return Number(json);
}

function integerType(what: string, min: number, max: number): FieldType<number> {
  return {
    isAbsent: (value) => value === 0 || value === undefined,
    fromPartial: asItIs,
    toJson(value) {
      if (!(Number.isInteger(value) && value >= min && value <= max)) throw wanted(what, value);
      return value;
    },
    fromJson(json) {
      const value = numberOf(json, what);
      if (!(Number.isInteger(value) && value >= min && value <= max)) throw wanted(what, json);
      // Of negative zero, which an integer is not.
      return value + 0;
    },
  };
}

export const int32: FieldType<number> = /* @__PURE__ */ integerType("an int32", -0x80000000, 0x7fffffff);
export const uint32: FieldType<number> = /* @__PURE__ */ integerType("a uint32", 0, 0xffffffff);

function floatType(what: string, max: number): FieldType<number> {
  return {
    isAbsent: (value) => Object.is(value, 0) || value === undefined,
    fromPartial: asItIs,
    toJson(value) {
      if (typeof value !== "number") throw wanted(what, value);
      if (Number.isFinite(value) && !Object.is(value, -0)) return value;
      // JSON.stringify has no negative zero.
      return Object.is(value, -0) ? "-0" : String(value);
    },
    fromJson(json) {
      if (json === "NaN" || json === "Infinity" || json === "-Infinity") return Number(json);
      const value = numberOf(json, what);
      if (!(Math.abs(value) <= max)) throw wanted(what, json);
      return value;
    },
  };
}

/** The least number that rounds to a float beyond the largest. */
const FLOAT_LIMIT = FLOAT32_MAX * (1 + 2 ** -25);

export const float: FieldType<number> = /* @__PURE__ */ floatType("a float", FLOAT_LIMIT);
export const double: FieldType<number> = /* @__PURE__ */ floatType("a double", Number.MAX_VALUE);

/** @param form Makes of an integer what the field has. */
function longType<T extends bigint | number | string>(
  what: string,
  min: bigint,
  max: bigint,
  form: (value: bigint) => T,
): FieldType<T> {
  const check = (value: bigint, json: unknown): bigint => {
    if (value < min || value > max) throw wanted(what, json);
    return value;
  };
  const integerOf = (json: unknown): bigint => {
    if (typeof json === "string" && /^-?(?:0|[1-9]\d*)$/.test(json)) return BigInt(json);
    const value = numberOf(json, what);
    if (!Number.isInteger(value)) throw wanted(what, json);
    return BigInt(value);
  };
  return {
    // Of the three forms, each has its own zero.
    isAbsent: (value) => value === undefined || value === 0n || value === 0 || value === "0",
    fromPartial: asItIs,
    toJson: (value) => String(check(typeof value === "bigint" ? value : integerOf(value), value)),
    fromJson: (json) => form(check(integerOf(json), json)),
  };
}

function safe(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new JsonError(`integer beyond 2^53: ${value}`);
  return number;
}

const MIN = -(2n ** 63n);
const MAX = 2n ** 63n - 1n;
const UMAX = 2n ** 64n - 1n;

export const int64: FieldType<bigint> = /* @__PURE__ */ longType("an int64", MIN, MAX, (value) => value);
export const int64Number: FieldType<number> = /* @__PURE__ */ longType("an int64", MIN, MAX, safe);
export const int64String: FieldType<string> = /* @__PURE__ */ longType("an int64", MIN, MAX, String);
export const uint64: FieldType<bigint> = /* @__PURE__ */ longType("a uint64", 0n, UMAX, (value) => value);
export const uint64Number: FieldType<number> = /* @__PURE__ */ longType("a uint64", 0n, UMAX, safe);
export const uint64String: FieldType<string> = /* @__PURE__ */ longType("a uint64", 0n, UMAX, String);

export const bool: FieldType<boolean> = {
  isAbsent: (value) => value === false || value === undefined,
  isBool: true,
  fromPartial: asItIs,
  toJson: (value) => value,
  fromJson(json) {
    if (typeof json !== "boolean") throw wanted("true or false", json);
    return json;
  },
};

/** A surrogate that is no half of a pair. */
const LONE_SURROGATE = /\p{Surrogate}/u;

export const string: FieldType<string> = {
  isAbsent: (value) => value === "" || value === undefined,
  fromPartial: asItIs,
  toJson(value) {
    if (typeof value !== "string") throw wanted("a string", value);
    return value;
  },
  fromJson(json) {
    if (typeof json !== "string") throw wanted("a string", json);
    if (LONE_SURROGATE.test(json)) throw new JsonError("text with half a surrogate pair");
    return json;
  },
};

export const bytes: FieldType<Uint8Array> = {
  isAbsent: (value) => value === undefined || value.length === 0,
  fromPartial: asItIs,
  toJson: (value) => toBase64(value),
  fromJson(json) {
    // Both alphabets of RFC 4648, padded or not: four characters for three bytes, and two or three for the rest.
    if (
      typeof json !== "string" ||
      !/^[\w+/-]*={0,2}$/.test(json) ||
      json.replace(/=+$/, "").length % 4 === 1
    ) {
      throw wanted("base64", json);
    }
    return fromBase64(json);
  },
};
