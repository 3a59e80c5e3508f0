import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { anyJson } from "./any.js";
import { list } from "./composite-types.js";
import { date } from "./date-type.js";
import { fieldMask, fieldMaskJson } from "./field-mask.js";
import { int64, int64Number, int64String } from "./integer64-types.js";
import { fromJsonText, toJsonText } from "./json-text.js";
import type { JsonForm } from "./message-json.js";
import { ObjectSink, ObjectSource } from "./object.js";
import type { JsonRegistry, RegisteredMessage } from "./options.js";
import { int32, string } from "./scalar-types.js";
import {
  flatValueJson,
  listValue,
  listValueJson,
  struct,
  structJson,
  structMapJson,
  value,
  valueJson,
} from "./struct-types.js";
import { jsonMessage, read, write, type JsonMessage } from "../testing/json-message.js";
import { durationJson, timestampJson } from "./timestamp.js";
import { wrapper, wrapperJson } from "./wrapper-types.js";

const type = <T extends object>(json: JsonForm<T>): JsonMessage<T> =>
  jsonMessage<T>({ create: () => ({}) as T, fields: () => [], json });

describe("Timestamp", () => {
  const Timestamp = type(timestampJson(int64));

  test.each([
    ["1970-01-01T00:00:00Z", 0n, 0],
    ["0001-01-01T00:00:00Z", -62135596800n, 0],
    ["9999-12-31T23:59:59.999999999Z", 253402300799n, 999999999],
    ["1969-12-31T23:59:59.500Z", -1n, 500000000],
    ["2000-02-29T00:00:00.000001Z", 951782400n, 1000],
    ["2024-12-31T23:59:59.010Z", 1735689599n, 10000000],
  ])("%s", (text, seconds, nanos) => {
    expect(read(Timestamp, JSON.stringify(text))).toEqual({ seconds, nanos });
    expect(write(Timestamp, { seconds, nanos })).toBe(text);
  });

  test("is read with offsets and with any number of digits", () => {
    expect(read(Timestamp, '"1970-01-01T08:00:00+08:00"')).toEqual({ seconds: 0n, nanos: 0 });
    expect(read(Timestamp, '"1969-12-31T16:30:00.1-07:30"')).toEqual({ seconds: 0n, nanos: 100000000 });
    expect(read(Timestamp, '"1970-01-01T00:00:00.123456700Z"')).toEqual({ seconds: 0n, nanos: 123456700 });
    expect(read(Timestamp, '"9999-12-31T23:59:59-00:00"').seconds).toBe(253402300799n);
  });

  test.each([
    "1970-01-01T00:00:00",
    "1970-01-01t00:00:00Z",
    "1970-01-01T00:00:00z",
    "1970-01-01 00:00:00Z",
    "1970-01-01",
    "0000-12-31T23:59:59Z",
    "10000-01-01T00:00:00Z",
    "9999-12-31T23:59:59-00:01",
    "0001-01-01T00:00:00+00:01",
    "1970-13-01T00:00:00Z",
    "1970-00-01T00:00:00Z",
    "1970-01-00T00:00:00Z",
    "1970-01-32T00:00:00Z",
    "1970-02-29T00:00:00Z",
    "1900-02-29T00:00:00Z",
    "1970-04-31T00:00:00Z",
    "1970-01-01T24:00:00Z",
    "1970-01-01T00:60:00Z",
    "1970-01-01T00:00:60Z",
    "1970-01-01T00:00:00.Z",
    "1970-01-01T00:00:00.1234567890Z",
    "1970-01-01T00:00:00,1Z",
    "1970-01-01T00:00:00+0800",
    "1970-01-01T00:00:00+8:00",
    "1970-01-01T00:00:00+24:00",
    "1970-01-01T00:00:00+00:60",
    "1970-01-01T00:00:00Z ",
    " 1970-01-01T00:00:00Z",
    "1970-1-01T00:00:00Z",
    "+1970-01-01T00:00:00Z",
    "-001-01-01T00:00:00Z",
    "",
    "1970-01-01T00:00:00ZZ",
    "1970-01-01T00:00:00Z+00:00",
    "1970-01-01T00:00+00:00",
    "1970-01-01T00:00:00+00:00Z",
    "1970-01-01T00:00:0+00:00",
    "1970-01-01T00:00:00.5",
  ])("%j is none", (text) => {
    expect(() => read(Timestamp, JSON.stringify(text))).toThrow("not a timestamp");
    expect(() => read(date, JSON.stringify(text))).toThrow("not a timestamp");
  });

  test("that is out of range is not written", () => {
    for (const [seconds, nanos] of [
      [-62135596801n, 0],
      [253402300800n, 0],
      [0n, -1],
      [0n, 1e9],
    ] as const) {
      expect(() => write(Timestamp, { seconds, nanos })).toThrow("not a time of the years 1 to 9999");
    }
  });

  test("has seconds as the program has integers of 64 bits", () => {
    expect(read(type(timestampJson(int64Number)), '"1970-01-01T00:00:07Z"')).toEqual({
      seconds: 7,
      nanos: 0,
    });
    expect(read(type(timestampJson(int64String)), '"1970-01-01T00:00:07Z"')).toEqual({
      seconds: "7",
      nanos: 0,
    });
    expect(write(type(timestampJson(int64String)), { seconds: "7", nanos: 0 })).toBe("1970-01-01T00:00:07Z");
  });

  test("comes back as it was, and is as Date has it", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -62135596800, max: 253402300799 }),
        fc.integer({ min: 0, max: 999 }),
        (seconds, ms) => {
          const message = { seconds: BigInt(seconds), nanos: ms * 1e6 };
          const text = toJsonText(Timestamp, message);
          const iso = new Date(seconds * 1000 + ms).toISOString();
          expect(text).toBe(JSON.stringify(ms === 0 ? iso.replace(".000", "") : iso));
          expect(fromJsonText(Timestamp, text)).toEqual(message);
          expect(toJsonText(date, fromJsonText(date, text))).toBe(text);
        },
      ),
    );
  });

  test("as a Date has milliseconds", () => {
    expect(read(date, '"1970-01-01T00:00:00.9999Z"')).toEqual(new Date(999));
    expect(read(date, '"1969-12-31T23:59:59.9999Z"')).toEqual(new Date(-1));
    expect(write(date, new Date(-1))).toBe("1969-12-31T23:59:59.999Z");
    expect(() => write(date, new Date(NaN))).toThrow("not a time of the years");
    expect(() => write(date, 5 as never)).toThrow("not a Date: 5");
    expect(() => read(date, "5")).toThrow("not a string: 5");
  });
});

