import { writeInt64 } from "./numbers.js";
import { ProtobufError } from "./protobuf-error.js";
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
 * @throws {ProtobufError} for a Date that is invalid.
 */
export function writeDate(writer: Writer, tag: number, date: Date): void {
  const ms = date.getTime();
  const seconds = Math.floor(ms / 1000);
  writer.room(LONGEST);
  const lengthAt = writer.tag(tag);
  const { buffer } = writer;
  let at = lengthAt + 1;
  const low = seconds >>> 0;
  if (low === seconds && low >= 2 ** 28) {
    // Five bytes, from 1978 up to 2106.
    buffer[at++] = SECONDS;
    buffer[at++] = low | 0x80;
    buffer[at++] = (low >>> 7) | 0x80;
    buffer[at++] = (low >>> 14) | 0x80;
    buffer[at++] = (low >>> 21) | 0x80;
    buffer[at++] = low >>> 28;
  } else if (seconds !== 0) {
    if (Number.isNaN(ms)) throw new ProtobufError("invalid google.protobuf.Timestamp: an invalid Date");
    writer.position = at;
    writeInt64(writer, SECONDS, seconds);
    at = writer.position;
  }
  let nanos = ((ms - seconds * 1000) * NANOS_PER_MS) | 0;
  if (nanos !== 0) {
    buffer[at++] = NANOS;
    for (; nanos > 0x7f; nanos >>= 7) buffer[at++] = nanos | 0x80;
    buffer[at++] = nanos;
  }
  buffer[lengthAt] = at - lengthAt - 1;
  writer.position = at;
}

/** Reads a Timestamp: what is finer than a millisecond is lost. `previous` is what was read of it before. */
export function readDate(reader: Reader, previous: Date | undefined): Date {
  const { buffer, position, limit } = reader;
  // The usual form, without a loop or a call: seconds of five bytes, from 1978 up to 2106; nanos or none.
  if (previous === undefined && position < limit) {
    const length = buffer[position]!;
    const end = position + 1 + length;
    if (length >= 6 && length < 0x80 && end <= limit && buffer[position + 1] === SECONDS) {
      const first = buffer[position + 2]!;
      const second = buffer[position + 3]!;
      const third = buffer[position + 4]!;
      const fourth = buffer[position + 5]!;
      const fifth = buffer[position + 6]!;
      if ((first & second & third & fourth) >= 0x80 && fifth < 0x10) {
        const low =
          (first & 0x7f) | ((second & 0x7f) << 7) | ((third & 0x7f) << 14) | ((fourth & 0x7f) << 21);
        const ms = ((low | (fifth << 28)) >>> 0) * 1000;
        if (length === 6) {
          reader.position = end;
          return new Date(ms);
        }
        if (buffer[position + 7] === NANOS) {
          reader.position = position + 8;
          const nanos = reader.int32();
          if (reader.position === end) return new Date(ms + Math.floor(nanos / NANOS_PER_MS));
          reader.position = position;
        }
      }
    }
  }
  return readAnyDate(reader, previous);
}

function readAnyDate(reader: Reader, previous: Date | undefined): Date {
  let seconds = 0;
  let nanos = 0;
  if (previous !== undefined) {
    const ms = previous.getTime();
    seconds = Math.floor(ms / 1000);
    nanos = (ms - seconds * 1000) * NANOS_PER_MS;
  }
  for (const end = reader.range(); reader.more(end);) {
    const tag = reader.tag();
    if (tag === SECONDS) {
      reader.varint64();
      // What is beyond 2^53 is no date anyway.
      seconds = (reader.low >>> 0) + reader.high * 2 ** 32;
    } else if (tag === NANOS) nanos = reader.int32();
    else reader.skip(tag);
  }
  return new Date(seconds * 1000 + Math.floor(nanos / NANOS_PER_MS));
}
