import type { FieldType } from "./field-type.js";
import { isObject, setOwn, type JsonContext, type JsonObject, type JsonValue } from "./json-context.js";
import { JsonError, wanted } from "./json-error.js";
import type { JsonForm } from "./message-json.js";

// Struct, Value and ListValue (google/protobuf/struct.proto), seen as the values of JSON that they stand for.

/** A copy of a value that JSON has, as deep as it is. */
function copy(value: unknown, context: JsonContext): JsonValue {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw wanted("a number that JSON has", value);
    return value;
  }
  context.enter();
  let copied: JsonValue[] | JsonObject;
  if (Array.isArray(value)) copied = value.map((item) => copy(item, context));
  else if (isObject(value)) {
    copied = {};
    for (const key of Object.keys(value)) {
      // A Value without a kind is none of JSON's.
      if (value[key] !== undefined) setOwn(copied, key, copy(value[key], context));
    }
  } else throw wanted("a value of JSON", typeof value);
  context.leave();
  return copied;
}

const isMissing = (value: unknown): boolean => value === undefined || value === null;

/** google.protobuf.Value, seen as any value of JSON. */
export const value: FieldType<unknown> = {
  isAbsent: (given) => given === undefined,
  hasPresence: true,
  takesNull: true,
  fromPartial: (given) => given,
  toJson: copy,
  fromJson: copy,
};

/** google.protobuf.Struct, seen as an object. */
export const struct: FieldType<{ [key: string]: unknown }> = {
  isAbsent: isMissing,
  hasPresence: true,
  fromPartial: (given) => given as { [key: string]: unknown },
  toJson: copy,
  fromJson(json, context) {
    if (!isObject(json)) throw wanted("an object", json);
    return copy(json, context) as JsonObject;
  },
};

/** google.protobuf.ListValue, seen as an array. */
export const listValue: FieldType<unknown[]> = {
  isAbsent: isMissing,
  hasPresence: true,
  fromPartial: (given) => given as unknown[],
  toJson: copy,
  fromJson(json, context) {
    if (!Array.isArray(json)) throw wanted("an array", json);
    return copy(json, context) as JsonValue[];
  },
};

// The values of these messages are any of JSON's, as ts-proto declares them.
/* oxlint-disable typescript/no-explicit-any */

/** google.protobuf.Struct whose fields are a Map. */
export const structJson: JsonForm<{ fields: Map<string, any> }> = {
  toJson: ({ fields }, context) => struct.toJson(Object.fromEntries(fields), context),
  fromJson: (json, context) => ({ fields: new Map(Object.entries(struct.fromJson(json, context)!)) }),
};

/** google.protobuf.Struct whose fields are an object. */
export const structObjectJson: JsonForm<{ fields: { [key: string]: any } }> = {
  toJson: ({ fields }, context) => struct.toJson(fields, context),
  fromJson: (json, context) => ({ fields: struct.fromJson(json, context)! }),
};

/** google.protobuf.ListValue as a message. */
export const listValueJson: JsonForm<{ values: any[] }> = {
  toJson: ({ values }, context) => listValue.toJson(values, context),
  fromJson: (json, context) => ({ values: listValue.fromJson(json, context)! }),
};

/** The name of the kind of a value of JSON in google.protobuf.Value. */
function kindOf(json: JsonValue): string {
  if (json === null) return "nullValue";
  if (Array.isArray(json)) return "listValue";
  return typeof json === "object"
    ? "structValue"
    : `${typeof json === "boolean" ? "bool" : typeof json}Value`;
}

const noKind = () => new JsonError("a google.protobuf.Value without a kind");

/** google.protobuf.Value as a message, whose kind is one property. */
export const valueJson: JsonForm<{ kind: any }> = {
  takesNull: true,
  toJson(message, context) {
    const kind = message.kind as { $case: string; value: unknown } | undefined;
    if (kind === undefined) throw noKind();
    return kind.$case === "nullValue" ? null : copy(kind.value, context);
  },
  fromJson(json, context) {
    const copied = copy(json, context);
    return { kind: { $case: kindOf(copied), value: copied ?? 0 } };
  },
};

/** google.protobuf.Value as a message, with a property for each kind. */
export const flatValueJson: JsonForm<any> = {
  takesNull: true,
  toJson(message, context) {
    const [name, of] =
      Object.entries<unknown>(message as Record<string, unknown>).find(([, each]) => each !== undefined) ??
      [];
    if (name === undefined) throw noKind();
    return name === "nullValue" ? null : copy(of, context);
  },
  fromJson(json, context) {
    const copied = copy(json, context);
    return { [kindOf(copied)]: copied ?? 0 };
  },
};