describe("Duration", () => {
  const Duration = type(durationJson(int64));

  test.each([
    ["0s", 0n, 0],
    ["1s", 1n, 0],
    ["1.500s", 1n, 500000000],
    ["-1.500s", -1n, -500000000],
    ["-0.500s", 0n, -500000000],
    ["0.000000001s", 0n, 1],
    ["0.000001s", 0n, 1000],
    ["315576000000s", 315576000000n, 0],
    ["-315576000000s", -315576000000n, 0],
    ["315576000000.999999999s", 315576000000n, 999_999_999],
    ["-315576000000.999999999s", -315576000000n, -999_999_999],
    ["315575999999.999999999s", 315575999999n, 999999999],
  ])("%s", (text, seconds, nanos) => {
    const message = read(Duration, JSON.stringify(text));
    expect(message).toEqual({ seconds, nanos });
    expect(write(Duration, { seconds, nanos })).toBe(text);
  });

  test("is no longer than a number", () => {
    expect(read(Duration, `"${"0".repeat(2046)}1s"`)).toEqual({ seconds: 1n, nanos: 0 });
    expect(() => read(Duration, `"${"0".repeat(2047)}1s"`)).toThrow("not a duration");
  });

  test("has no negative zero", () => {
    expect(Object.is(read(Duration, '"-1s"').nanos, 0)).toBe(true);
    expect(Object.is(read(type(durationJson(int64Number)), '"-0.5s"').seconds, 0)).toBe(true);
    expect(read(Duration, '"1.5s"')).toEqual({ seconds: 1n, nanos: 500000000 });
  });

  test.each([
    "",
    "1",
    "s",
    "1S",
    "1.s",
    ".5s",
    "+1s",
    "1.1234567890s",
    "1 s",
    " 1s",
    "1e3s",
    "--1s",
    "315576000001s",
    "-315576000001s",
    "315576000001s",
    "1s\n",
    "0x1s",
  ])("%j is none", (text) => {
    expect(() => read(Duration, JSON.stringify(text))).toThrow("not a duration");
  });

  test("that breaks the rules is not written", () => {
    for (const [seconds, nanos] of [
      [1n, -1],
      [-1n, 1],
      [0n, 1e9],
      [0n, -1e9],
      [315576000001n, 0],
      [315576000001n, 0],
      [0n, 0.5],
    ] as const) {
      expect(() => write(Duration, { seconds, nanos })).toThrow("not a duration");
    }
  });
});

