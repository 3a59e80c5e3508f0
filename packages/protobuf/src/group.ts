import type { ReadableType, Reader } from "./reader.js";
import type { WritableType, Writer } from "./writer.js";

/** Writes a message in the form of a group. Called by generated code. */
export function writeGroup<T>(writer: Writer, tag: number, type: WritableType<T>, message: T): void {
  writer.raw32(tag);
  type.write(message, writer);
  // The end has the wire type after that of the start.
  writer.raw32(tag + 1);
}

/** Reads a message in the form of a group, whose tag was read. Called by generated code. */
export function readGroup<T>(reader: Reader, tag: number, type: ReadableType<T>, into: T | undefined): T {
  return reader.group(tag, type, into);
}
