import type { FieldType } from "./field-type.js";
import { JsonError, wanted } from "./json-error.js";
import type { JsonForm } from "./message-json.js";

// Timestamp and Duration: google/protobuf/timestamp.proto and duration.proto, "JSON Mapping".

/** A time as RFC 3339 has it. */
const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;

const MIN_MS = -62_135_596_800_000;
const MAX_MS = 253_402_300_799_999;

/** A time in whole seconds, and the nanoseconds after it. */
interface Time {
  seconds: number;
  nanos: number;
}

function parseTime(json: unknown): Time {
  const parts = typeof json === "string" ? TIME.exec(json) : null;
  if (parts === null) throw wanted("a time as in RFC 3339", json);
  const [, whole, fraction = "", zone] = parts;
  const ms = Date.parse(`${whole}${zone}`);
  const isDay = new Date(`${whole!.slice(0, 10)}T00:00:00Z`).getUTCDate() === Number(whole!.slice(8, 10));
  if (!(isDay && ms >= MIN_MS && ms <= MAX_MS)) throw wanted("a time of the years 1 to 9999", json);
  return { seconds: ms / 1000, nanos: Number(fraction.padEnd(9, "0")) };
}

/** A fraction of a second in 0, 3, 6 or 9 digits. */
function fractionOf(nanos: number): string {
  if (nanos === 0) return "";
  const digits = String(nanos).padStart(9, "0");
  if (nanos % 1_000_000 === 0) return `.${digits.slice(0, 3)}`;
  return `.${nanos % 1000 === 0 ? digits.slice(0, 6) : digits}`;
}

function timeText(seconds: number, nanos: number): string {
  const ms = seconds * 1000;
  if (!(ms >= MIN_MS && ms <= MAX_MS && nanos >= 0 && nanos < 1e9)) {
    throw new JsonError(`not a time of the years 1 to 9999: ${seconds} s and ${nanos} ns`);
  }
  return `${new Date(ms).toISOString().slice(0, 19)}${fractionOf(nanos)}Z`;
}

/** google.protobuf.Timestamp, seen as a Date: what is finer than a millisecond is lost. */
export const date: FieldType<Date> = {
  isAbsent: (value) => value === undefined || value === null,
  hasPresence: true,
  fromPartial: (value) => value as Date,
  toJson(value) {
    const ms = value.getTime();
    if (!(ms >= MIN_MS && ms <= MAX_MS)) throw wanted("a time of the years 1 to 9999", value);
    const text = value.toISOString();
    return ms % 1000 === 0 ? `${text.slice(0, 19)}Z` : text;
  },
  fromJson(json) {
    const { seconds, nanos } = parseTime(json);
    return new Date(seconds * 1000 + Math.floor(nanos / 1_000_000));
  },
};

/** Seconds and nanoseconds, as the messages have them; the seconds in any of the forms of a 64-bit integer. */
interface SecondsAndNanos<Seconds> {
  seconds: Seconds;
  nanos: number;
}

/** google.protobuf.Timestamp. */
export function timestampJson<Seconds>(seconds: FieldType<Seconds>): JsonForm<SecondsAndNanos<Seconds>> {
  return {
    toJson: (message) => timeText(Number(message.seconds), message.nanos),
    fromJson(json, context) {
      const time = parseTime(json);
      return { seconds: seconds.fromJson(time.seconds, context)!, nanos: time.nanos };
    },
  };
}

/** The longest Duration, in seconds: about 10,000 years. */
const MAX_DURATION_S = 315_576_000_000;

/** google.protobuf.Duration. */
export function durationJson<Seconds>(seconds: FieldType<Seconds>): JsonForm<SecondsAndNanos<Seconds>> {
  return {
    toJson(message) {
      const whole = Number(message.seconds);
      const { nanos } = message;
      const isAlike = whole === 0 || nanos === 0 || whole < 0 === nanos < 0;
      if (!(isAlike && Math.abs(whole) <= MAX_DURATION_S && Math.abs(nanos) < 1e9)) {
        throw new JsonError(`not a duration of up to ${MAX_DURATION_S} s: ${whole} s and ${nanos} ns`);
      }
      const sign = whole < 0 || nanos < 0 ? "-" : "";
      return `${sign}${Math.abs(whole)}${fractionOf(Math.abs(nanos))}s`;
    },
    fromJson(json, context) {
      const parts = typeof json === "string" ? /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/.exec(json) : null;
      if (parts === null || Number(parts[2]) > MAX_DURATION_S) throw wanted("a duration as in 1.5s", json);
      const [, sign, whole, fraction = ""] = parts;
      const factor = sign === "-" ? -1 : 1;
      return {
        seconds: seconds.fromJson(factor * Number(whole), context)!,
        // Of a sign alone no negative zero comes.
        nanos: factor * Number(fraction.padEnd(9, "0")) + 0,
      };
    },
  };
}
