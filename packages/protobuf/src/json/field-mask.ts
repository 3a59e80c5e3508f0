import type { FieldType } from "../field-type.js";
import { isNot, JsonError } from "./json-error.js";
import type { JsonForm } from "./message-json.js";
import { MAX_JSON_MASK_LENGTH } from "./options.js";

// google.protobuf.FieldMask: field_mask.proto, "JSON Encoding of Field Masks". Paths have the names of the contract in
// messages, and those of JSON there: the ones that would not come back as they were are refused.

function toCamel(path: string): string {
  return path.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** @param path Of ASCII characters. */
function toSnake(path: string): string {
  return path.replace(/[A-Z]/g, "_$&").toLowerCase();
}

/** Names between points; `*` is all of them (AIP-134), or each item (AIP-161). */
const PATH = /^(?:\*|[A-Za-z0-9]+)(?:\.(?:\*|[A-Za-z0-9]+))*$/;

/** A field of google.protobuf.FieldMask, seen as its paths. */
export const fieldMask: FieldType<string[]> = {
  isAbsent: (paths) => paths === undefined || paths === null,
  fromPartial: (paths) => [...(paths as string[])],
  writeJson(paths, sink) {
    const json = paths.map((path) => {
      const camel = toCamel(path);
      if (!PATH.test(camel) || toSnake(camel) !== path) throw isNot("a path that JSON has a form for", path);
      return camel;
    });
    sink.string(json.join());
  },
  readJson(source) {
    const text = source.string();
    if (text.length > MAX_JSON_MASK_LENGTH)
      throw new JsonError(`a mask of more than ${MAX_JSON_MASK_LENGTH} characters`);
    return text === ""
      ? []
      : text.split(",").map((path) => {
          if (!PATH.test(path)) throw isNot("a path of names in JSON", path);
          return toSnake(path);
        });
  },
};

/** google.protobuf.FieldMask as a message. */
export const fieldMaskJson: JsonForm<{ paths: string[] }> = {
  writeJson: ({ paths }, sink) => fieldMask.writeJson(paths, sink),
  readJson: (source) => ({ paths: fieldMask.readJson(source) }),
};
