import type { FieldType } from "./field-type.js";
import { isObject, type JsonObject, type RegisteredType, type Registry } from "./json-context.js";
import { JsonError, wanted } from "./json-error.js";
import type { JsonForm } from "./message-json.js";

/** A wrapper (google/protobuf/wrappers.proto), seen as the value that it wraps. */
export function wrapper<T>(type: FieldType<T>): FieldType<T> {
  return { ...type, hasPresence: true, isAbsent: (value) => value === undefined || value === null };
}

/** A wrapper as a message. */
export function wrapperJson<T>(type: FieldType<T>): JsonForm<{ value: T }> {
  return {
    toJson: ({ value }, context) => type.toJson(value, context),
    fromJson: (json, context) => ({ value: type.fromJson(json, context)! }),
  };
}

const toCamel = (path: string): string =>
  path.replace(/_([a-z]?)/g, (_, letter: string) => letter.toUpperCase());
const toSnake = (path: string): string => path.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** google.protobuf.FieldMask, seen as its paths: in JSON one text, each path in lowerCamelCase. */
export const fieldMask: FieldType<string[]> = {
  isAbsent: (value) => value === undefined || value === null,
  hasPresence: true,
  fromPartial: (value) => [...(value as string[])],
  toJson(paths) {
    for (const path of paths) {
      if (toSnake(toCamel(path)) !== path) throw wanted("a path that lowerCamelCase has a form of", path);
    }
    return paths.map(toCamel).join(",");
  },
  fromJson(json) {
    if (typeof json !== "string" || json.includes("_")) throw wanted("paths in lowerCamelCase", json);
    return json === "" ? [] : json.split(",").map(toSnake);
  },
};

/** google.protobuf.FieldMask as a message. */
export const fieldMaskJson: JsonForm<{ paths: string[] }> = {
  toJson: ({ paths }, context) => fieldMask.toJson(paths, context),
  fromJson: (json, context) => ({ paths: fieldMask.fromJson(json, context)! }),
};

/** google.protobuf.Any: the message inside, with `@type`. The registry of the options has its type. */
export const anyJson: JsonForm<{ typeUrl: string; value: Uint8Array }> = {
  toJson({ typeUrl, value }, context) {
    if (typeUrl === "") {
      if (value.length > 0) throw new JsonError("a google.protobuf.Any without a type");
      return {};
    }
    context.enter();
    const type = typeOf(typeUrl, context.registry);
    const json = type.toJson(type.decode(value), context);
    context.leave();
    const url = { "@type": typeUrl };
    return type.hasJsonForm ? { ...url, value: json } : { ...url, ...(json as JsonObject) };
  },
  fromJson(json, context) {
    if (!isObject(json)) throw wanted("an object", json);
    const { "@type": typeUrl, ...rest } = json;
    if (typeUrl === undefined && Object.keys(rest).length === 0)
      return { typeUrl: "", value: new Uint8Array(0) };
    if (typeof typeUrl !== "string") throw JsonError.at("@type", wanted("the URL of a type", typeUrl));
    context.enter();
    const type = typeOf(typeUrl, context.registry);
    if (type.hasJsonForm && (Object.keys(rest).length !== 1 || !("value" in rest))) {
      throw new JsonError(`wants @type and value alone, for ${typeUrl}`);
    }
    const message = type.fromJson(type.hasJsonForm ? rest["value"] : rest, context)!;
    context.leave();
    return { typeUrl, value: type.encode(message).finish() };
  },
};

function typeOf(url: string, registry: Registry | undefined): RegisteredType {
  const slash = url.lastIndexOf("/");
  if (slash <= 0) throw JsonError.at("@type", wanted("the URL of a type", url));
  const name = url.slice(slash + 1);
  const type = registry?.message(name);
  if (type === undefined) {
    throw JsonError.at("@type", new JsonError(`the registry of the options has no ${name}`));
  }
  return type;
}
