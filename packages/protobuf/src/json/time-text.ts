import { isNot, JsonError } from "./json-error.js";

// Times as text: google/protobuf/timestamp.proto, "JSON Mapping", and RFC 3339.

/** A number of seconds, and the nanoseconds beyond them. */
export interface Time {
  readonly seconds: number;
  readonly nanos: number;
}

/** 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z. */
const MIN_SECONDS = -62_135_596_800;
const MAX_SECONDS = 253_402_300_799;

/** Nanoseconds as 0, 3, 6 or 9 digits after a point. */
export function fractionText(nanos: number): string {
  if (nanos === 0) return "";
  let digits = 9;
  for (; nanos % 1000 === 0; nanos /= 1000) digits -= 3;
  return `.${String(nanos).padStart(digits, "0")}`;
}

/** Nanoseconds of the digits after a point, of which there are nine at most. */
export function nanosOf(digits = ""): number {
  return Number(digits.padEnd(9, "0"));
}

/**
 * A time as text in UTC.
 *
 * @throws {JsonError} if it is not in the years 1 to 9999.
 */
export function timeText({ seconds, nanos }: Time): string {
  if (!(seconds >= MIN_SECONDS && seconds <= MAX_SECONDS && nanos >= 0 && nanos < 1e9)) {
    throw new JsonError(`not a time of the years 1 to 9999: ${seconds} s and ${nanos} ns`);
  }
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}${fractionText(nanos)}Z`;
}

/**
 * The time of a text.
 *
 * @throws {JsonError} if it is none, or not in the years 1 to 9999.
 */
export function readTime(text: string): Time {
  const parts = /^(\d{4}-\d\d-(\d\d)T(?:[01]\d|2[0-3]):\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(
    text,
  );
  const seconds = parts === null ? NaN : Date.parse(parts[1]! + parts[4]!) / 1000;
  if (!(seconds >= MIN_SECONDS && seconds <= MAX_SECONDS)) throw noTime(text);
  // Date takes the 30th of February for the 1st or 2nd of March.
  if (parts![2]! > "28" && new Date(`${parts![1]!}Z`).getUTCDate() !== Number(parts![2])) throw noTime(text);
  return { seconds, nanos: nanosOf(parts![3]) };
}

function noTime(text: string): JsonError {
  return isNot("a timestamp of the years 1 to 9999", text);
}
