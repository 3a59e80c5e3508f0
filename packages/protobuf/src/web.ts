// `@callwire/protobuf` for a bundler with the condition "browser": the same names, types and results in half of the bytes. Modules that
// have one of their name with `.web` beside them are replaced by that (`scripts/bundle.mjs`), and JSON is there if it is used.
import type { AnyFieldType } from "./field-type.js";
import { copyList } from "./json/composite-types.js";
import type { EnumerationOptions } from "./json/enum-types.js";
import * as text from "./json/json-text.js";
import { copyMap, copyMapObject } from "./json/map-types.js";
import { deferred, deferredForm, enableJson } from "./web-json.js";

// An export below stands in place of the one of its name.
export * from "./index.js";

/** A function of JSON's text, which has the code of JSON by itself. */
function withJson<Arguments extends unknown[], Result>(
  convert: (...given: Arguments) => Result,
): (...given: Arguments) => Result {
  return (...given) => {
    enableJson();
    return convert(...given);
  };
}

export const toJsonText: typeof text.toJsonText = /* @__PURE__ */ withJson(text.toJsonText);
export const toJsonBytes: typeof text.toJsonBytes = /* @__PURE__ */ withJson(text.toJsonBytes);
export const fromJsonText: typeof text.fromJsonText = /* @__PURE__ */ withJson(text.fromJsonText);

export const bool = /* @__PURE__ */ deferred((json) => json.bool);
export const bytes = /* @__PURE__ */ deferred((json) => json.bytes);
export const date = /* @__PURE__ */ deferred((json) => json.date);
export const double = /* @__PURE__ */ deferred((json) => json.double);
export const float = /* @__PURE__ */ deferred((json) => json.float);
export const int32 = /* @__PURE__ */ deferred((json) => json.int32);
export const int64 = /* @__PURE__ */ deferred((json) => json.int64);
export const int64Number = /* @__PURE__ */ deferred((json) => json.int64Number);
export const int64String = /* @__PURE__ */ deferred((json) => json.int64String);
export const listValue = /* @__PURE__ */ deferred((json) => json.listValue);
export const string = /* @__PURE__ */ deferred((json) => json.string);
export const struct = /* @__PURE__ */ deferred((json) => json.struct);
export const uint32 = /* @__PURE__ */ deferred((json) => json.uint32);
export const uint64 = /* @__PURE__ */ deferred((json) => json.uint64);
export const uint64Number = /* @__PURE__ */ deferred((json) => json.uint64Number);
export const uint64String = /* @__PURE__ */ deferred((json) => json.uint64String);

export const fieldMask: AnyFieldType = /* @__PURE__ */ deferred(
  (json) => json.fieldMask,
  (paths) => [...(paths as string[])],
);
export const nullValue: AnyFieldType = /* @__PURE__ */ takingNull(
  /* @__PURE__ */ deferred(
    (json) => json.nullValue,
    () => 0,
  ),
);
export const value: AnyFieldType = /* @__PURE__ */ takingNull(/* @__PURE__ */ deferred((json) => json.value));

function takingNull<Kind extends object>(kind: Kind): Kind & { takesNull: true } {
  return { ...kind, takesNull: true };
}

export const enumeration = (
  type: Readonly<Record<string, number>>,
  options?: EnumerationOptions,
): AnyFieldType => deferred((json) => json.enumeration(type, options));
export const list = (type: AnyFieldType): AnyFieldType => ({
  ...deferred(
    (json) => json.list(type),
    (values) => copyList(type, values),
  ),
  shape: "list",
});
export const map = (keyType: AnyFieldType, type: AnyFieldType): AnyFieldType => ({
  ...deferred(
    (json) => json.map(keyType, type),
    (given) => copyMap(type, given),
  ),
  shape: "map",
});
export const mapObject = (keyType: AnyFieldType, type: AnyFieldType): AnyFieldType => ({
  ...deferred(
    (json) => json.mapObject(keyType, type),
    (given) => copyMapObject(type, given),
  ),
  shape: "map",
});

export const anyJson = /* @__PURE__ */ deferredForm((json) => json.anyJson);
export const fieldMaskJson = /* @__PURE__ */ deferredForm((json) => json.fieldMaskJson);
export const listValueJson = /* @__PURE__ */ deferredForm((json) => json.listValueJson);
export const structJson = /* @__PURE__ */ deferredForm((json) => json.structJson);
export const structMapJson = /* @__PURE__ */ deferredForm((json) => json.structMapJson);
export const flatValueJson = /* @__PURE__ */ takingNull(
  /* @__PURE__ */ deferredForm((json) => json.flatValueJson),
);
export const valueJson = /* @__PURE__ */ takingNull(/* @__PURE__ */ deferredForm((json) => json.valueJson));
export const durationJson = (int64Type: AnyFieldType) => deferredForm((json) => json.durationJson(int64Type));
export const timestampJson = (int64Type: AnyFieldType) =>
  deferredForm((json) => json.timestampJson(int64Type));
export const wrapperJson = (type: AnyFieldType) => deferredForm((json) => json.wrapperJson(type));
