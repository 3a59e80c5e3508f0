import type { AnyFieldType, FieldType } from "../field-type.js";
import { optional } from "./composite-types.js";
import type { JsonForm } from "./message-json.js";

/** A field of one of the messages of wrappers.proto, seen as its value or undefined. */
export function wrapper(type: AnyFieldType): AnyFieldType {
  return { ...optional(type), isWrapper: true };
}

/** One of the messages of wrappers.proto as a message: its value in JSON. */
export function wrapperJson<T>(type: FieldType<T>): JsonForm<{ value: T }> {
  return {
    writeJson: ({ value }, sink) => type.writeJson(value, sink),
    readJson: (source) => ({ value: type.readJson(source) }),
  };
}
