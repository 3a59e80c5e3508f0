import { describe, expect, test } from "@jest/globals";
import { readContract } from "../descriptors/contract.js";
import { messageTypesOf } from "../descriptors/message-types.js";
import { parseTemplate } from "../routing/path-template.js";
import { descriptorSet } from "../testing/gen/descriptor-set.js";
import { QueryRequest } from "../testing/gen/callwire/edge/testing/v1/probe_service.js";
import { StringValue } from "../testing/gen/google/protobuf/wrappers.js";
import { BodyMask } from "./body-mask.js";
import { findField, valueAt } from "./field-path.js";
import { parseQuery } from "./query.js";
import { RequestBinding } from "./request-binding.js";

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

describe.each([
  ["generated", StringValue],
  ["made of descriptors", messageTypesOf(readContract(descriptorSet)).get(StringValue.typeName)!],
] as const)("a request that is one value in JSON: %s", (_, type) => {
  const rule = { method: "PATCH", path: "/v1/text", body: "*" };

  test("has no field that a query could name", () => {
    const binding = new RequestBinding(type, { ...rule, body: "" }, parseTemplate(rule.path), {});
    const parts = { pathValues: [], query: parseQuery("value=x&a.b=y") };
    expect(() => binding.message(parts, undefined)).toThrow(
      "value: no field of the request; a.b: no field of the request",
    );
  });

  test("has no mask", () => {
    const mask = BodyMask.of(type, rule, [], {});
    const binding = new RequestBinding(type, rule, parseTemplate(rule.path), {}, mask);
    const message = binding.message({ pathValues: [], query: [] }, Buffer.from('"x"'));
    expect(type.toJSON(message as never)).toBe("x");
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
