import type { Reader } from "./reader.js";
import { unknownFieldsOf } from "./unknown-fields.js";
import { Writer } from "./writer.js";

/** An enum as generated code declares it: its numbers by their names. */
export type EnumObject = Readonly<Record<string, number>>;

const numbers = new WeakMap<EnumObject, ReadonlySet<number>>();

/** True if an enum names a number. */
export function isNumberOf(type: EnumObject, number: number): boolean {
  let known = numbers.get(type);
  if (known === undefined) numbers.set(type, (known = new Set(Object.values(type))));
  return known.has(number);
}

/**
 * Reads a value of an enum that is closed, as those of proto2 are: a number that it does not name is kept as an unknown field
 * (protobuf.dev, "Enum Behavior").
 *
 * @returns Undefined for such a number.
 */
export function readClosedEnum(
  reader: Reader,
  tag: number,
  type: EnumObject,
  message: object,
): number | undefined {
  const number = reader.int32();
  if (isNumberOf(type, number)) return number;
  const writer = new Writer();
  writer.int32(tag, number);
  unknownFieldsOf(message).add(writer.finish());
  return undefined;
}

/** Keeps the entry of a map, which was just read, among the unknown fields: its value is a number that the enum does not name. */
export function keepEntry(reader: Reader, entry: number, message: object): void {
  unknownFieldsOf(message).add(reader.buffer.subarray(entry, reader.position));
}
