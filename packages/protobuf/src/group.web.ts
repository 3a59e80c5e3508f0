// Stands in for `group.ts` in a bundle for browsers, whose reader is without it: few messages have groups. Of one with several faults,
// it may name another one, as it looks for the group's end before it reads the group.
import type { ReadableType, Reader as FullReader } from "./reader.js";
import type { Reader } from "./reader.web.js";
import type { WritableType, Writer } from "./writer.js";

export function writeGroup<T>(writer: Writer, tag: number, type: WritableType<T>, message: T): void {
  writer.raw32(tag);
  type.write(message, writer);
  writer.raw32(tag + 1);
}

export function readGroup<T>(given: FullReader, tag: number, type: ReadableType<T>, into: T | undefined): T {
  const reader = given as unknown as Reader;
  const { limit, position } = reader;
  reader.skip(tag);
  const end = reader.position;
  // Where the tag of its end begins, which was read last.
  reader.limit = reader.tagAt;
  reader.position = position;
  const message = reader.nested(type, into);
  reader.limit = limit;
  reader.position = end;
  return message;
}
