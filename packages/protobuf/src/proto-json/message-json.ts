import { getExtension, numbersIn, setExtension } from "../extension.js";
import type { AnyFieldType, FieldEntry, OneofEntry } from "./field-type.js";
import { isObject, setOwn, type JsonContext, type JsonObject, type JsonValue } from "./json-context.js";
import { JsonError, wanted } from "./json-error.js";

/** How a message is seen in JSON that is not an object of its fields. */
export interface JsonForm<T> {
  toJson(message: T, context: JsonContext): JsonValue;
  fromJson(json: unknown, context: JsonContext): T;
  readonly takesNull?: boolean;
}

/** A field, with all its names. */
interface Field {
  readonly name: string;
  readonly jsonName: string;
  readonly property: string;
  readonly type: AnyFieldType;
  /** The property of the oneof that the field is in, if that is a property. */
  readonly union: string | undefined;
  /** The properties of the oneof that the field is in, if these are properties. */
  readonly siblings: readonly string[];
}

/** The fields of a message, in the order of the contract. */
export class Fields {
  readonly #fields: readonly Field[];
  #byName: ReadonlyMap<string, Field> | undefined;

  readonly #typeName: string;

  constructor(typeName: string, entries: readonly (FieldEntry | OneofEntry)[]) {
    this.#typeName = typeName;
    this.#fields = entries.flatMap((entry) => ("oneof" in entry ? members(entry) : [field(entry)]));
  }

  /** Sets in a message what was given of one. */
  setPartial(message: Record<string, unknown>, given: Readonly<Record<string, unknown>>): void {
    for (const { type, property, union } of this.#fields) {
      if (union === undefined) {
        const value = given[property];
        // A function is what an object inherits under the name of a field that it does not have.
        if (value !== undefined && value !== null && typeof value !== "function")
          message[property] = type.fromPartial(value);
      } else {
        const chosen = given[union] as Member | null | undefined;
        if (chosen?.$case === property && chosen.value !== undefined && chosen.value !== null) {
          message[union] = { $case: property, value: type.fromPartial(chosen.value) };
        }
      }
    }
  }

  toJson(message: Readonly<Record<string, unknown>>, context: JsonContext): JsonObject {
    const json: JsonObject = {};
    const { originalNames, alwaysEmitImplicit } = context;
    for (const field of this.#fields) {
      const { type, union } = field;
      let value: unknown;
      if (union === undefined) {
        value = message[field.property];
        if (type.isAbsent(value) && !(alwaysEmitImplicit && type.hasPresence !== true)) continue;
      } else {
        const chosen = message[union] as Member | undefined;
        if (chosen?.$case !== field.property) continue;
        ({ value } = chosen);
      }
      try {
        setOwn(json, originalNames ? field.name : field.jsonName, type.toJson(value, context));
      } catch (error) {
        throw JsonError.at(field.name, error);
      }
    }
    if (context.registry !== undefined) this.#writeExtensions(message, json, context);
    return json;
  }

  #writeExtensions(message: object, json: JsonObject, context: JsonContext): void {
    for (const number of numbersIn(message)) {
      const extension = context.registry!.extensionOf(this.#typeName, number);
      if (extension === undefined) continue;
      const { value } = extension.type.toJson(
        { value: getExtension(message, extension) },
        context,
      ) as JsonObject;
      if (value !== undefined) json[`[${extension.name}]`] = value;
    }
  }

  /** Reads the value of a field that the message does not have: of an extension, or to be passed over. */
  #readUnknown(message: object, key: string, json: unknown, context: JsonContext): void {
    const name = /^\[(.*)\]$/.exec(key)?.[1];
    const extension = name === undefined ? undefined : context.registry?.extension(name);
    if (extension?.extendee === this.#typeName) {
      const read = extension.type.fromJson({ value: json }, context) as { value: unknown };
      setExtension(message, extension, read.value);
    } else if (!context.ignoreUnknownFields) throw JsonError.at(key, new JsonError("no such field"));
  }

  /** Reads JSON into a new message. */
  fromJson(message: Record<string, unknown>, json: unknown, context: JsonContext): void {
    if (!isObject(json)) throw wanted("an object", json);
    context.enter();
    const fields = this.#fields;
    let next = 0;
    for (const key of Object.keys(json)) {
      // Fields come mostly in the order of the contract.
      let field = fields[next];
      if (field?.jsonName !== key) {
        field = this.#find(key, json);
        if (field === undefined) {
          this.#readUnknown(message, key, json[key], context);
          continue;
        }
      }
      next++;
      const value = json[key];
      const { type } = field;
      if (value === null && type.takesNull !== true) continue;
      try {
        const read: unknown = type.fromJson(value, context);
        if (read !== undefined) set(message, field, read);
      } catch (error) {
        throw JsonError.at(field.name, error);
      }
    }
    context.leave();
  }

  #find(key: string, json: object): Field | undefined {
    this.#byName ??= new Map([
      ...this.#fields.map((field): [string, Field] => [field.name, field]),
      ...this.#fields.map((field): [string, Field] => [field.jsonName, field]),
    ]);
    const field = this.#byName.get(key);
    if (field !== undefined && field.jsonName !== key && Object.hasOwn(json, field.jsonName)) {
      throw JsonError.at(field.name, new JsonError(`there twice, as ${key} and ${field.jsonName}`));
    }
    return field;
  }
}

/** A member of a oneof, as a message has it. */
interface Member {
  $case: string;
  value: unknown;
}

function set(message: Record<string, unknown>, { property, union, siblings }: Field, value: unknown): void {
  const other = union === undefined ? siblings.find((name) => message[name] !== undefined) : union;
  if (other !== undefined && message[other] !== undefined) {
    throw new JsonError("one of several fields of which one may be there");
  }
  if (union === undefined) message[property] = value;
  else message[union] = { $case: property, value };
}

function members({ oneof, fields, flat = false }: OneofEntry): Field[] {
  const all = fields.map((entry) => field(entry, flat ? undefined : oneof));
  const siblings = all.map(({ property }) => property);
  return flat ? all.map((each) => ({ ...each, siblings })) : all;
}

function field([name, type, property, jsonName]: FieldEntry, union?: string): Field {
  return {
    name,
    type,
    property: property ?? camelCase(name),
    jsonName: jsonName ?? property ?? camelCase(name),
    union,
    siblings: [],
  };
}

/** `created_at` is `createdAt`. */
function camelCase(name: string): string {
  return name.replace(/_(.?)/g, (_, letter: string) => letter.toUpperCase());
}
