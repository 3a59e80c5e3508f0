import type { DescribedEnum, DescribedField, DescribedMessage } from "../descriptors/contract.js";
import { FieldBehavior } from "../descriptors/gen/google/api/field_behavior.js";
import { FieldDescriptorProto_Type as Type } from "../descriptors/gen/google/protobuf/descriptor.js";
import type { EdgeJsonOptions } from "../edge-options.js";

/** A schema of JSON Schema 2020-12. */
export type Schema = Record<string, unknown>;

/** A schema of objects, as the input and the output of tools are. */
export interface ObjectSchema extends Schema {
  readonly type: "object";
}

// Formats of numbers are OpenAPI's: validators refuse those that they do not know.
/** The values that are texts, as JSON has no numbers for them, or loses the sign. */
const number = { oneOf: [{ type: "number" }, { enum: ["NaN", "Infinity", "-Infinity", "-0"] }] };
const integer = { type: "integer" };
const positive = { type: "integer", minimum: 0 };
const int64 = { type: "string", pattern: "^-?[0-9]+$" };
const uint64 = { type: "string", pattern: "^[0-9]+$" };
const bytes = { type: "string", contentEncoding: "base64" };

/** The scalar types in protobuf's JSON (protobuf.dev, "ProtoJSON Format"). */
const scalars: Readonly<Record<number, Schema>> = {
  [Type.TYPE_DOUBLE]: number,
  [Type.TYPE_FLOAT]: number,
  [Type.TYPE_INT32]: integer,
  [Type.TYPE_SINT32]: integer,
  [Type.TYPE_SFIXED32]: integer,
  [Type.TYPE_UINT32]: positive,
  [Type.TYPE_FIXED32]: positive,
  [Type.TYPE_INT64]: int64,
  [Type.TYPE_SINT64]: int64,
  [Type.TYPE_SFIXED64]: int64,
  [Type.TYPE_UINT64]: uint64,
  [Type.TYPE_FIXED64]: uint64,
  [Type.TYPE_BOOL]: { type: "boolean" },
  [Type.TYPE_STRING]: { type: "string" },
  [Type.TYPE_BYTES]: bytes,
};

/** The messages that JSON has a form of its own for, and NullValue. */
const wellKnown: ReadonlyMap<string, Schema> = new Map<string, Schema>(
  Object.entries({
    Any: { type: "object", properties: { "@type": { type: "string" } } },
    Timestamp: { type: "string", format: "date-time" },
    Duration: { type: "string", pattern: "^-?[0-9]+(\\.[0-9]{1,9})?s$", examples: ["1.5s"] },
    FieldMask: { type: "string", description: "Paths of fields, separated by commas." },
    Struct: { type: "object" },
    Value: {},
    ListValue: { type: "array" },
    NullValue: { type: "null" },
    DoubleValue: number,
    FloatValue: number,
    Int64Value: int64,
    UInt64Value: uint64,
    Int32Value: integer,
    UInt32Value: positive,
    BoolValue: { type: "boolean" },
    StringValue: { type: "string" },
    BytesValue: bytes,
  }).map(([name, schema]): [string, Schema] => [`google.protobuf.${name}`, schema]),
);

/** True if messages of a type are objects in JSON. */
export function isJsonObject({ typeName }: DescribedMessage): boolean {
  return wellKnown.get(typeName)?.["type"] === "object" || !wellKnown.has(typeName);
}

/** The schema of what is read as a message: fields that it does not have are refused. */
export function inputSchema(message: DescribedMessage, options: EdgeJsonOptions): ObjectSchema {
  return new Schemas(options, true).whole(message);
}

/** The schema of a message as it is written. */
export function outputSchema(message: DescribedMessage, options: EdgeJsonOptions): ObjectSchema {
  return new Schemas(options, false).whole(message);
}