describe("FieldMask", () => {
  test("is its paths by the names of JSON", () => {
    expect(write(fieldMask, ["foo", "bar_baz.foo_bar"])).toBe("foo,barBaz.fooBar");
    expect(read(fieldMask, '"foo,barBaz.fooBar"')).toEqual(["foo", "bar_baz.foo_bar"]);
    expect(read(fieldMask, '""')).toEqual([]);
    expect(write(fieldMask, [])).toBe("");
    expect(read(type(fieldMaskJson), '"aB"')).toEqual({ paths: ["a_b"] });
    expect(write(type(fieldMaskJson), { paths: ["a_b"] })).toBe("aB");
  });

  test("may have an asterisk for all fields, and for all items", () => {
    expect(read(fieldMask, '"*"')).toEqual(["*"]);
    expect(read(fieldMask, '"aB.*.cD,e"')).toEqual(["a_b.*.c_d", "e"]);
    expect(write(fieldMask, ["*", "a_b.*"])).toBe("*,aB.*");
  });

  test("may have 64 KiB of names", () => {
    const names = Array.from({ length: 32 * 1024 }, () => "a");
    expect(read(fieldMask, JSON.stringify(names.join()))).toEqual(names);
    expect(() => read(fieldMask, JSON.stringify(`${names.join()},a`))).toThrow(
      "a mask of more than 65536 characters",
    );
  });

  test("refuses what would not come back", () => {
    for (const path of [
      "fooBar",
      "foo_3_bar",
      "foo__bar",
      "foo_",
      "",
      "a,b",
      "a b",
      "foo_Bar",
      "a*",
      ".a",
      "a..b",
    ]) {
      expect(() => write(fieldMask, [path])).toThrow("not a path");
    }
    for (const json of [
      '"foo,bar_bar"',
      '"foo,"',
      '",foo"',
      '"foo, bar"',
      '"a-b"',
      '"a*"',
      '".a"',
      '"a."',
      '"a..b"',
    ])
      expect(() => read(fieldMask, json)).toThrow("not a path");
    expect(() => read(fieldMask, '["a"]')).toThrow("not a string");
  });
});

describe("Struct, Value and ListValue", () => {
  const json = { a: [1, "x", null, true, { b: {} }], c: null, d: -1.5 };
  const text = JSON.stringify(json);

  test("are values of JSON", () => {
    expect(read(struct, text)).toEqual(json);
    expect(write(struct, json)).toEqual(json);
    expect(read(value, "null")).toBeNull();
    expect(write(value, null)).toBeNull();
    expect(read(list(value), '[null,1,"a",{},[]]')).toEqual([null, 1, "a", {}, []]);
    expect(read(listValue, "[1,[2]]")).toEqual([1, [2]]);
    expect(write(listValue, [1, [null]])).toEqual([1, [null]]);
    expect(() => read(struct, "[]")).toThrow("not an object");
    expect(() => read(listValue, "{}")).toThrow("not a list");
    expect(() => write(struct, [] as never)).toThrow("not an object");
    expect(() => write(listValue, {} as never)).toThrow("not a list");
    expect([value.isAbsent(null), value.isAbsent(undefined), struct.isAbsent({})]).toEqual([
      false,
      true,
      false,
    ]);
  });

  test("have keys that are data", () => {
    const object = read(struct, '{"__proto__":{"x":1},"constructor":2}');
    expect(Object.keys(object)).toEqual(["__proto__", "constructor"]);
    expect((object as { x?: number }).x).toBeUndefined();
    expect(toJsonText(struct, object)).toBe('{"__proto__":{"x":1},"constructor":2}');
    expect(JSON.stringify(write(struct, object))).toBe('{"__proto__":{"x":1},"constructor":2}');
  });

  test("have no NaN, no infinity and nothing that JSON has no value of", () => {
    for (const bad of [NaN, Infinity, -Infinity, 1n, undefined, Symbol("s"), () => 1]) {
      expect(() => write(value, bad)).toThrow("not a JSON value");
      expect(() => write(listValue, [bad])).toThrow("not a JSON value");
    }
    expect(() => write(struct, { a: { "b c": NaN } })).toThrow('a["b c"]: not a JSON value: NaN');
    expect(write(struct, { a: undefined, b: 1 })).toEqual({ b: 1 });
    expect(() => fromJsonText(value, "1e999")).toThrow("not a finite number");
    expect(() => value.readJson(new ObjectSource(Infinity))).toThrow("not a finite number");
  });

  test("may be messages", () => {
    expect(read(type(structJson), text)).toEqual({ fields: json });
    expect(write(type(structJson), { fields: json })).toEqual(json);
    expect(read(type(structMapJson), text)).toEqual({ fields: new Map(Object.entries(json)) });
    expect(write(type(structMapJson), { fields: new Map<string, unknown>([["__proto__", 1]]) })).toEqual(
      JSON.parse('{"__proto__":1}'),
    );
    expect(read(type(listValueJson), "[1]")).toEqual({ values: [1] });
    expect(write(type(listValueJson), { values: [1] })).toEqual([1]);
  });

  test.each([
    ["null", "nullValue", 0],
    ["1.5", "numberValue", 1.5],
    ['""', "stringValue", ""],
    ["false", "boolValue", false],
    ['{"a":null}', "structValue", { a: null }],
    ["[null]", "listValue", [null]],
  ])("%s is a Value", (text, $case, given) => {
    const Value = type(valueJson);
    expect(read(Value, text)).toEqual({ kind: { $case, value: given } });
    expect(write(Value, { kind: { $case, value: given } })).toEqual(JSON.parse(text));
    const flat = read(type(flatValueJson), text);
    expect(flat).toEqual({ [$case]: given });
    expect(write(type(flatValueJson), flat)).toEqual(JSON.parse(text));
  });

  test("a Value without a kind is refused", () => {
    expect(() => write(type(valueJson), { kind: undefined })).toThrow("not a JSON value");
    expect(() => write(type(flatValueJson), {})).toThrow("not a JSON value");
    expect(() => write(type(valueJson), { kind: { $case: "numberValue", value: NaN } })).toThrow(
      "not a JSON value: NaN",
    );
  });
});

