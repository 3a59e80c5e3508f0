import { expect, test } from "@jest/globals";
import { Reader } from "./reader.js";
import { readStruct, writeStruct } from "./struct.js";
import { Writer } from "./writer.js";

test("properties of undefined are left out, as in JSON: a Value of no kind stands for an error", () => {
  const writer = new Writer();
  writeStruct(writer, 10, { a: undefined, b: { c: undefined, d: null }, e: [{ f: undefined }] });
  const reader = new Reader(writer.finish());
  reader.tag();
  const struct = readStruct(reader, undefined);
  expect(struct).toEqual({ b: { d: null }, e: [{}] });
  expect(Object.keys(struct)).toEqual(["b", "e"]);
});
