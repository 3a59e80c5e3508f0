import { readGroup } from "./group.js";
import { Reader } from "./reader.js";
import { Writer } from "./writer.js";

// Fields of an edition with `message_encoding = DELIMITED` whose message is seen as a value of JavaScript: a Date, a Struct. They
// are rare; the functions for such a value write and read it with a length, and the fields are copied between the two forms.

const ANY_FIELD = (1 << 3) | 2;

/** Writes as a group what `write` writes with a length. */
export function writeGroupValue<T>(
  writer: Writer,
  tag: number,
  value: T,
  write: (writer: Writer, tag: number, value: T) => void,
): void {
  const message = new Writer();
  write(message, ANY_FIELD, value);
  const reader = new Reader(message.finish());
  reader.tag();
  writer.raw32(tag);
  writer.raw(reader.bytes());
  writer.raw32(tag + 1);
}

/** The fields of a group, as they came. */
const fieldsType = {
  create: () => new Writer(),
  read(fields: Writer, reader: Reader): void {
    while (reader.position < reader.limit) {
      const tag = reader.tag();
      const start = reader.tagAt;
      if (reader.skip(tag)) fields.raw(reader.buffer.slice(start, reader.position));
    }
  },
};

/** Reads from a group, whose tag was read, what `read` reads with a length. */
export function readGroupValue<T>(
  reader: Reader,
  tag: number,
  previous: T | undefined,
  read: (reader: Reader, previous: T | undefined) => T,
): T {
  const fields = readGroup(reader, tag, fieldsType, undefined).finish();
  const message = new Writer();
  message.bytes(ANY_FIELD, fields);
  const inner = new Reader(message.finish());
  inner.tag();
  return read(inner, previous);
}
