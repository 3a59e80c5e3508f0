// Stands in for `scalar-values.ts` in a bundle for browsers: the same values and errors.
import { ProtobufError } from "./protobuf-error.js";
import { signed, unsigned } from "./words64.js";

export const FLOAT32_MAX = 3.4028234663852886e38;

export function isInt32(value: number): boolean {
  return typeof value === "number" && (value | 0) === value;
}

export function isUint32(value: number): boolean {
  return typeof value === "number" && value >>> 0 === value;
}

function invalid(type: string, what: unknown): ProtobufError {
  return new ProtobufError(`invalid ${type}: ${String(what)}`);
}

/** A number beyond 2^53 is refused: it may be another integer than the one that was meant. */
function exactInteger(value: string | number | bigint, type: string): bigint {
  if (Number.isInteger(value) && !Number.isSafeInteger(value))
    throw invalid(
      type,
      `${value}: numbers beyond 2^53 are not exact: give a bigint (the option int64=bigint)`,
    );
  return BigInt(value);
}

export function setSigned(value: string | number | bigint): void {
  const integer = exactInteger(value, "int64");
  signed[0] = integer;
  if (signed[0] !== integer) throw invalid("int64", value);
}

export function setUnsigned(value: string | number | bigint): void {
  const integer = exactInteger(value, "uint64");
  unsigned[0] = integer;
  if (unsigned[0] !== integer) throw invalid("uint64", value);
}

function numberOf(value: unknown, type: string, isOne: (value: number) => boolean): number {
  const kind = typeof value;
  if (kind !== "number" && kind !== "string") throw invalid(type, kind);
  const number = Number(value);
  if (isOne(number)) return number;
  throw invalid(type, number);
}

export function checkUint32(value: unknown): number {
  return numberOf(value, "uint32", isUint32);
}

export function checkInt32(value: unknown): number {
  return numberOf(value, "int32", isInt32);
}

export function floatOf(value: unknown): number {
  const number = numberOf(value, "float32", () => true);
  if (Number.isNaN(number) && value !== "NaN") throw invalid("float32", value);
  return number;
}

/** A function is no value: it is what an object inherits under the name of a field that it does not have. */
function present(value: unknown, type: string): unknown {
  if (value instanceof Promise) {
    // Its rejection is no concern of the page.
    value.catch(() => {});
    throw invalid(type, "a promise");
  }
  if (typeof value === "function") throw invalid(type, "a function");
  if (value === undefined || value === null) throw invalid(type, "none");
  return value;
}

export function checkBool(value: unknown): boolean {
  return Boolean(present(value, "bool"));
}

export function checkDouble(value: unknown): number {
  return Number(present(value, "double"));
}

export function checkString(value: unknown): string {
  return String(present(value, "string"));
}

export function checkFloat(value: number): void {
  if (Number.isFinite(value) && !Number.isFinite(Math.fround(value))) throw invalid("float32", value);
}
