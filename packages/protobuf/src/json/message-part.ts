import { isNot } from "./json-error.js";
import type { JsonSink } from "./json-sink.js";
import type { JsonSource } from "./json-source.js";
import { type FieldsCode, fieldsOf, type MessageFields } from "./message-fields.js";
import { type JsonForm, readMessageJson, writeMessageJson } from "./message-json.js";
import { ObjectSink, ObjectSource } from "./object.js";
import type { JsonReadOptions, JsonWriteOptions } from "./options.js";

/** The part of a message type that is its JSON, and its fields by their names there. */
export interface MessagePart<T> {
  isAbsent(message: T | undefined): boolean;
  writeJson(message: T, sink: JsonSink): void;
  readJson(source: JsonSource): T;
  toJSON(message: T, options?: JsonWriteOptions): unknown;
  fromJSON(json: unknown, options?: JsonReadOptions): T;
  fields(all?: boolean): MessageFields | undefined;
}

/** Makes that part from a type's code. */
export function messagePart<T extends object>(
  code: FieldsCode & { create(): T; json?: JsonForm<T> },
): MessagePart<T> {
  const {
    writeJson,
    readJson,
    takesNull = false,
  }: JsonForm<T> = code.json ?? {
    writeJson(message, sink) {
      const kept = sink.options.keptJson?.(message, type);
      if (kept === undefined) writeMessageJson(fieldsOf(code), message, sink);
      else sink.json(kept);
    },
    readJson: (source) => readMessageJson(fieldsOf(code), code.create(), source),
  };
  const type: MessagePart<T> = {
    isAbsent: (message) => message === undefined || message === null,
    writeJson,
    readJson,
    toJSON(message, options) {
      const sink = new ObjectSink(options);
      writeJson(message, sink);
      return sink.value;
    },
    fromJSON(value, options) {
      if (value === null && !takesNull) throw isNot("a message", value);
      return readJson(new ObjectSource(value, options));
    },
    fields: (all) => (code.json === undefined || all ? fieldsOf(code) : undefined),
  };
  return type;
}
