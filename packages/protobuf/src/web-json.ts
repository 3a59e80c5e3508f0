// The code of JSON in a bundle for browsers: it is there if the page calls `enableJson`, or a function of JSON's text.
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
import { map, mapObject } from "./json/map-types.js";
import type { JsonForm } from "./json/message-json.js";
import { messagePart } from "./json/message-part.js";
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
    messagePart,
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

// Messages are of any type here.
/* oxlint-disable typescript/no-explicit-any */
export type AnyForm = JsonForm<any>;

/** The functions of a kind of field that are for JSON. */
export const ofKinds = ["isAbsent", "writeJson", "readJson"];

/** Adds functions that are for JSON to the rest of a kind of field, of a form or of a message type. They are looked up when they are used. */
export function deferred(
  of: (code: JsonCode) => AnyForm,
  rest: Record<string, unknown>,
  names: readonly string[] = ofKinds,
): any {
  let found: Record<string, (...given: unknown[]) => unknown> | undefined;
  const whole: Record<string, unknown> = { ...rest };
  for (const name of names) {
    whole[name] = (...given: unknown[]) => {
      if (!enabled) {
        throw new Error(
          'this bundle has no JSON: call enableJson() of "@callwire/protobuf" once, before this',
        );
      }
      found ??= of(enabled) as never;
      return found[name]!(...given);
    };
  }
  return whole;
}
