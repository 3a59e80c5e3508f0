// `@callwire/protobuf` for a bundler with the condition "browser": the same names, types and results in half of the bytes. Modules that
// have one of their name with `.web` beside them are replaced by that (`scripts/bundle.mjs`), and JSON is there if it is used.
import type { AnyFieldType } from "./field-type.js";
import * as full from "./field-type.js";
import { copyList } from "./json/composite-types.js";
import type { EnumerationOptions } from "./json/enum-types.js";
import * as text from "./json/json-text.js";
import { copyMap, copyMapObject } from "./json/map-types.js";
import { checkUnion, isMissing, propertyOf } from "./json/message-fields.js";
import { kindOf, setField, type SettableOneof } from "./message-type.web.js";
import { type AnyForm, deferred, enableJson } from "./web-json.js";

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

const same = (given: unknown): unknown => given;

function plain(of: Parameters<typeof deferred>[0]): AnyFieldType {
  return deferred(of, { fromPartial: same });
}

export const bool: AnyFieldType = /* @__PURE__ */ plain((json) => json.bool);
export const bytes: AnyFieldType = /* @__PURE__ */ plain((json) => json.bytes);
export const date: AnyFieldType = /* @__PURE__ */ plain((json) => json.date);
export const double: AnyFieldType = /* @__PURE__ */ plain((json) => json.double);
export const float: AnyFieldType = /* @__PURE__ */ plain((json) => json.float);
export const int32: AnyFieldType = /* @__PURE__ */ plain((json) => json.int32);
export const int64: AnyFieldType = /* @__PURE__ */ plain((json) => json.int64);
export const int64Number: AnyFieldType = /* @__PURE__ */ plain((json) => json.int64Number);
export const int64String: AnyFieldType = /* @__PURE__ */ plain((json) => json.int64String);
export const listValue: AnyFieldType = /* @__PURE__ */ plain((json) => json.listValue);
export const string: AnyFieldType = /* @__PURE__ */ plain((json) => json.string);
export const struct: AnyFieldType = /* @__PURE__ */ plain((json) => json.struct);
export const uint32: AnyFieldType = /* @__PURE__ */ plain((json) => json.uint32);
export const uint64: AnyFieldType = /* @__PURE__ */ plain((json) => json.uint64);
export const uint64Number: AnyFieldType = /* @__PURE__ */ plain((json) => json.uint64Number);
export const uint64String: AnyFieldType = /* @__PURE__ */ plain((json) => json.uint64String);
export const fieldMask: AnyFieldType = /* @__PURE__ */ deferred((json) => json.fieldMask, {
  fromPartial: (paths: string[]) => [...paths],
});
export const nullValue: AnyFieldType = /* @__PURE__ */ deferred((json) => json.nullValue, {
  fromPartial: () => 0,
  takesNull: true,
});
export const value: AnyFieldType = /* @__PURE__ */ deferred((json) => json.value, {
  fromPartial: same,
  takesNull: true,
});

export const enumeration = (
  type: Readonly<Record<string, number>>,
  options?: EnumerationOptions,
): AnyFieldType => plain((json) => json.enumeration(type, options));
export const list = (type: AnyFieldType): AnyFieldType =>
  deferred((json) => json.list(type), {
    shape: "list",
    fromPartial: (values: unknown) => copyList(type, values),
  });
export const map = (keyType: AnyFieldType, type: AnyFieldType): AnyFieldType =>
  deferred((json) => json.map(keyType, type), {
    shape: "map",
    fromPartial: (given: unknown) => copyMap(type, given),
  });
export const mapObject = (keyType: AnyFieldType, type: AnyFieldType): AnyFieldType =>
  deferred((json) => json.mapObject(keyType, type), {
    shape: "map",
    fromPartial: (given: unknown) => copyMapObject(type, given),
  });

export const members = (fields: object): SettableOneof => ({
  ...full.members(fields),
  set(message, _, object) {
    for (const [member, stated] of Object.entries(this.oneof)) setField(message, member, object, stated);
  },
});
export const oneof = (fields: object): SettableOneof => ({
  ...full.oneof(fields),
  set(message, property, object) {
    const given = propertyOf(object, property);
    checkUnion(property, given, Object.keys(this.oneof));
    const { $case, value } = (given ?? {}) as { $case?: string; value?: unknown };
    const member = Object.entries(this.oneof).find(([name]) => name === $case)?.[1];
    const kind = member && kindOf(member);
    if (kind && !isMissing(value, kind)) message[property] = { $case, value: kind.fromPartial(value) };
  },
});

const isNull = { takesNull: true };

export const anyJson: AnyForm = /* @__PURE__ */ deferred((json) => json.anyJson, {});
export const fieldMaskJson: AnyForm = /* @__PURE__ */ deferred((json) => json.fieldMaskJson, {});
export const flatValueJson: AnyForm = /* @__PURE__ */ deferred((json) => json.flatValueJson, isNull);
export const listValueJson: AnyForm = /* @__PURE__ */ deferred((json) => json.listValueJson, {});
export const structJson: AnyForm = /* @__PURE__ */ deferred((json) => json.structJson, {});
export const structMapJson: AnyForm = /* @__PURE__ */ deferred((json) => json.structMapJson, {});
export const valueJson: AnyForm = /* @__PURE__ */ deferred((json) => json.valueJson, isNull);
export const durationJson = (type: AnyFieldType): AnyForm => deferred((json) => json.durationJson(type), {});
export const timestampJson = (type: AnyFieldType): AnyForm =>
  deferred((json) => json.timestampJson(type), {});
export const wrapperJson = (type: AnyFieldType): AnyForm => deferred((json) => json.wrapperJson(type), {});
