import { isNumberOf, type EnumObject } from "../closed-enum.js";
import type { AnyFieldType, FieldType } from "./field-type.js";
import { isObject, JsonContext, setOwn, type JsonObject } from "./json-context.js";
import { JsonError, wanted } from "./json-error.js";

/** A list of values of a kind. */
export function list<T>(item: FieldType<T>): FieldType<readonly T[]> {
  return {
    isAbsent: (value) => value === undefined || value.length === 0,
    fromPartial: (value) => Array.from(value as Iterable<unknown>, (each) => item.fromPartial(each)),
    toJson: (value, context) =>
      value.map((each, index) => inside(`[${index}]`, () => item.toJson(each, context))),
    fromJson(json, context) {
      if (!Array.isArray(json)) throw wanted("an array", json);
      context.enter();
      const items: T[] = [];
      for (let index = 0; index < json.length; index++) {
        try {
          const value = fromItem(item, json[index], context);
          if (value !== undefined) items.push(value);
        } catch (error) {
          throw JsonError.at(`[${index}]`, error);
        }
      }
      context.leave();
      return items;
    },
  };
}

function fromItem<T>(type: FieldType<T>, json: unknown, context: JsonContext): T | undefined {
  if (json === null && type.takesNull !== true) throw wanted("a value", json);
  return type.fromJson(json, context);
}

function inside<R>(segment: string, run: () => R): R {
  try {
    return run();
  } catch (error) {
    throw JsonError.at(segment, error);
  }
}

/** A key of a map: text in JSON, of a bool too. */
function keyOf(key: AnyFieldType, text: string): unknown {
  return key.fromJson(key.isBool === true ? toBool(text) : text, keyContext);
}

/** What a key needs of a context: nothing that options change. */
const keyContext = /* @__PURE__ */ new JsonContext();

function toBool(text: string): unknown {
  return text === "true" ? true : text === "false" ? false : text;
}

interface Entries<Container> {
  make(): Container;
  set(container: Container, key: unknown, value: unknown): void;
  entries(container: Container): Iterable<[unknown, unknown]>;
}

function mapType<C extends object>(key: AnyFieldType, value: AnyFieldType, form: Entries<C>): FieldType<C> {
  const { make, set, entries } = form;
  return {
    isAbsent: (container) => container === undefined || isEmpty(entries(container)),
    fromPartial(given) {
      const copy = make();
      for (const [each, of] of entries(given as C))
        if (of !== undefined) set(copy, each, value.fromPartial(of));
      return copy;
    },
    toJson(container, context) {
      const json: JsonObject = {};
      for (const [each, of] of entries(container)) {
        setOwn(
          json,
          String(each),
          inside(`[${String(each)}]`, () => value.toJson(of, context)),
        );
      }
      return json;
    },
    fromJson(json, context) {
      if (!isObject(json)) throw wanted("an object", json);
      context.enter();
      const container = make();
      for (const text of Object.keys(json)) {
        const of = inside(`[${text}]`, () => fromItem<unknown>(value, json[text], context));
        if (of !== undefined)
          set(
            container,
            inside(`[${text}]`, () => keyOf(key, text)),
            of,
          );
      }
      context.leave();
      return container;
    },
  };
}

function isEmpty(entries: Iterable<unknown>): boolean {
  return entries[Symbol.iterator]().next().done === true;
}

/** A map, as a Map. */
export function map<V>(key: AnyFieldType, value: FieldType<V>): FieldType<Map<never, V>> {
  return mapType<Map<unknown, unknown>>(key, value, {
    make: () => new Map(),
    set: (container, each, of) => container.set(each, of),
    entries: (container) => (container instanceof Map ? container : Object.entries(container)),
  }) as FieldType<Map<never, V>>;
}

/** A map, as an object without a prototype: a key like `__proto__` is data. */
export function mapObject(key: AnyFieldType, value: AnyFieldType): FieldType<Record<string, unknown>> {
  return mapType<Record<string, unknown>>(key, value, {
    make: () => Object.create(null) as Record<string, unknown>,
    set(container, each, of) {
      container[each as string] = of;
    },
    entries: (container) => Object.entries(container),
  });
}

/** A field that knows whether it was set. */
export function optional<T>(type: FieldType<T>): FieldType<T | undefined> {
  return { ...type, hasPresence: true, isAbsent: (value) => value === undefined || value === null };
}

const enumTypes = new WeakMap<EnumObject, FieldType<number>>();

/** An enum; its names are those of the contract. */
export function enumeration<E extends EnumObject>(type: E): FieldType<E[keyof E]> {
  let known = enumTypes.get(type);
  if (known === undefined) enumTypes.set(type, (known = enumType(type)));
  return known as FieldType<E[keyof E]>;
}

function enumType(type: EnumObject): FieldType<number> {
  const names = new Map<number, string>();
  // Of several names of one number, the first is written.
  for (const [name, number] of Object.entries(type)) if (!names.has(number)) names.set(number, name);
  return {
    isAbsent: (value) => value === 0 || value === undefined,
    fromPartial: (value) => value as number,
    toJson: (value, { enumsAsIntegers }) => (enumsAsIntegers ? value : (names.get(value) ?? value)),
    fromJson(json, { ignoreUnknownFields }) {
      if (typeof json === "string") {
        if (Object.hasOwn(type, json)) return type[json];
        if (ignoreUnknownFields) return undefined;
      }
      if (typeof json === "number" && (json | 0) === json) return json;
      throw wanted(`one of ${Object.keys(type).slice(0, 8).join(", ")}`, json);
    },
  };
}

/** An enum of proto2: a number that it does not name is none of its values. */
export function closedEnumeration<E extends EnumObject>(type: E): FieldType<E[keyof E]> {
  const open = enumeration(type);
  return {
    ...open,
    fromJson(json, context) {
      const value = open.fromJson(json, context);
      if (value !== undefined && !isNumberOf(type, value)) throw wanted("a number that the enum names", json);
      return value;
    },
  };
}

/** google.protobuf.NullValue: null. */
export const nullValue: FieldType<0> = {
  isAbsent: (value) => value === 0 || value === undefined,
  takesNull: true,
  fromPartial: () => 0,
  toJson: () => null,
  fromJson(json) {
    if (json !== null && json !== "NULL_VALUE" && json !== 0) throw wanted("null", json);
    return 0;
  },
};