describe("wrappers", () => {
  test("are their values", () => {
    const M = jsonMessage<{ w: number | undefined }>({
      create: () => ({ w: undefined }),
      fields: () => [["w", wrapper(int32)]],
    });
    expect(read(M, '{"w":0}')).toEqual({ w: 0 });
    expect(read(M, '{"w":null}')).toEqual({ w: undefined });
    expect([write(M, { w: 0 }), write(M, { w: undefined })]).toEqual([{ w: 0 }, {}]);
    expect(() => read(list(wrapper(int32)), "[null]")).toThrow("[0]: not a value: null");
    const Int64Value = type(wrapperJson(int64));
    expect(read(Int64Value, '"5"')).toEqual({ value: 5n });
    expect(write(Int64Value, { value: 5n })).toBe("5");
    expect(() => read(Int64Value, "null")).toThrow("not a number");
  });
});

describe("Any", () => {
  /** A type whose binary format is its JSON. */
  function registered(typeName: string, message: JsonMessage<never>): RegisteredMessage {
    const any = message as JsonMessage<unknown>;
    return {
      typeName,
      encode: (given) => ({ finish: () => new TextEncoder().encode(toJsonText(any, given, { registry })) }),
      decode: (bytes) => fromJsonText(any, bytes, { registry }),
      toJSON(given, options) {
        const sink = new ObjectSink(options);
        any.writeJson(given, sink);
        return sink.value;
      },
      fromJSON: (json, options) => any.readJson(new ObjectSource(json, options)),
    };
  }
  const Item = jsonMessage<{ name: string; any: { typeUrl: string; value: Uint8Array } | undefined }>({
    create: () => ({ name: "", any: undefined }),
    fields: () => [
      ["name", string],
      ["any", Any],
    ],
  });
  const Any = type(anyJson);
  const types = new Map<string, RegisteredMessage>([
    ["a.Item", registered("a.Item", Item as JsonMessage<never>)],
    [
      "google.protobuf.Duration",
      registered("google.protobuf.Duration", type(durationJson(int64)) as JsonMessage<never>),
    ],
    ["google.protobuf.Any", registered("google.protobuf.Any", Any as JsonMessage<never>)],
    [
      "google.protobuf.Empty",
      registered(
        "google.protobuf.Empty",
        jsonMessage<object>({ create: () => ({}), fields: () => [] }) as JsonMessage<never>,
      ),
    ],
    ["google.protobuf.Value", registered("google.protobuf.Value", type(valueJson) as JsonMessage<never>)],
  ]);
  const registry: JsonRegistry = {
    message: (name) => types.get(name),
    extension: () => undefined,
    extensionsIn: () => [],
  };
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  const back = (json: unknown): unknown =>
    write(Any, read(Any, JSON.stringify(json), { registry }), { registry });

  test("has the fields of its message beside its type, which may stand last", () => {
    const url = "type.googleapis.com/a.Item";
    expect(read(Any, `{"@type":"${url}","name":"x"}`, { registry })).toEqual({
      typeUrl: url,
      value: bytes('{"name":"x"}'),
    });
    expect(read(Any, `{"name":"x","@type":"${url}"}`, { registry })).toEqual({
      typeUrl: url,
      value: bytes('{"name":"x"}'),
    });
    expect(write(Any, { typeUrl: url, value: bytes('{"name":"x"}') }, { registry })).toEqual({
      "@type": url,
      name: "x",
    });
    expect(back({ "@type": url })).toEqual({ "@type": url });
  });

  test("has a well-known type as its value", () => {
    const duration = { "@type": "type.googleapis.com/google.protobuf.Duration", value: "1.500s" };
    expect(back(duration)).toEqual(duration);
    expect(back({ "@type": "x/google.protobuf.Value", value: null })).toEqual({
      "@type": "x/google.protobuf.Value",
      value: null,
    });
    const nested = {
      "@type": "x/google.protobuf.Any",
      value: { "@type": "x/a.Item", name: "y", any: duration },
    };
    expect(back(nested)).toEqual(nested);
  });

  test("of Empty may have a value, as Go writes it", () => {
    const url = "x/google.protobuf.Empty";
    expect(back({ "@type": url, value: {} })).toEqual({ "@type": url });
    expect(() => back({ "@type": url, value: { a: 1 } })).toThrow("value: no field of the message");
  });

  test("that is empty is an empty object", () => {
    expect(read(Any, "{}")).toEqual({ typeUrl: "", value: Uint8Array.of() });
    expect(write(Any, { typeUrl: "", value: Uint8Array.of() })).toEqual({});
  });

  test("refuses what it does not know", () => {
    const refuses = (json: string, reason: string): void => {
      expect(() => read(Any, json, { registry })).toThrow(reason);
    };
    refuses('{"@type":"x/a.Other"}', 'not the URL of a type in the registry: "x/a.Other"');
    refuses('{"@type":"a.Item"}', "not the URL of a type in the registry");
    refuses('{"@type":"","value":""}', "not the URL of a type");
    refuses('{"@type":1}', "not the URL of a type: 1");
    refuses('{"name":"x"}', "not the URL of a type");
    refuses('{"@type":"x/a.Item","nome":"x"}', "nome: no field of the message");
    refuses('{"@type":"x/a.Item","any":{"@type":"x/a.Item","name":5}}', "any.name: not a string: 5");
    refuses('{"@type":"x/google.protobuf.Duration"}', "has a value alone");
    refuses('{"@type":"x/google.protobuf.Duration","value":"1s","x":1}', "has a value alone");
    refuses('{"@type":"x/google.protobuf.Duration","value":"1"}', "not a duration");
    expect(() => fromJsonText(Any, '{"@type":"x/a.Item","@type":"x/a.Item"}', { registry })).toThrow(
      "there twice",
    );
    expect(() => write(Any, { typeUrl: "x/a.Item", value: Uint8Array.of() })).toThrow(
      "not the URL of a type in the registry",
    );
    expect(
      read(Any, '{"@type":"x/a.Item","nome":"x"}', { registry, ignoreUnknownFields: true }).value,
    ).toEqual(bytes("{}"));
  });
});

test("null is a value of a field of Value, given in part and written with all defaults", () => {
  const Holder = jsonMessage<{ value: unknown; one: unknown }>({
    create: () => ({ value: undefined, one: undefined }),
    fields: () => [["value", value], { oneof: "one", fields: [["a", value]] }],
  });
  const given = { value: null, one: { $case: "a", value: null } };
  expect(Holder.fromPartial(given)).toEqual(given);
  expect(Holder.fromPartial({ value: undefined, one: null })).toEqual({ value: undefined, one: undefined });
  expect(write(Holder, given, { alwaysEmitImplicit: true })).toEqual({ value: null, a: null });
  expect(write(Holder, given)).toEqual({ value: null, a: null });
});
