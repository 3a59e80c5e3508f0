import type { AnyFieldType, FieldType } from "../field-type.js";
import { readPart } from "./composite-types.js";
import { isNot, JsonError } from "./json-error.js";
import type { JsonSink } from "./json-sink.js";
import type { JsonSource } from "./json-source.js";
import type { JsonReadOptions } from "./options.js";
import { readTolerantly } from "./tolerant.js";
import { setOwn } from "./values.js";

/** A map field, as a `Map`. */
export function map(keyType: AnyFieldType, type: AnyFieldType): AnyFieldType {
  return mapOf<unknown, unknown>(keyType, type);
}

function mapOf<K, V>(keyType: FieldType<K>, type: FieldType<V>): FieldType<Map<K, V>> {
  return {
    shape: "map",
    isAbsent: (values) => !values?.size,
    fromPartial: (given) => copyMap(type, given),
    writeJson(values, sink) {
      if (!(values instanceof Map)) throw isNot("a map", values);
      writeEntries(keyType, type, values, sink);
    },
    readJson(source) {
      const values = new Map<K, V>();
      const has = (key: K): boolean => values.has(key);
      readEntries(keyType, type, source, has, (key, value) => values.set(key, value));
      return values;
    },
  };
}

/** The Map that `fromPartial` makes of one. */
export function copyMap<K, V>(type: FieldType<V>, given: unknown): Map<K, V> {
  const copy = new Map<K, V>();
  for (const [key, value] of given as Map<K, unknown>) {
    if (value !== undefined) copy.set(key, type.fromPartial(value));
  }
  return copy;
}

/** A map field, as an object whose keys are data, `__proto__` too. */
export function mapObject(keyType: AnyFieldType, type: AnyFieldType): AnyFieldType {
  return mapObjectOf<unknown, unknown>(keyType, type);
}

function mapObjectOf<K, V>(keyType: FieldType<K>, type: FieldType<V>): FieldType<Record<string, V>> {
  return {
    shape: "map",
    isAbsent: (values) => !values || Object.keys(values).length === 0,
    fromPartial: (given) => copyMapObject(type, given),
    writeJson(values, sink) {
      if (typeof values !== "object" || values === null || Array.isArray(values))
        throw isNot("a map", values);
      const entries = Object.entries(values).map(([key, value]) => [keyOf(keyType, key), value] as const);
      writeEntries(keyType, type, entries, sink);
    },
    readJson(source) {
      const values: Record<string, V> = {};
      const has = (key: K): boolean => Object.hasOwn(values, String(key));
      readEntries(keyType, type, source, has, (key, value) => setOwn(values, String(key), value));
      return values;
    },
  };
}

/** The object that `fromPartial` makes of one. */
export function copyMapObject<V>(type: FieldType<V>, given: unknown): Record<string, V> {
  const copy: Record<string, V> = {};
  for (const [key, value] of Object.entries(given as Record<string, unknown>)) {
    if (value !== undefined) setOwn(copy, key, type.fromPartial(value));
  }
  return copy;
}

function writeEntries<K, V>(
  keyType: FieldType<K>,
  type: FieldType<V>,
  entries: Iterable<readonly [K, V]>,
  sink: JsonSink,
): void {
  const keys = keySink(sink);
  sink.beginObject();
  for (const [key, value] of entries) {
    try {
      keyType.writeJson(key, keys);
      type.writeJson(value, sink);
    } catch (error) {
      throw JsonError.within(`[${JSON.stringify(String(key))}]`, error);
    }
  }
  sink.endObject();
}

function readEntries<K, V>(
  keyType: FieldType<K>,
  type: FieldType<V>,
  source: JsonSource,
  has: (key: K) => boolean,
  set: (key: K, value: V) => void,
): void {
  const { errors } = source.options;
  const keys = new KeySource();
  const read = (): void => {
    const key = keys.read(keyType);
    if (has(key)) throw new JsonError("there twice");
    const value = readPart(type, source);
    if (value !== undefined) set(key, value);
  };
  source.beginObject();
  while (source.hasKey()) {
    const text = source.key();
    keys.text = text;
    if (errors !== undefined) {
      readTolerantly(source, errors, `[${JSON.stringify(text)}]`, read);
      continue;
    }
    try {
      read();
    } catch (error) {
      throw JsonError.within(`[${JSON.stringify(text)}]`, error);
    }
  }
}

/** Writes the key of an entry: text, whatever its type. */
function keySink(sink: JsonSink): JsonSink {
  const write = (key: unknown): void => sink.key(String(key));
  const keys: Pick<JsonSink, "options" | "string" | "number" | "integer64" | "bool"> = {
    options: sink.options,
    string: write,
    number: write,
    integer64: write,
    bool: write,
  };
  // The types that keys may be of write nothing else.
  return keys as JsonSink;
}

/** The key that a text stands for. */
function keyOf<K>(type: FieldType<K>, text: string): K {
  const source = new KeySource();
  source.text = text;
  return source.read(type);
}

/** Reads keys: text, whatever their type. */
class KeySource {
  readonly options: JsonReadOptions = {};

  text = "";

  read<K>(type: FieldType<K>): K {
    // The types that keys may be of read nothing else than what is below.
    return type.readJson(this as unknown as JsonSource);
  }

  string(): string {
    return this.text;
  }

  number(): string {
    return this.text;
  }

  bool(): boolean {
    const { text } = this;
    if (text !== "true" && text !== "false") throw isNot("a bool", text);
    return text === "true";
  }
}
