import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { jsonPathOf, messageOf } from "./field-path.js";
import type { JsonObject, Schema } from "./schema.js";
import type { Schemas } from "./schemas.js";
import { isJsonText, isWellKnown } from "./well-known-schemas.js";

/** The most parameters of an operation, as many as an edge takes: messages in messages may have fields without end. */
const MAX_PARAMETERS = 256;

/** The most fields that are looked at: messages of messages alone have ways without end, and no parameter at the end of them. */
const MAX_PLACES = 10_000;

/** Fields on the way to a field, which comes last; and the messages that they are of. */
interface Place {
  readonly path: readonly DescField[];
  readonly messages: readonly DescMessage[];
}

/**
 * The parameters that a query may have: the fields of a message, and those of messages in it, but for what comes otherwise. The
 * fields of a message inside of itself are left out, and those that have no form in a URL.
 *
 * @param taken The paths of fields that are in the path or the body, by their names in the contract.
 */
export function queryParameters(
  input: DescMessage,
  taken: ReadonlySet<string>,
  schemas: Schemas,
): JsonObject[] {
  const parameters: JsonObject[] = [];
  // The nearest first: what is over the limit is deep inside.
  const places: Place[] = input.fields.map((field) => ({ path: [field], messages: [input] }));
  for (const { path, messages } of places) {
    if (parameters.length === MAX_PARAMETERS) break;
    const field = path.at(-1)!;
    if (taken.has(path.map(({ name }) => name).join("."))) continue;
    const inside = messageOf(field);
    if (inside === undefined) {
      const form = formOf(field, schemas);
      if (form !== undefined) parameters.push(parameterOf(path, form, schemas));
    } else if (!messages.includes(inside) && places.length < MAX_PLACES) {
      const around = [...messages, inside];
      places.push(...inside.fields.map((inner) => ({ path: [...path, inner], messages: around })));
    }
  }
  return parameters;
}

function parameterOf(path: readonly DescField[], form: JsonObject, schemas: Schemas): JsonObject {
  return {
    name: jsonPathOf(path),
    in: "query",
    ...schemas.about(path.at(-1)!),
    // One that is inside of an optional message may be missing with it.
    ...(path.every((field) => schemas.isRequired(field)) && { required: true }),
    ...form,
  };
}

/** How a field is written in a query; undefined if it is not. */
function formOf(field: DescField, schemas: Schemas): JsonObject | undefined {
  const schema: Schema = schemas.valueWithExample(field);
  switch (field.fieldKind) {
    case "message":
      return isJsonText(field.message.typeName)
        ? { content: { "application/json": { schema } } }
        : { schema };
    case "list":
      return isOneText(field) ? { schema } : undefined;
    case "map":
      // An entry is `labels[key]=value`.
      return isOneText(field) ? { style: "deepObject", explode: true, schema } : undefined;
    default:
      return { schema };
  }
}

/** True if an element of a list or a map is one text in a URL. */
function isOneText({ message }: DescField): boolean {
  return message === undefined || (isWellKnown(message.typeName) && !isJsonText(message.typeName));
}
