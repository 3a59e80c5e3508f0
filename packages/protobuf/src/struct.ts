import { checkFields } from "./check-fields.js";
import { jsonOf, setOwn, type JsonObject } from "./json/values.js";
import { readDouble, writeDouble } from "./numbers.js";
import { ProtobufError } from "./protobuf-error.js";
import type { Reader } from "./reader.js";
import type { Writer } from "./writer.js";

// google.protobuf.Struct, Value and ListValue, seen as the values of JSON that they stand for.

const ENTRY = (1 << 3) | 2;
const KEY = (1 << 3) | 2;
const VALUE = (2 << 3) | 2;
const NULL = (1 << 3) | 0;
const NUMBER = (2 << 3) | 1;
const STRING = (3 << 3) | 2;
const BOOL = (4 << 3) | 0;
const STRUCT = (5 << 3) | 2;
const LIST = (6 << 3) | 2;

/** Writes a Struct; properties of undefined are left out, as in JSON. */
export function writeStruct(writer: Writer, tag: number, struct: JsonObject = {}): void {
  const opened = writer.open(tag);
  const keys = Object.keys(struct);
  if (typeof struct !== "object" || keys.length === 0) checkFields(struct);
  for (const key of keys) {
    const value = struct[key];
    // A Value of no kind would stand for an error (google/protobuf/struct.proto).
    if (value === undefined) continue;
    const entry = writer.open(ENTRY);
    writer.string(KEY, key);
    writeValue(writer, VALUE, value);
    writer.close(entry);
  }
  writer.close(opened);
}

/** Writes a ListValue. */
export function writeListValue(writer: Writer, tag: number, list: readonly unknown[] = []): void {
  const opened = writer.open(tag);
  for (const item of list) writeValue(writer, ENTRY, item);
  writer.close(opened);
}

/**
 * Writes a Value; one of undefined has no kind. What has a `toJSON`, as a Date, is what that returns.
 *
 * @throws {ProtobufError} for what JSON has no value of: a function, a symbol, a bigint, a Map.
 */
export function writeValue(writer: Writer, tag: number, value: unknown): void {
  writeJson(writer, tag, jsonOf(value));
}

function writeJson(writer: Writer, tag: number, value: unknown): void {
  const opened = writer.open(tag);
  if (value === null) writer.int32(NULL, 0);
  else if (typeof value === "number") writeDouble(writer, NUMBER, value);
  else if (typeof value === "string") writer.string(STRING, value);
  else if (typeof value === "boolean") writer.bool(BOOL, value);
  else if (Array.isArray(value)) writeListValue(writer, LIST, value);
  else if (typeof value === "object") writeStruct(writer, STRUCT, value as JsonObject);
  else if (value !== undefined) throw new ProtobufError(`invalid google.protobuf.Value: a ${typeof value}`);
  writer.close(opened);
}

/** Fields of a Struct, a ListValue or a Value as they are read; what `readX` was given, if it was read before. */
const structType = {
  create: (): JsonObject => ({}),
  read(struct: JsonObject, reader: Reader): void {
    while (reader.position < reader.limit) {
      const tag = reader.tag();
      if (tag !== ENTRY) {
        reader.skip(tag);
        continue;
      }
      let key = "";
      let value: unknown;
      for (const end = reader.range(); reader.more(end);) {
        const inner = reader.tag();
        if (inner === KEY) key = reader.string();
        else if (inner === VALUE) value = readValue(reader, value);
        else reader.skip(inner);
      }
      setOwn(struct, key, value);
    }
  },
};

const listType = {
  create: (): unknown[] => [],
  read(list: unknown[], reader: Reader): void {
    while (reader.position < reader.limit) {
      const tag = reader.tag();
      if (tag === ENTRY) list.push(readValue(reader, undefined));
      else reader.skip(tag);
    }
  },
};

const valueType = {
  create: (): { value: unknown } => ({ value: undefined }),
  read(holder: { value: unknown }, reader: Reader): void {
    while (reader.position < reader.limit) {
      const tag = reader.tag();
      const { value } = holder;
      if (tag === NULL) {
        reader.int32();
        holder.value = null;
      } else if (tag === NUMBER) holder.value = readDouble(reader);
      else if (tag === STRING) holder.value = reader.string();
      else if (tag === BOOL) holder.value = reader.bool();
      else if (tag === STRUCT) holder.value = readStruct(reader, isStruct(value) ? value : undefined);
      else if (tag === LIST) holder.value = readListValue(reader, Array.isArray(value) ? value : undefined);
      else reader.skip(tag);
    }
  },
};

function isStruct(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Reads a Struct, into `previous` if it was read before. */
export function readStruct(reader: Reader, previous: JsonObject | undefined): JsonObject {
  return reader.message(structType, previous);
}

/** Reads a ListValue, into `previous` if it was read before. */
export function readListValue(reader: Reader, previous: unknown[] | undefined): unknown[] {
  return reader.message(listType, previous);
}

/** Reads a Value, into `previous` if it was read before. Undefined if it has no kind. */
export function readValue(reader: Reader, previous: unknown): unknown {
  return reader.message(valueType, { value: previous }).value;
}
