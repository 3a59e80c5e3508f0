import type { Route } from "../routing/route.js";

/** An object of a document: its parts are not checked, since the document may be by any hand. */
type JsonObject = Readonly<Record<string, unknown>>;

const FILLED = "Without one, or if it is empty, the names in the body fill it.";

/** The document of an edge whose bodies fill masks: none of these is required, and each says what fills it. */
export function withBodyMasks(document: object, routes: readonly Route[]): object {
  const masks = masksOf(routes);
  if (masks.size === 0) return document;
  const { paths } = document as { readonly paths?: unknown };
  const operation = (given: JsonObject): JsonObject => {
    const mask = masks.get(given["operationId"]);
    return mask === undefined ? given : { ...given, parameters: mapped(given["parameters"], filled(mask)) };
  };
  return { ...document, paths: mapped(paths, (item) => mapped(item, operation) as JsonObject) };
}

/** The names in JSON of masks that bodies fill, by the ids that protoc-gen-callwire gives the operations. */
function masksOf(routes: readonly Route[]): Map<unknown, string> {
  const masks = new Map<unknown, string>();
  const counts = new Map<string, number>();
  for (const { name, request } of routes) {
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    const id = name.replace("/", ".");
    if (request.bodyMask !== undefined) masks.set(count === 1 ? id : `${id}.${count}`, request.bodyMask);
  }
  return masks;
}

function filled(mask: string): (parameter: JsonObject) => JsonObject {
  return (parameter) => {
    if (parameter["name"] !== mask || parameter["in"] !== "query") return parameter;
    const { required: _, description, ...rest } = parameter;
    const text = typeof description === "string" ? `${description}\n\n${FILLED}` : FILLED;
    return { ...rest, description: text };
  };
}

/** A list, or an object, with other objects in place of those in it. */
function mapped(parts: unknown, map: (part: JsonObject) => JsonObject): unknown {
  const each = (part: unknown): unknown => (isObject(part) ? map(part) : part);
  if (Array.isArray(parts)) return parts.map(each);
  return isObject(parts)
    ? Object.fromEntries(Object.entries(parts).map(([key, part]) => [key, each(part)]))
    : parts;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
