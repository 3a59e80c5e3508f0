import { isNot, JsonError } from "./json-error.js";
import type { JsonSink } from "./json-sink.js";
import type { JsonSource } from "./json-source.js";
import { jsonOf, setOwn, type JsonObject } from "./values.js";

// Values of JSON as they are: for google.protobuf.Struct, Value and ListValue, Any, and extensions.

/** Reads a value of any type. */
export function readPlain(source: JsonSource): unknown {
  switch (source.type()) {
    case "object":
      return readPlainObject(source);
    case "list":
      return readPlainList(source);
    case "string":
      return source.string();
    case "number":
      return readFinite(source);
    case "boolean":
      return source.bool();
    case "null":
      source.null();
      return null;
  }
}

function readFinite(source: JsonSource): number {
  const number = Number(source.number());
  if (!Number.isFinite(number)) throw isNot("a finite number", number);
  return number;
}

/** Reads an object of values of any type. */
export function readPlainObject(source: JsonSource): JsonObject {
  const object: JsonObject = {};
  source.beginObject();
  while (source.hasKey()) {
    const key = source.key();
    if (Object.hasOwn(object, key)) throw new JsonError(`key ${JSON.stringify(key)} is there twice`);
    setOwn(object, key, readPlain(source));
  }
  return object;
}

/** Reads a list of values of any type. */
export function readPlainList(source: JsonSource): unknown[] {
  const list: unknown[] = [];
  source.beginList();
  while (source.hasItem()) list.push(readPlain(source));
  return list;
}

/**
 * Writes a value that `JSON.stringify` takes; properties of undefined are left out.
 *
 * @throws {JsonError} for what JSON has no value of: NaN, Infinity, a function, a symbol, a bigint, undefined.
 */
export function writePlain(given: unknown, sink: JsonSink): void {
  const value = jsonOf(given);
  if (value === null) sink.null();
  else if (typeof value === "string") sink.string(value);
  else if (typeof value === "boolean") sink.bool(value);
  else if (typeof value === "number" && Number.isFinite(value)) sink.number(value);
  else if (Array.isArray(value)) writePlainList(value, sink);
  else if (typeof value === "object") writePlainObject(value as JsonObject, sink);
  else throw isNot("a JSON value", value);
}

/** Writes an object of values that `writePlain` takes. */
export function writePlainObject(object: JsonObject, sink: JsonSink): void {
  if (typeof object !== "object" || object === null || Array.isArray(object))
    throw isNot("an object", object);
  sink.beginObject();
  for (const key of Object.keys(object)) {
    const value = object[key];
    if (value === undefined) continue;
    sink.key(key);
    try {
      writePlain(value, sink);
    } catch (error) {
      throw JsonError.within(/^\w+$/.test(key) ? key : `[${JSON.stringify(key)}]`, error);
    }
  }
  sink.endObject();
}

/** Writes a list of values that `writePlain` takes. */
export function writePlainList(list: readonly unknown[], sink: JsonSink): void {
  if (!Array.isArray(list)) throw isNot("a list", list);
  sink.beginList();
  for (const item of list) writePlain(item, sink);
  sink.endList();
}
