// The code of JSON in a bundle for browsers: it is there if the page calls `enableJson`, or a function of JSON's text.
import type { AnyFieldType } from "./field-type.js";
import { anyJson } from "./json/any.js";
import { list, optional } from "./json/composite-types.js";
import { date } from "./json/date-type.js";
import { enumeration, nullValue } from "./json/enum-types.js";
import { fieldMask, fieldMaskJson } from "./json/field-mask.js";
import {
  int64,
  int64Number,
  int64String,
  uint64,
  uint64Number,
  uint64String,
} from "./json/integer64-types.js";
import { isNot } from "./json/json-error.js";
import { map, mapObject } from "./json/map-types.js";
import { type JsonForm, readMessageJson, writeMessageJson } from "./json/message-json.js";
import { ObjectSink, ObjectSource } from "./json/object.js";
import { bool, bytes, double, float, int32, string, uint32 } from "./json/scalar-types.js";
import {
  flatValueJson,
  listValue,
  listValueJson,
  struct,
  structJson,
  structMapJson,
  value,
  valueJson,
} from "./json/struct-types.js";
import { durationJson, timestampJson } from "./json/timestamp.js";
import { wrapper, wrapperJson } from "./json/wrapper-types.js";

/** All that only JSON needs. */
function codeOfJson() {
  return {
    isNot,
    ObjectSink,
    ObjectSource,
    readMessageJson,
    writeMessageJson,
    bool,
    bytes,
    date,
    double,
    fieldMask,
    float,
    int32,
    int64,
    int64Number,
    int64String,
    listValue,
    nullValue,
    string,
    struct,
    uint32,
    uint64,
    uint64Number,
    uint64String,
    value,
    enumeration,
    list,
    map,
    mapObject,
    optional,
    wrapper,
    anyJson,
    fieldMaskJson,
    flatValueJson,
    listValueJson,
    structJson,
    structMapJson,
    valueJson,
    durationJson,
    timestampJson,
    wrapperJson,
  };
}

type JsonCode = ReturnType<typeof codeOfJson>;

let enabled: JsonCode | undefined;

export function enableJson(): void {
  enabled ??= codeOfJson();
}

/** @throws {Error} if it is not there. */
export function json(): JsonCode {
  if (enabled) return enabled;
  throw new Error(
    'there is no JSON of messages in this bundle: call enableJson() of "@callwire/protobuf" once, before the first use',
  );
}

// Messages are of any type here.
// oxlint-disable-next-line typescript/no-explicit-any
export type AnyForm = JsonForm<any>;

/** A form in JSON that is looked up when it is used. */
export function deferredForm(of: (code: JsonCode) => AnyForm): AnyForm {
  let form: AnyForm | undefined;
  const found = () => (form ??= of(json()));
  return {
    writeJson: (message, sink) => found().writeJson(message, sink),
    readJson: (source): unknown => found().readJson(source),
  };
}

const same = (given: unknown): unknown => given;

/** A kind of field whose part for JSON is looked up when it is used. */
export function deferred(
  of: (code: JsonCode) => AnyFieldType,
  fromPartial: (given: unknown) => unknown = same,
): AnyFieldType {
  let kind: AnyFieldType | undefined;
  const found = () => (kind ??= of(json()));
  return {
    fromPartial,
    isAbsent: (given) => found().isAbsent(given),
    writeJson: (given, sink) => found().writeJson(given, sink),
    readJson: (source): unknown => found().readJson(source),
  };
}
