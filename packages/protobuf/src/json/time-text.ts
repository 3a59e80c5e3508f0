import { latin1Slice } from "#text";
import { isNot, JsonError } from "./json-error.js";
import type { JsonSource } from "./json-source.js";
import { setUnits, units } from "./units.js";

// Times as text: google/protobuf/timestamp.proto, "JSON Mapping", and RFC 3339. If Date reads and writes them, the timestamps
// of a message take most of the time that its JSON takes.

/** A number of seconds, and the nanoseconds beyond them. */
export interface Time {
  readonly seconds: number;
  readonly nanos: number;
}

/** 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z. */
const MIN_SECONDS = -62_135_596_800;
const MAX_SECONDS = 253_402_300_799;

const DAY_SECONDS = 86_400;

const A_TIME = "a timestamp of the years 1 to 9999, as 2024-05-01T12:00:00Z is";

// Days are counted from 0000-03-01: so the day that leap years have more is the last one of its year.
const EPOCH_DAYS = 719_468;
const YEARS_400_DAYS = 146_097;
const YEARS_100_DAYS = 36_524;
const YEARS_4_DAYS = 1461;

const ZERO = 0x30;
const DASH = 0x2d;
const COLON = 0x3a;
const PLUS = 0x2b;
const POINT = 0x2e;
const LETTER_T = 0x54;
const LETTER_Z = 0x5a;

/** The length of a time up to its seconds. */
const WHOLE_LENGTH = 19;

/** Nanoseconds as 0, 3, 6 or 9 digits after a point. */
export function fractionText(nanos: number): string {
  if (nanos === 0) return "";
  let digits = 9;
  for (; nanos % 1000 === 0; nanos /= 1000) digits -= 3;
  return `.${String(nanos).padStart(digits, "0")}`;
}

/** The number of the two digits at a place. Negative if others are there. */
function twoAt(at: number): number {
  const tens = units[at]! - ZERO;
  const ones = units[at + 1]! - ZERO;
  return tens >= 0 && tens < 10 && ones >= 0 && ones < 10 ? tens * 10 + ones : -1;
}

/** Nanoseconds of the one to nine digits from `start` to `end`. Negative if others are there. */
function nanosAt(start: number, end: number): number {
  if (end <= start || end > start + 9) return -1;
  let nanos = 0;
  for (let at = start; at < start + 9; at++) {
    const digit = at < end ? units[at]! - ZERO : 0;
    if (!(digit >= 0 && digit < 10)) return -1;
    nanos = nanos * 10 + digit;
  }
  return nanos;
}

/** Writes a number of two digits. */
function writeTwo(value: number, at: number): void {
  const tens = (value / 10) | 0;
  units[at] = ZERO + tens;
  units[at + 1] = ZERO + value - tens * 10;
}

/** Writes nanoseconds as `fractionText` has them. Returns the place behind them. */
function writeFraction(nanos: number, at: number): number {
  if (nanos === 0) return at;
  let rest = nanos;
  let end = at + 10;
  for (; rest % 1000 === 0; rest = (rest / 1000) | 0) end -= 3;
  units[at] = POINT;
  for (let index = end - 1; index > at; index--) {
    const tenth = (rest / 10) | 0;
    units[index] = ZERO + rest - tenth * 10;
    rest = tenth;
  }
  return end;
}

/**
 * Writes a time in UTC as text, into `units`.
 *
 * @returns Its length.
 * @throws {JsonError} if it is not in the years 1 to 9999.
 */
