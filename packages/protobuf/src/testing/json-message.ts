import { members, named, oneof, type AnyFieldType, type FieldType, type FieldTypes } from "../field-type.js";
import { contractName } from "../json/message-fields.js";
import { fromJsonText, toJsonBytes, toJsonText } from "../json/json-text.js";
import {
  fieldsOf,
  messageFromPartial,
  readMessageJson,
  writeMessageJson,
  type JsonForm,
} from "../json/message-json.js";
import { ObjectSink, ObjectSource } from "../json/object.js";
import type { JsonReadOptions, JsonWriteOptions } from "../json/options.js";

/** A message type by hand: all that JSON needs of one. */
export interface JsonMessage<T> extends FieldType<T> {
  fromPartial(value: unknown): T;
}

export interface JsonMessageCode<T> {
  create(): T;
  fields(): readonly (FieldEntry | OneofEntry)[];
  readonly json?: JsonForm<T>;
}

/** A field, in the short form of these tests: names that are undefined follow from the first. */
export type FieldEntry = readonly [name: string, type: AnyFieldType, property?: string, jsonName?: string];

/** A oneof, in the short form of these tests. */
export interface OneofEntry {
  readonly oneof: string;
  readonly fields: readonly FieldEntry[];
  readonly flat?: true;
}

function propertyName(name: string): string {
  return name.replace(/_+([^_]?)/g, (_, letter: string) => letter.toUpperCase());
}

function fieldTypes(entries: readonly (FieldEntry | OneofEntry)[]): FieldTypes {
  return Object.fromEntries(
    entries.map((entry) => {
      if ("oneof" in entry) {
        const fields = fieldTypes(entry.fields);
        return [entry.oneof, entry.flat ? members(fields) : oneof(fields)];
      }
      const [name, type, property = propertyName(name), jsonName = propertyName(name)] = entry;
      const isUsual = name === contractName(property) && jsonName === property;
      return [property, isUsual ? type : named(type, name, jsonName)];
    }),
  );
}

export function jsonMessage<T extends object>(stated: JsonMessageCode<T>): JsonMessage<T> {
  const code = { name: "test.Message", ...stated, fields: () => fieldTypes(stated.fields()) };
  return {
    isAbsent: (value) => value === undefined || value === null,
    fromPartial: (value) => messageFromPartial(fieldsOf(code), code.create(), value as object),
    writeJson: (message, sink) => writeMessageJson(fieldsOf(code), message, sink),
    readJson: (source) => readMessageJson(fieldsOf(code), code.create(), source),
    ...code.json,
  };
}

/** Writes through both sinks, of which the text sink twice; they must agree. Returns what `JSON.parse` makes of it. */
export function write<T>(type: FieldType<T>, value: T, options?: JsonWriteOptions): unknown {
  const outcomes = [
    attempt(() => {
      const sink = new ObjectSink(options);
      type.writeJson(value, sink);
      return sink.value;
    }),
    attempt(() => JSON.parse(toJsonText(type, value, options)) as unknown),
    attempt(() => JSON.parse(new TextDecoder().decode(toJsonBytes(type, value, options))) as unknown),
  ];
  return agreed(outcomes);
}

/** Reads text through both sources, of which the text source twice; they must agree. */
export function read<T>(type: FieldType<T>, text: string, options?: JsonReadOptions): T {
  const outcomes = [
    attempt(() => type.readJson(new ObjectSource(JSON.parse(text), options))),
    attempt(() => fromJsonText(type, text, options)),
    attempt(() => fromJsonText(type, new TextEncoder().encode(text), options)),
  ];
  return agreed(outcomes);
}

interface Outcome<T> {
  readonly value?: T;
  readonly error?: Error;
}

function attempt<T>(run: () => T): Outcome<T> {
  try {
    return { value: run() };
  } catch (error) {
    return { error: error as Error };
  }
}

function agreed<T>(outcomes: readonly Outcome<T>[]): T {
  const [first] = outcomes;
  for (const outcome of outcomes) {
    if (show(outcome) !== show(first!)) {
      throw new Error(`the forms do not agree: ${outcomes.map(show).join(" / ")}`, { cause: outcome.error });
    }
  }
  if (first!.error !== undefined) throw first!.error;
  return first!.value as T;
}

function show({ value, error }: Outcome<unknown>): string {
  if (error !== undefined) return `${error.name}: ${error.message}`;
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === "bigint") return `${part}n`;
    if (part instanceof Map) return ["Map", ...part];
    if (typeof part === "number") return Object.is(part, -0) ? "-0" : `${part}#`;
    return part;
  });
}