/** The schema of a list of messages as they are written, with the definitions that it refers to. */
export function listSchema(message: DescribedMessage, options: EdgeJsonOptions): Schema {
  const schemas = new Schemas(options, false);
  return { items: schemas.reference(message), $defs: schemas.definitions };
}

/** Makes the schemas of a message, and of those inside of it, which are definitions: messages may be in one another in circles. */
class Schemas {
  readonly #options: EdgeJsonOptions;
  readonly #isInput: boolean;
  /** By the names of types. Without a prototype: a message may be named `__proto__`. */
  readonly definitions = Object.create(null) as Record<string, Schema>;

  constructor(options: EdgeJsonOptions, isInput: boolean) {
    this.#options = options;
    this.#isInput = isInput;
  }

  whole(message: DescribedMessage): ObjectSchema {
    const known = wellKnown.get(message.typeName);
    if (known !== undefined) return { ...known, type: "object" };
    const schema = this.#object(message);
    return Object.keys(this.definitions).length === 0 ? schema : { ...schema, $defs: this.definitions };
  }

  reference(message: DescribedMessage): Schema {
    const { typeName } = message;
    const known = wellKnown.get(typeName);
    if (known !== undefined) return known;
    if (!Object.hasOwn(this.definitions, typeName)) {
      // Its place is taken first: it may have fields of its own type.
      this.definitions[typeName] = {};
      this.definitions[typeName] = this.#object(message);
    }
    return { $ref: `#/$defs/${typeName}` };
  }

  #object({ fields, comment }: DescribedMessage): ObjectSchema {
    const { originalNames = false, ignoreUnknownFields = false } = this.#options;
    const nameOf = ({ name, jsonName }: DescribedField) => (originalNames ? name : jsonName);
    const required = this.#isInput ? fields.filter(isRequired).map(nameOf) : [];
    return {
      type: "object",
      ...(comment !== "" && { description: comment }),
      // A name may be `__proto__`.
      properties: Object.fromEntries(fields.map((field) => [nameOf(field), this.#property(field, fields)])),
      ...(required.length > 0 && { required }),
      ...(this.#isInput && !ignoreUnknownFields && { additionalProperties: false }),
    };
  }

  #property(field: DescribedField, siblings: readonly DescribedField[]): Schema {
    const others = siblings.filter(({ oneof }) => oneof !== undefined && oneof === field.oneof);
    const names = others.map(({ name, jsonName }) => (this.#options.originalNames ? name : jsonName));
    const description = [
      field.comment,
      names.length > 1 ? `At most one of ${names.join(", ")} is set.` : "",
    ].filter((text) => text !== "");
    return {
      ...this.#field(field),
      ...(description.length > 0 && { description: description.join(" ") }),
      ...(field.behavior.includes(FieldBehavior.OUTPUT_ONLY) && { readOnly: true }),
    };
  }

  #field(field: DescribedField): Schema {
    if (field.shape === "map") {
      const value = field.message!.fields.find(({ number }) => number === 2)!;
      return { type: "object", additionalProperties: this.#value(value) };
    }
    return field.shape === "list" ? { type: "array", items: this.#value(field) } : this.#value(field);
  }

  #value(field: DescribedField): Schema {
    if (field.enum !== undefined) return wellKnown.get(field.enum.typeName) ?? this.#enum(field.enum);
    return field.message === undefined ? scalars[field.type]! : this.reference(field.message);
  }

  #enum({ numbers, isClosed, comment }: DescribedEnum): Schema {
    const names = { type: "string", enum: Object.keys(numbers) };
    const about = comment !== "" && { description: comment };
    if (this.#options.enumsAsIntegers) return { type: "integer", ...about };
    // An open enum has numbers that it has no name for, which are written as such.
    return this.#isInput || isClosed
      ? { ...names, ...about }
      : { anyOf: [names, { type: "integer" }], ...about };
  }
}

function isRequired({ isRequired: byLabel, behavior }: DescribedField): boolean {
  return byLabel || behavior.includes(FieldBehavior.REQUIRED);
}
