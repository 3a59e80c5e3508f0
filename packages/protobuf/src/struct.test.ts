import { expect, test } from "@jest/globals";
import { toJsonText } from "./json/json-text.js";
import { struct } from "./json/struct-types.js";
import { write } from "./testing/json-message.js";
import { Reader } from "./reader.js";
import { readStruct, writeStruct } from "./struct.js";
import { Writer } from "./writer.js";

/** What is read of a Struct that was written. */
function sent(struct: object): object {
  const writer = new Writer();
  writeStruct(writer, 10, struct as never);
  const reader = new Reader(writer.finish());
  reader.tag();
  return readStruct(reader, undefined);
}

test("what has a toJSON is what that returns, as in JSON: a Date is no empty object", () => {
  const given = {
    at: new Date(0),
    list: [new Date(1)],
    deep: { toJSON: () => ({ kept: true, at: new Date(2) }) },
    none: { toJSON: () => null },
  };
  const json = JSON.parse(JSON.stringify(given)) as object;
  expect(sent(given)).toEqual(json);
  expect(write(struct, given as never)).toEqual(json);
  expect(toJsonText(struct, given as never)).toBe(JSON.stringify(given));
});

test("properties of undefined are left out, as in JSON: a Value of no kind stands for an error", () => {
  const read = sent({ a: undefined, b: { c: undefined, d: null }, e: [{ f: undefined }] });
  expect(read).toEqual({ b: { d: null }, e: [{}] });
  expect(Object.keys(read)).toEqual(["b", "e"]);
});
