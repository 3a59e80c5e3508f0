import { describe, expect, test } from "@jest/globals";
import { readContract } from "../descriptors/contract.js";
import { messageTypesOf } from "../descriptors/message-types.js";
import { parseTemplate } from "../routing/path-template.js";
import { descriptorSet } from "../testing/gen/descriptor-set.js";
import { QueryRequest } from "../testing/gen/callwire/edge/testing/v1/probe_service.js";
import { Duration } from "../testing/gen/google/protobuf/duration.js";
import { Empty } from "../testing/gen/google/protobuf/empty.js";
import { FieldMask } from "../testing/gen/google/protobuf/field_mask.js";
import { ListValue, Struct, Value } from "../testing/gen/google/protobuf/struct.js";
import { Timestamp } from "../testing/gen/google/protobuf/timestamp.js";
import { BoolValue, BytesValue, Int64Value, StringValue } from "../testing/gen/google/protobuf/wrappers.js";
import type { HttpRule } from "../routing/http-rule.js";
import { BodyMask } from "./body-mask.js";
import { findField, valueAt, type AnyMessageType } from "./field-path.js";
import { parseQuery } from "./query.js";
import { RequestBinding, responseBinding } from "./request-binding.js";

const wellKnown: AnyMessageType[] = [
  BoolValue,
  BytesValue,
  Duration,
  Empty,
  FieldMask,
  Int64Value,
  ListValue,
  StringValue,
  Struct,
  Timestamp,
  Value,
];

const kinds = [
  ["generated", QueryRequest],
  ["made of descriptors", messageTypesOf(readContract(descriptorSet)).get(QueryRequest.typeName)!],
] as const;

// A oneof is one property in generated code, and one for each member in types made of descriptors.
test.each(kinds)(
  "a member of a oneof that the path has takes the place of the one in the body: %s",
  (_, type) => {
    const rule = { method: "POST", path: "/v1/{choice_text}", body: "*" };
    const binding = new RequestBinding(type, rule, parseTemplate(rule.path), {});
    const body = Buffer.from('{"choiceNumber": 1, "stringValue": "a"}');
    const message = binding.message({ pathValues: ["x"], query: [] }, body);
    expect(type.toJSON(message as never)).toEqual({ choiceText: "x", stringValue: "a" });
  },
);

test.each(kinds)("a wrapper's value stands for the wrapper: %s", (_, type) => {
  const rule = { method: "GET", path: "/v1/{bool_wrapper.value}" };
  const binding = new RequestBinding(type, rule, parseTemplate(rule.path), {});
  const bind = (query: string) =>
    type.toJSON(binding.message({ pathValues: ["false"], query: parseQuery(query) }, undefined) as never);
  expect(bind("nested.boolWrapper.value=true")).toEqual({
    boolWrapper: false,
    nested: { boolWrapper: true },
  });
  for (const name of ["bool_wrapper", "boolWrapper.value"])
    expect(() => bind(`${name}=true`)).toThrow("bool_wrapper: is given by the path");
  expect(() => bind("nested.bool_wrapper=true&nested.bool_wrapper.value=true")).toThrow(
    "nested.bool_wrapper: one value is taken, not 2",
  );
  for (const name of ["nested.bool_wrapper.value.value", "bool_value.value", "duration.seconds"])
    expect(() => bind(`${name}=true`)).toThrow(`${name}: no field of the request`);
});

describe.each([
  ["generated", StringValue],
  ["made of descriptors", messageTypesOf(readContract(descriptorSet)).get(StringValue.typeName)!],
] as const)("a request that is one value in JSON: %s", (_, type) => {
  const rule = { method: "PATCH", path: "/v1/text", body: "*" };

  test("has fields that a query names, and no others", () => {
    const binding = new RequestBinding(type, { ...rule, body: "" }, parseTemplate(rule.path), {});
    const message = binding.message({ pathValues: [], query: parseQuery("value=x") }, undefined);
    expect(type.toJSON(message as never)).toBe("x");
    const parts = { pathValues: [], query: parseQuery("vaule=x&value.b=y") };
    expect(() => binding.message(parts, undefined)).toThrow(
      "vaule: no field of the request; did you mean 'value'?; value.b: no field of the request",
    );
  });

  test("has no mask", () => {
    const mask = BodyMask.of(type, rule, [], {});
    const binding = new RequestBinding(type, rule, parseTemplate(rule.path), {}, mask);
    const message = binding.message({ pathValues: [], query: [] }, Buffer.from('"x"'));
    expect(type.toJSON(message as never)).toBe("x");
  });
});

