import { writeInt64 } from "./numbers.js";
import type { Reader } from "./reader.js";
import type { Writer } from "./writer.js";

// google.protobuf.Timestamp, seen as a Date.

const NANOS_PER_MS = 1_000_000;
const SECONDS = (1 << 3) | 0;
const NANOS = (2 << 3) | 0;
/** The most that a tag and a Timestamp take, in bytes. */
const LONGEST = 5 + 1 + 11 + 6;

/**
 * Writes a Timestamp. Its nanos count forward, before 1970 too (google/protobuf/timestamp.proto).
 *
 * @throws {RangeError} for a Date that is invalid.
 */
export function writeDate(writer: Writer, tag: number, date: Date): void {
  const ms = date.getTime();
  const seconds = Math.floor(ms / 1000);
  const nanos = (ms - seconds * 1000) * NANOS_PER_MS;
  writer.room(LONGEST);
  const lengthAt = writer.tag(tag);
  const { buffer } = writer;
  writer.position = lengthAt + 1;
  // Up to the year 2106 they are 32 bits, which are quicker.
  if (seconds >>> 0 !== seconds) writeInt64(writer, SECONDS, seconds);
  else if (seconds !== 0) {
    buffer[writer.position++] = SECONDS;
    writer.low(seconds);
  }
  if (nanos !== 0) {
    buffer[writer.position++] = NANOS;
    writer.low(nanos);
  }
  buffer[lengthAt] = writer.position - lengthAt - 1;
}

/** Reads a Timestamp: what is finer than a millisecond is lost. `previous` is what was read of it before. */
export function readDate(reader: Reader, previous: Date | undefined): Date {
  let seconds = 0;
  let nanos = 0;
  if (previous !== undefined) {
    const ms = previous.getTime();
    seconds = Math.floor(ms / 1000);
    nanos = (ms - seconds * 1000) * NANOS_PER_MS;
  }
  for (const end = reader.range(); reader.more(end);) {
    const tag = reader.tag();
    if (tag === SECONDS) seconds = reader.int64AsNumber();
    else if (tag === NANOS) nanos = reader.int32();
    else reader.skip(tag);
  }
  return new Date(seconds * 1000 + Math.floor(nanos / NANOS_PER_MS));
}
