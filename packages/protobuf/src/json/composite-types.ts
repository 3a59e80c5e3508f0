import { stringifiesQuickly } from "#text";
import type { AnyFieldType, FieldType } from "../field-type.js";
import { isNot, JsonError } from "./json-error.js";
import type { JsonSource } from "./json-source.js";
import { readTolerantly } from "./tolerant.js";

/** The most numbers of a list that are written one by one: the engine takes less time for more. */
const FEW = stringifiesQuickly ? 4 : 64;

/** A field with presence: undefined if it is not set, and in JSON if it has its default too. */
export function optional(type: AnyFieldType): AnyFieldType {
  return {
    ...type,
    isAbsent: (value: unknown) => value === undefined || value === null,
  };
}

/** A repeated field. */
export function list(type: AnyFieldType): AnyFieldType {
  // They are called for each item, and those of a type are one of many forms.
  const { takesNull, writeJson, readJson } = type;
  return {
    shape: "list",
    isAbsent: (values: readonly unknown[] | undefined) => !values?.length,
    fromPartial: (values) => copyList(type, values),
    writeJson(values: unknown, sink) {
      if (!Array.isArray(values)) throw isNot("a list", values);
      if (values.length > FEW && sink.numbers !== undefined) {
        const numbers = type.toNumbers?.(values);
        if (numbers !== undefined) return sink.numbers(numbers);
      }
      let index = 0;
      try {
        sink.beginList();
        for (; index < values.length; index++) writeJson(values[index], sink);
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
        const numbers = type.fromNumbers && source.numbers?.(type.fromNumbers);
        if (numbers !== undefined) return numbers;
        const readItem = source.itemReader?.(type) ?? readJson;
        for (; source.hasItem(); index++) {
          if (!takesNull && source.null()) throw isNot("a value", null);
          const value: unknown = readItem(source);
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
  const read = source.itemReader?.(type);
  return read === undefined ? type.readJson(source) : read(source);
}