describe.each([
  ["generated", Object.fromEntries(wellKnown.map((type) => [type.typeName, type]))],
  ["made of descriptors", Object.fromEntries(messageTypesOf(readContract(descriptorSet)))],
] as const)("a well-known type as the whole request: %s", (_, types) => {
  test.each<
    [name: string, rule: Partial<HttpRule>, value: string, query: string, body: string, json: unknown]
  >([
    ["StringValue", { path: "/v1/{value}" }, "a b", "", "", "a b"],
    ["StringValue", { body: "value" }, "", "", '"a"', "a"],
    ["StringValue", { body: "*", path: "/v1/{value}" }, "path", "", '"body"', "path"],
    ["Int64Value", { path: "/v1/{value}" }, "-9223372036854775808", "", "", "-9223372036854775808"],
    ["BytesValue", {}, "", "value=AP8%3D", "", "AP8="],
    ["BoolValue", { body: "*" }, "", "", "true", true],
    ["Timestamp", { path: "/v1/{seconds}" }, "5", "nanos=3000000", "", "1970-01-01T00:00:05.003Z"],
    ["Timestamp", { body: "*" }, "", "", '"1970-01-01T00:00:05Z"', "1970-01-01T00:00:05Z"],
    ["Duration", { body: "seconds" }, "", "nanos=3000000", '"5"', "5.003s"],
    ["FieldMask", {}, "", "paths=a&paths=b_c", "", "a,bC"],
    ["FieldMask", { body: "paths" }, "", "", '["a", "b_c"]', "a,bC"],
    ["Struct", {}, "", "fields[a]=1&fields[b.c]=%22x%22", "", { a: 1, "b.c": "x" }],
    ["Struct", { body: "fields" }, "", "", '{"a": [null]}', { a: [null] }],
    ["Value", { path: "/v1/{string_value}" }, "x", "", "", "x"],
    ["Value", { body: "*" }, "", "", "null", null],
    ["ListValue", {}, "", "values=1&values=%22a%22", "", [1, "a"]],
    ["Empty", { body: "*" }, "", "", "{}", {}],
  ])("%s by %j", (name, rule, value, query, body, json) => {
    const type = types[`google.protobuf.${name}`]!;
    const whole = { method: "POST", path: "/v1", ...rule };
    const binding = new RequestBinding(type, whole, parseTemplate(whole.path), {});
    const parts = { pathValues: value === "" ? [] : [value], query: parseQuery(query) };
    const message = binding.message(parts, body === "" ? undefined : Buffer.from(body));
    expect(type.toJSON(message)).toEqual(json);
  });

  test.each<[name: string, rule: Partial<HttpRule>, text: string]>([
    ["Struct", { path: "/v1/{fields}" }, "names fields in the path, which is a map, and no single value"],
    ["FieldMask", { path: "/v1/{paths}" }, "names paths in the path, which is a list, and no single value"],
    ["StringValue", { path: "/v1/{text}" }, "names text, which is no field of google.protobuf.StringValue"],
    ["StringValue", { body: "text" }, "has the body text, which is no field of google.protobuf.StringValue"],
    [
      "StringValue",
      { body: "value.text" },
      "has the body value.text, which is no field of google.protobuf.StringValue: a body is a field of the message itself",
    ],
    [
      "StringValue",
      { path: "/v1/{value.size}" },
      "names value.size, which is no field of google.protobuf.StringValue: value is one value, and has a path's variable to itself",
    ],
  ])("%s is refused by %j", (name, rule, text) => {
    const whole = { method: "GET", path: "/v1", ...rule };
    const bind = () =>
      new RequestBinding(types[`google.protobuf.${name}`]!, whole, parseTemplate(whole.path), {});
    expect(bind).toThrow(text);
  });

  test("has a part that is the response", () => {
    const part = (name: string, field: string) =>
      responseBinding(types[`google.protobuf.${name}`]!, { method: "GET", path: "/", responseBody: field })
        .field?.name;
    expect([part("StringValue", "value"), part("Timestamp", "nanos"), part("Struct", "fields")]).toEqual([
      "value",
      "nanos",
      "fields",
    ]);
    expect(() => part("Empty", "a")).toThrow("has the response_body a, which is no field of google.protobuf");
  });
});

