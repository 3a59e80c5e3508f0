import { ScalarType } from "@bufbuild/protobuf";
import type { Schema } from "./schema.js";

/** The schema of a scalar in protobuf's JSON (protobuf.dev, "ProtoJSON Format"). */
export function scalarSchema(scalar: ScalarType): Schema {
  switch (scalar) {
    case ScalarType.BOOL:
      return { type: "boolean" };
    case ScalarType.STRING:
      return { type: "string" };
    case ScalarType.BYTES:
      return { type: "string", contentEncoding: "base64", examples: ["aGVsbG8="] };
    case ScalarType.FLOAT:
      return floating("float");
    case ScalarType.DOUBLE:
      return floating("double");
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return { type: "integer", format: "int32" };
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return { type: "integer", format: "uint32", minimum: 0, maximum: 0xffff_ffff };
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return { type: "string", format: "uint64", pattern: "^[0-9]+$", examples: ["1"] };
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return { type: "string", format: "int64", pattern: "^-?[0-9]+$", examples: ["1"] };
  }
}

/** JSON has no numbers for these three values. */
function floating(format: string): Schema {
  return {
    oneOf: [
      { type: "number", format },
      { type: "string", enum: ["NaN", "Infinity", "-Infinity"] },
    ],
  };
}

const wellKnown: Readonly<Record<string, Schema>> = {
  Timestamp: { type: "string", format: "date-time", examples: ["2024-05-01T12:00:00Z"] },
  Duration: { type: "string", pattern: "^-?[0-9]+(\\.[0-9]{1,9})?s$", examples: ["1.5s"] },
  FieldMask: {
    type: "string",
    description: "Paths of fields, separated by commas.",
    examples: ["displayName,address.city"],
  },
  Struct: { type: "object", description: "Any JSON object.", additionalProperties: true },
  Value: { description: "Any JSON value." },
  ListValue: { type: "array", description: "Any JSON array.", items: {} },
  Any: {
    type: "object",
    description: "A message of any type, which `@type` names.",
    properties: {
      "@type": { type: "string", examples: ["type.googleapis.com/google.protobuf.Duration"] },
    },
    required: ["@type"],
    additionalProperties: true,
  },
  DoubleValue: scalarSchema(ScalarType.DOUBLE),
  FloatValue: scalarSchema(ScalarType.FLOAT),
  Int64Value: scalarSchema(ScalarType.INT64),
  UInt64Value: scalarSchema(ScalarType.UINT64),
  Int32Value: scalarSchema(ScalarType.INT32),
  UInt32Value: scalarSchema(ScalarType.UINT32),
  BoolValue: scalarSchema(ScalarType.BOOL),
  StringValue: scalarSchema(ScalarType.STRING),
  BytesValue: scalarSchema(ScalarType.BYTES),
};

/** The types whose value in a URL is JSON. */
const jsonTexts: ReadonlySet<string> = new Set(
  ["Struct", "Value", "ListValue", "Any"].map((name) => `google.protobuf.${name}`),
);

/** The schema of a type that JSON has a form of its own for. */
export function wellKnownSchema(typeName: string): Schema | undefined {
  const name = shortName(typeName);
  return Object.hasOwn(wellKnown, name) ? wellKnown[name] : undefined;
}

/** True for a type that JSON has a form of its own for. */
export function isWellKnown(typeName: string): boolean {
  return wellKnownSchema(typeName) !== undefined;
}

/** True for a type whose value in a URL is JSON, and not one text. */
export function isJsonText(typeName: string): boolean {
  return jsonTexts.has(typeName);
}

function shortName(typeName: string): string {
  const prefix = "google.protobuf.";
  return typeName.startsWith(prefix) ? typeName.slice(prefix.length) : "";
}
