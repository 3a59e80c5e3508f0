import { ProtobufError } from "./protobuf-error.js";
import { HIGH, LOW, signed, unsigned, words } from "./words64.js";

// Checks of a field's value. Each throws a ProtobufError for a value that the type does not take.

export const FLOAT32_MAX = 3.4028234663852886e38;

/** The type is checked too: `|` with a bigint throws. */
export function isInt32(value: number): boolean {
  return typeof value === "number" && (value | 0) === value;
}

export function isUint32(value: number): boolean {
  return typeof value === "number" && value >>> 0 === value;
}

/** Puts 64 bits into `words`. */
export function setSigned(value: string | number | bigint): void {
  if (Number.isSafeInteger(value)) {
    words[LOW] = value as number;
    words[HIGH] = Math.floor((value as number) / 2 ** 32);
    return;
  }
  const integer = typeof value === "bigint" ? value : exactInteger(value, "int64");
  signed[0] = integer;
  if (signed[0] !== integer) throw new ProtobufError(`invalid int64: ${value}`);
}

/** Puts 64 bits into `words`. */
export function setUnsigned(value: string | number | bigint): void {
  const integer = typeof value === "bigint" ? value : exactInteger(value, "uint64");
  unsigned[0] = integer;
  if (unsigned[0] !== integer) throw new ProtobufError(`invalid uint64: ${value}`);
}

/** A number beyond 2^53 is refused: it may be another integer than the one that was meant. */
function exactInteger(value: string | number, type: string): bigint {
  if (Number.isInteger(value) && !Number.isSafeInteger(value))
    throw new ProtobufError(
      `invalid ${type}: ${value}: numbers beyond 2^53 are not exact: give a bigint (the option int64=bigint)`,
    );
  return BigInt(value);
}

// The value is no number of the type: a numeric string is taken, as BinaryWriter does.

export function checkUint32(value: unknown): number {
  const number = numberOf(value, "uint32");
  if (!isUint32(number)) throw new ProtobufError(`invalid uint32: ${number}`);
  return number;
}

export function checkInt32(value: unknown): number {
  const number = numberOf(value, "int32");
  if (!isInt32(number)) throw new ProtobufError(`invalid int32: ${number}`);
  return number;
}

export function floatOf(value: unknown): number {
  const number = numberOf(value, "float32");
  if (Number.isNaN(number) && value !== "NaN") throw new ProtobufError(`invalid float32: ${String(value)}`);
  return number;
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

/** A function is no value: it is what an object inherits under the name of a field that it does not have. */
function present(value: unknown, type: string): unknown {
  if (typeof value === "function") throw new ProtobufError(`invalid ${type}: a function`);
  if (value instanceof Promise) {
    // Its rejection is no concern of the process.
    value.catch(() => {});
    throw new ProtobufError(`invalid ${type}: a promise`);
  }
  return value ?? missing(type);
}

/** Infinity is a float, and so is what rounds to the largest one. */
export function checkFloat(value: number): void {
  if (Number.isFinite(value) && !Number.isFinite(Math.fround(value))) {
    throw new ProtobufError(`invalid float32: ${value}`);
  }
}

/** A message without one of its fields must not be written as if the field had a value: it would be another message. */
function missing(type: string): never {
  throw new ProtobufError(`invalid ${type}: none`);
}

function numberOf(value: unknown, type: string): number {
  if (typeof value !== "number" && typeof value !== "string") {
    throw new ProtobufError(`invalid ${type}: ${typeof value}`);
  }
  return Number(value);
}
