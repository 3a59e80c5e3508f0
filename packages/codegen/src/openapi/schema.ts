/** A part of an OpenAPI document. */
export type JsonObject = Record<string, unknown>;

/** A Schema Object of OpenAPI 3.1: JSON Schema 2020-12. */
export type Schema = JsonObject;

/** Leaves out what is undefined, an empty text, or an empty list. */
export function stated(parts: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(parts).filter(
      ([, value]) => value !== undefined && value !== "" && !(Array.isArray(value) && value.length === 0),
    ),
  );
}
