import type { FieldType } from "../field-type.js";
import { isNot, JsonError } from "./json-error.js";
import type { JsonForm } from "./message-json.js";
import { MAX_JSON_NUMBER_LENGTH } from "./options.js";
import { fractionText, readTime, writeTime } from "./time-text.js";
import { units } from "./units.js";

// google.protobuf.Timestamp and Duration as messages: timestamp.proto and duration.proto, "JSON Mapping".

/** A message of seconds and nanoseconds; `T` is how the program has integers of 64 bits. */
export interface TimeMessage<T> {
  seconds: T;
  nanos: number;
}

/** The largest number of seconds of a Duration: about 10,000 years. */
const MAX_DURATION_SECONDS = 315_576_000_000;

/** Makes a number an integer of 64 bits, as `int64` has it. */
function fromNumber<T>(int64: FieldType<T>, value: number): T {
  // It reads nothing else.
  return int64.readJson({ number: () => value } as never);
}

/** @param int64 The kind of the field `seconds`. */
export function timestampJson<T>(int64: FieldType<T>): JsonForm<TimeMessage<T>> {
  return {
    writeJson: ({ seconds, nanos }, sink) => sink.ascii(units, writeTime(Number(seconds), nanos)),
    readJson(source) {
      const { seconds, nanos } = readTime(source);
      return { seconds: fromNumber(int64, seconds), nanos };
    },
  };
}

/** @param int64 The kind of the field `seconds`. */
export function durationJson<T>(int64: FieldType<T>): JsonForm<TimeMessage<T>> {
  return {
    writeJson: (message, sink) => sink.string(durationText(Number(message.seconds), message.nanos)),
    readJson(source) {
      const text = source.string();
      if (text.length > MAX_JSON_NUMBER_LENGTH) throw isNot("a duration", text);
      const [, sign, whole, fraction] = /^(-?)(\d+)(?:\.(\d{1,9}))?s$/.exec(text) ?? [];
      const seconds = Number(whole);
      if (!(seconds <= MAX_DURATION_SECONDS)) throw isNot("a duration", text);
      const nanos = fraction === undefined ? 0 : Number(fraction.padEnd(9, "0"));
      // There is no negative zero among integers.
      return sign === "-"
        ? { seconds: fromNumber(int64, 0 - seconds), nanos: 0 - nanos }
        : { seconds: fromNumber(int64, seconds), nanos };
    },
  };
}

function durationText(seconds: number, nanos: number): string {
  const isDuration =
    Number.isInteger(seconds) &&
    Number.isInteger(nanos) &&
    Math.abs(seconds) <= MAX_DURATION_SECONDS &&
    Math.abs(nanos) < 1e9 &&
    seconds * nanos >= 0;
  if (!isDuration) throw new JsonError(`not a duration: ${seconds} s and ${nanos} ns`);
  const sign = seconds < 0 || nanos < 0 ? "-" : "";
  return `${sign}${Math.abs(seconds)}${fractionText(Math.abs(nanos))}s`;
}
