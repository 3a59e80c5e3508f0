import type { AnyFieldType, FieldType } from "../field-type.js";
import { isNot, JsonError } from "./json-error.js";
import type { JsonSource } from "./json-source.js";
import { readTolerantly } from "./tolerant.js";

/** A field with presence: undefined if it is not set, and in JSON if it has its default too. */
export function optional(type: AnyFieldType): AnyFieldType {
  return {
    ...type,
    isAbsent: (value: unknown) => value === undefined || value === null,
  };
}

/** A repeated field. */
export function list(type: AnyFieldType): AnyFieldType {
  return {
    shape: "list",
    isAbsent: (values: readonly unknown[] | undefined) => !values?.length,
    fromPartial: (values) => copyList(type, values),
    writeJson(values: unknown, sink) {
      if (!Array.isArray(values)) throw isNot("a list", values);
      let index = 0;
      try {
        sink.beginList();
        for (; index < values.length; index++) type.writeJson(values[index], sink);
        sink.endList();
      } catch (error) {
        throw JsonError.within(`[${index}]`, error);
      }
    },
    readJson(source) {
      const values: unknown[] = [];
      const { errors } = source.options;
      let index = 0;
      source.beginList();
      if (errors !== undefined) {
        for (; source.hasItem(); index++) {
          readTolerantly(source, errors, `[${index}]`, () => values.push(readPart(type, source)));
        }
        return values;
      }
      try {
        for (; source.hasItem(); index++) {
          const value: unknown = readPart(type, source);
          if (value !== undefined) values.push(value);
        }
      } catch (error) {
        throw JsonError.within(`[${index}]`, error);
      }
      return values;
    },
  };
}

/** The list that `fromPartial` makes of one. */
export function copyList(type: AnyFieldType, values: unknown): unknown[] {
  return (values as unknown[]).map((value): unknown => type.fromPartial(value));
}

/** Reads an item of a list or a value of a map. Undefined if `ignoreUnknownFields` passes over it. */
export function readPart<T>(type: FieldType<T>, source: JsonSource): T | undefined {
  if (!type.takesNull && source.null()) throw isNot("a value", null);
  return type.readJson(source);
}
