import { describe, expect, test } from "@jest/globals";
import { jsonMessage } from "../testing/json-message.js";
import type { AnyFieldType } from "../field-type.js";
import { list } from "./composite-types.js";
import type { JsonError } from "./json-error.js";
import { fromJsonText } from "./json-text.js";
import { map } from "./map-types.js";
import { MAX_JSON_ERRORS } from "./tolerant.js";
import { ObjectSource } from "./object.js";
import { bool, int32, string } from "./scalar-types.js";
import { struct } from "./struct-types.js";

const inner: AnyFieldType = jsonMessage({
  create: () => ({ name: "", on: false }),
  fields: () => [
    ["name", string],
    ["is_on", bool],
  ],
});
const outer: AnyFieldType = jsonMessage({
  create: () => ({ count: 0, inner: undefined, all: [], by: new Map() }),
  fields: () => [
    ["count", int32],
    ["inner_part", inner],
    ["all", list(inner)],
    ["numbers", list(int32)],
    ["by", map(string, inner)],
    ["any", struct],
  ],
});

/** The errors of a text, which all sources must find alike. */
function errorsOf(text: string): string[] {
  const all = [
    (errors: JsonError[]) => fromJsonText<unknown>(outer, text, { errors }),
    (errors: JsonError[]) => fromJsonText<unknown>(outer, new TextEncoder().encode(text), { errors }),
    (errors: JsonError[]) => outer.readJson(new ObjectSource(JSON.parse(text), { errors })) as unknown,
  ].map((read) => {
    const errors: JsonError[] = [];
    read(errors);
    return errors.map(({ message }) => message);
  });
  expect(all[1]).toEqual(all[0]);
  expect(all[2]).toEqual(all[0]);
  return all[0]!;
}

describe("with the option errors", () => {
  test("a path of long keys is shown by its beginning", () => {
    const nested: AnyFieldType = jsonMessage({
      create: () => ({ by: new Map(), numbers: [] }),
      fields: () => [
        ["by", map(string, nested)],
        ["numbers", list(int32)],
      ],
    });
    const key = (level: number): string => `${level}`.padEnd(190, "k");
    let text = '{"numbers": ["x", 1, "y"]}';
    for (let level = 20; level > 0; level--) text = `{"by": {"${key(level)}": ${text}}}`;
    const errors: JsonError[] = [];
    fromJsonText<unknown>(nested, text, { errors });
    const start = `by["${key(1)}"].by["${key(2)}"].by["`;
    for (const { path, message, reason } of errors) {
      expect(message).toBe(`${path}: ${reason}`);
      expect([path.slice(0, start.length), path.length, path.at(-1)]).toEqual([start, 2001, "…"]);
    }
    expect(errors.map(({ reason }) => reason)).toEqual(['not an int32: "x"', 'not an int32: "y"']);
  });

  test("all of a message are found, each with its path", () => {
    const text = `{
      "count": "x\\\\", "innerPart": { "name": 1, "isOn": "no", "more": [{"a": {}}] },
      "all": [{}, { "name": true }, 5, { "isOn": {"x": [1]} }, null],
      "numbers": [1, 2.5, "3", [4]],
      "by": { "k": { "is_on": 0 }, "l": 7, "m": {} },
      "other": {"deep": [1, {"a": "\\\\"}]}, "any": []
    }`;
    expect(errorsOf(text)).toEqual([
      'count: not an int32: "x\\\\"',
      "inner_part.name: not a string: 1",
      'inner_part.is_on: not a bool: "no"',
      "inner_part.more: no field of the message",
      "all[1].name: not a string: true",
      "all[2]: not an object: 5",
      "all[3].is_on: not a bool: an object",
      "all[4]: not a value: null",
      "numbers[1]: not an int32: 2.5",
      "numbers[3]: not a number: a list",
      'by["k"].is_on: not a bool: 0',
      'by["l"]: not an object: 7',
      "other: no field of the message",
      "any: not an object: a list",
    ]);
  });

  test("a field that is there twice is one of them, which JSON.parse would hide", () => {
    const errors: JsonError[] = [];
    fromJsonText<unknown>(outer, '{"count": 1, "count": 2, "numbers": 3}', { errors });
    expect(errors.map(({ path, reason }) => [path, reason])).toEqual([
      ["count", "there twice"],
      ["numbers", "not a list: 3"],
    ]);
  });

  test("text that is no JSON is thrown, with its place", () => {
    const errors: JsonError[] = [];
    const text = '{"count": "x", "innerPart": {"name": 1, "isOn": tru}}';
    expect(() => fromJsonText<unknown>(outer, text, { errors })).toThrow("malformed JSON at byte 48");
  });

  test("they are not more than the limit", () => {
    const errors: JsonError[] = [];
    const numbers = Array.from({ length: 1000 }, () => "{}");
    expect(() => fromJsonText<unknown>(outer, `{"numbers": [${numbers.join()}]}`, { errors })).toThrow(
      "not a number: an object",
    );
    expect(errors).toHaveLength(MAX_JSON_ERRORS);
    expect(errors.at(-1)!.path).toBe("numbers[99]");
  });

  test("a message that is right is read as without it", () => {
    const errors: JsonError[] = [];
    const text = '{"count": 3, "all": [{"name": "a"}], "by": {"k": {"isOn": true}}}';
    expect(fromJsonText<unknown>(outer, text, { errors })).toEqual(fromJsonText<unknown>(outer, text));
    expect(errors).toEqual([]);
  });
});
