import {
  fromJson,
  ScalarType,
  toJson,
  type DescField,
  type JsonObject,
  type JsonValue,
  type Registry,
} from "@bufbuild/protobuf";

/**
 * The example of a comment as a value of its field, in protobuf's JSON: what a client may send, and a server sends. Undefined if the
 * field has no such value.
 *
 * @param text JSON, or a text without its quotes.
 */
export function exampleOf(field: DescField, text: string, registry: Registry): JsonValue | undefined {
  const json = parsed(text);
  const isString = field.fieldKind === "scalar" && field.scalar === ScalarType.STRING;
  // A text is one as it stands, also if it looks like a number.
  for (const given of isString ? [text] : [json, text]) {
    const value = given === undefined ? undefined : canonical(field, given, registry);
    if (value !== undefined) return value;
  }
  return undefined;
}

function parsed(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}

/** A value as it is written; undefined if a message that has it is not read. */
function canonical(
  { parent, jsonName }: DescField,
  value: JsonValue,
  registry: Registry,
): JsonValue | undefined {
  try {
    const message = fromJson(parent, { [jsonName]: value }, { registry });
    // A default is written only where all are; and null is none, unless it is a value of its own.
    for (const alwaysEmitImplicit of value === null ? [false] : [false, true]) {
      const written = toJson(parent, message, { registry, alwaysEmitImplicit }) as JsonObject;
      if (Object.hasOwn(written, jsonName)) return written[jsonName];
    }
  } catch {
    // It is no such value.
  }
  return undefined;
}