export function writeTime(seconds: number, nanos: number): number {
  if (!(seconds >= MIN_SECONDS && seconds <= MAX_SECONDS && nanos >= 0 && nanos < 1e9)) {
    throw new JsonError(`not a time of the years 1 to 9999: ${seconds} s and ${nanos} ns`);
  }
  const days = Math.floor(seconds / DAY_SECONDS);
  const inDay = seconds - days * DAY_SECONDS;
  const hour = (inDay / 3600) | 0;
  const minute = ((inDay / 60) | 0) % 60;
  const second = inDay % 60;
  const cycle = ((days + EPOCH_DAYS) / YEARS_400_DAYS) | 0;
  let day = days + EPOCH_DAYS - cycle * YEARS_400_DAYS;
  // Days that leap years have more are taken out.
  const years =
    ((day -
      ((day / (YEARS_4_DAYS - 1)) | 0) +
      ((day / YEARS_100_DAYS) | 0) -
      ((day / (YEARS_400_DAYS - 1)) | 0)) /
      365) |
    0;
  day -= 365 * years + (years >> 2) - ((years / 100) | 0);
  // March is month 0; five months have 153 days.
  let month = ((5 * day + 2) / 153) | 0;
  day -= ((153 * month + 2) / 5) | 0;
  const year = years + cycle * 400 + (month < 10 ? 0 : 1);
  month += month < 10 ? 3 : -9;
  const century = (year / 100) | 0;
  writeTwo(century, 0);
  writeTwo(year - century * 100, 2);
  units[4] = DASH;
  writeTwo(month, 5);
  units[7] = DASH;
  writeTwo(day + 1, 8);
  units[10] = LETTER_T;
  writeTwo(hour, 11);
  units[13] = COLON;
  writeTwo(minute, 14);
  units[16] = COLON;
  writeTwo(second, 17);
  const end = writeFraction(nanos, WHOLE_LENGTH);
  units[end] = LETTER_Z;
  return end + 1;
}

/**
 * Reads a time.
 *
 * @throws {JsonError} if the next value is none, or not in the years 1 to 9999.
 */
export function readTime(source: JsonSource): Time {
  let length = source.ascii?.(units) ?? -1;
  if (length < 0) {
    const text = source.string();
    length = setUnits(text);
    if (length < 0) throw isNot(A_TIME, text);
  }
  const century = twoAt(0);
  const yearInCentury = twoAt(2);
  const month = twoAt(5);
  const day = twoAt(8);
  const hour = twoAt(11);
  const minute = twoAt(14);
  const second = twoAt(17);
  // What follows the seconds.
  let end = length - 1;
  let offset = 0;
  let isTime = units[end] === LETTER_Z;
  if (!isTime) {
    end -= 5;
    const hours = twoAt(end + 1);
    const minutes = twoAt(end + 4);
    const sign = units[end];
    isTime =
      (sign === PLUS || sign === DASH) &&
      units[end + 3] === COLON &&
      (hours | minutes) >= 0 &&
      hours < 24 &&
      minutes < 60;
    offset = (sign === PLUS ? -60 : 60) * (hours * 60 + minutes);
  }
  let nanos = 0;
  if (end !== WHOLE_LENGTH) nanos = units[WHOLE_LENGTH] === POINT ? nanosAt(WHOLE_LENGTH + 1, end) : -1;
  const year = century * 100 + yearInCentury;
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const monthDays = month === 2 ? (isLeap ? 29 : 28) : 30 + ((month + (month >> 3)) & 1);
  isTime &&=
    // Of negative numbers, one is enough to make this negative.
    (century | yearInCentury | month | day | hour | minute | second | nanos) >= 0 &&
    units[4] === DASH &&
    units[7] === DASH &&
    units[10] === LETTER_T &&
    units[13] === COLON &&
    units[16] === COLON &&
    month > 0 &&
    month < 13 &&
    day > 0 &&
    day <= monthDays &&
    hour < 24 &&
    minute < 60 &&
    second < 60;
  const shifted = month > 2 ? year : year - 1;
  const days =
    365 * shifted +
    (shifted >> 2) -
    ((shifted / 100) | 0) +
    ((shifted / 400) | 0) +
    (((153 * ((month + 9) % 12) + 2) / 5) | 0) +
    day -
    1 -
    EPOCH_DAYS;
  const seconds = days * DAY_SECONDS + hour * 3600 + minute * 60 + second + offset;
  if (!isTime || seconds < MIN_SECONDS || seconds > MAX_SECONDS) {
    throw isNot(A_TIME, latin1Slice(units, 0, length));
  }
  return { seconds, nanos };
}
