import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";
import { isWellKnown } from "./well-known-schemas.js";

/** The message that a field is one of, whose fields have names of their own in a path or a query. */
export function messageOf(field: DescField): DescMessage | undefined {
  return field.fieldKind === "message" && !isWellKnown(field.message.typeName) ? field.message : undefined;
}

/** The fields on a path, from the outside, by names of the contract or of JSON; undefined if there is no such field. */
export function findField(message: DescMessage, path: string): DescField[] | undefined {
  const found: DescField[] = [];
  let inside: DescMessage | undefined = message;
  const parts = path.split(".");
  for (const [index, name] of parts.entries()) {
    // The value of a wrapper stands for it.
    if (name === "value" && index === parts.length - 1 && isWrapper(found.at(-1))) break;
    const field: DescField | undefined = inside?.fields.find(
      (each) => each.name === name || each.jsonName === name,
    );
    if (field === undefined) return undefined;
    found.push(field);
    inside = messageOf(field);
  }
  return found;
}

function isWrapper(field: DescField | undefined): boolean {
  return field?.fieldKind === "message" && isWrapperDesc(field.message);
}

/** The path of a field in a query: by its names in JSON, but for one that would be taken for a path or a key. */
export function jsonPathOf(fields: readonly DescField[]): string {
  return fields.map(({ name, jsonName }) => (/[.[]/.test(jsonName) ? name : jsonName)).join(".");
}
