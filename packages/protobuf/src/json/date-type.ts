import type { FieldType } from "../field-type.js";
import { isNot } from "./json-error.js";
import { readTime, writeTime } from "./time-text.js";
import { units } from "./units.js";

/** A field of google.protobuf.Timestamp, seen as a Date: what is finer than a millisecond is lost. */
export const date: FieldType<Date> = {
  isAbsent: (value) => value === undefined || value === null,
  fromPartial: (value) => value as Date,
  writeJson(value, sink) {
    if (!(value instanceof Date)) throw isNot("a Date", value);
    const ms = value.getTime();
    const seconds = Math.floor(ms / 1000);
    sink.ascii(units, writeTime(seconds, (ms - seconds * 1000) * 1_000_000));
  },
  readJson(source) {
    const { seconds, nanos } = readTime(source);
    return new Date(seconds * 1000 + Math.floor(nanos / 1_000_000));
  },
};
