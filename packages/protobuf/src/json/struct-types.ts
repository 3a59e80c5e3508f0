import type { FieldType } from "../field-type.js";
import type { JsonSink } from "./json-sink.js";
import type { JsonSource } from "./json-source.js";
import type { JsonForm } from "./message-json.js";
import {
  readPlain,
  readPlainList,
  readPlainObject,
  writePlain,
  writePlainList,
  writePlainObject,
} from "./plain.js";
import { setOwn, type JsonObject } from "./values.js";

// google.protobuf.Struct, Value and ListValue (google/protobuf/struct.proto). Inside all of them, values are those of JSON.

const isAbsent = (value: unknown): boolean => value === undefined || value === null;
// A value of the right type is the caller's part.
const same = (value: unknown): never => value as never;

/** A field of google.protobuf.Struct, seen as an object. */
export const struct: FieldType<JsonObject> = {
  isAbsent,
  fromPartial: same,
  writeJson: writePlainObject,
  readJson: readPlainObject,
};

/** A field of google.protobuf.Value, seen as any value of JSON: null is one, and undefined stands for none. */
export const value: FieldType<unknown> = {
  takesNull: true,
  isAbsent: (given) => given === undefined,
  fromPartial: same,
  writeJson: writePlain,
  readJson: readPlain,
};

/** A field of google.protobuf.ListValue, seen as a list. */
export const listValue: FieldType<unknown[]> = {
  isAbsent,
  fromPartial: same,
  writeJson: writePlainList,
  readJson: readPlainList,
};

// The values of these messages are any of JSON's, as ts-proto declares them.
/* oxlint-disable typescript/no-explicit-any */

/** google.protobuf.Struct as a message, its fields in an object. */
export const structJson: JsonForm<{ fields: { [key: string]: any } }> = {
  writeJson: ({ fields }, sink) => writePlainObject(fields, sink),
  readJson: (source) => ({ fields: readPlainObject(source) }),
};

/** google.protobuf.Struct as a message, its fields in a Map. */
export const structMapJson: JsonForm<{ fields: Map<string, any> }> = {
  writeJson({ fields }, sink) {
    const object: JsonObject = {};
    for (const [key, value] of fields) setOwn(object, key, value);
    writePlainObject(object, sink);
  },
  readJson: (source) => ({ fields: new Map(Object.entries(readPlainObject(source))) }),
};

/** google.protobuf.ListValue as a message. */
export const listValueJson: JsonForm<{ values: any[] }> = {
  writeJson: ({ values }, sink) => writePlainList(values, sink),
  readJson: (source) => ({ values: readPlainList(source) }),
};

/** The members of `Value.kind` for the types of JSON. */
const CASES = {
  null: "nullValue",
  number: "numberValue",
  string: "stringValue",
  boolean: "boolValue",
  object: "structValue",
  list: "listValue",
} as const;

/** What a member of `Value.kind` is in JSON. */
function writeMember($case: string | undefined, given: unknown, sink: JsonSink): void {
  // A Value of no kind is no value: it is refused, as undefined is.
  writePlain($case === CASES.null ? null : given, sink);
}

function readMember(source: JsonSource): { $case: string; value: unknown } {
  const $case = CASES[source.type()];
  const given = readPlain(source);
  // The number of NULL_VALUE.
  return { $case, value: given ?? 0 };
}

/** google.protobuf.Value as a message. One without a kind is refused. */
export const valueJson: JsonForm<{ kind: any }> = {
  takesNull: true,
  writeJson: ({ kind }, sink) => writeMember(kind?.$case, kind?.value, sink),
  readJson: (source) => ({ kind: readMember(source) }),
};

/** google.protobuf.Value as a message, its kinds as properties of it. One without a kind is refused. */
export const flatValueJson: JsonForm<any> = {
  takesNull: true,
  writeJson(message, sink) {
    const $case = Object.values(CASES).find((property) => message[property] !== undefined);
    writeMember($case, $case && message[$case], sink);
  },
  readJson(source) {
    const message: Record<string, unknown> = {};
    for (const property of Object.values(CASES)) message[property] = undefined;
    const { $case, value } = readMember(source);
    message[$case] = value;
    return message;
  },
};