describe.each(kinds)("a mask of what the body has: %s", (_, type) => {
  const maskOf = (
    text: string,
    { query = "", ignoreUnknownFields = false, method = "PATCH", body = "nested" } = {},
  ) => {
    const rule = { method, path: "/v1/{nested.string_value}", body };
    const options = { ignoreUnknownFields };
    const kept = ["nested.string_value", "nested.nested.bytes_value"];
    const mask = BodyMask.of(type, rule, kept, options);
    const binding = new RequestBinding(type, rule, parseTemplate(rule.path), options, mask);
    const parts = { pathValues: ["x"], query: parseQuery(query) };
    const message = binding.message(parts, Buffer.from(text));
    const paths = valueAt(message, findField(type, "mask")!) as string[] | { paths: string[] } | undefined;
    return Array.isArray(paths) ? paths : paths?.paths;
  };

  test.each<[string, string[] | undefined]>([
    ['{"int32Value": 0, "string_map": {"a": "b"}}', ["int32_value", "string_map"]],
    ['{"otherName": "a", "boolWrapper": null, "strings": []}', ["json_named", "bool_wrapper", "strings"]],
    ['{"nested": {"color": 0, "nested": {"ints": [1]}}}', ["nested.color", "nested.nested.ints"]],
    ['{"nested": {}, "choiceMessage": null}', ["nested", "choice_message"]],
    ['{"choiceMessage": {"floatValue": 1}}', ["choice_message.float_value"]],
    // Well-known types are one value each, and lists, maps and what is in them.
    ['{"struct": {"a": 1}, "value": {"b": 2}, "duration": "1s"}', ["struct", "value", "duration"]],
    ['{"messages": [{"color": 1}], "messageMap": {"a": {"color": 1}}}', ["messages", "message_map"]],
    // What the path has is no change, nor what names the state.
    ['{"stringValue": "y", "color": 1}', ["color"]],
    ['{"nested": {"bytesValue": "YQ=="}}', undefined],
    ["{}", undefined],
    ["null", undefined],
    ["", undefined],
  ])("%s", (body, expected) => {
    expect(maskOf(body)).toEqual(expected);
  });

  test("the request's own mask counts, unless it is empty", () => {
    const body = '{"color": 1}';
    expect(maskOf(body, { query: "mask=ints" })).toEqual(["ints"]);
    expect(maskOf(body, { query: "mask=" })).toEqual(["color"]);
  });

  test("what is passed over is not named", () => {
    const body = '{"nope": 1, "color": "COLOR_NEW", "ints": [1], "__proto__": 1}';
    expect(maskOf(body, { ignoreUnknownFields: true })).toEqual(["ints"]);
  });

  test("a body whose names would be many times as long is refused", () => {
    // Each message has two of its kind, ten deep, and stands in forty others.
    const tree = (depth: number): string =>
      depth === 0 ? '{"color":1}' : `{"nested":${tree(depth - 1)},"choiceMessage":${tree(depth - 1)}}`;
    const deep = `${'{"nested":'.repeat(40)}${tree(10)}${"}".repeat(40)}`;
    expect(() => maskOf(deep)).toThrow("have more than 65536 characters: name what changes by mask");
    expect(maskOf(deep, { query: "mask=ints" })).toEqual(["ints"]);
  });

  test("another method, and another body, have none", () => {
    expect(maskOf('{"color": 1}', { method: "PUT" })).toBeUndefined();
    expect(maskOf('{"nested": {"color": 1}}', { body: "*" })).toBeUndefined();
    expect(maskOf('["a"]', { body: "strings" })).toBeUndefined();
  });
});
