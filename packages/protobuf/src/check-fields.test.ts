import { expect, test } from "@jest/globals";
import { checkFields } from "./check-fields.js";
import { fieldsOf, messageFromPartial } from "./json/message-fields.js";
import { string } from "./json/scalar-types.js";

const fields = fieldsOf({ name: "test.Item", fields: () => ({ text: string }) });
const made = (partial: unknown) => messageFromPartial(fields, { text: "" }, partial as object);

test.each<[string, unknown]>([
  ["a string", "5s"],
  ["a number", 5],
  ["none", undefined],
  ["Map", new Map([["text", "a"]])],
  ["Date", new Date()],
  ["AbortSignal", AbortSignal.abort()],
])("%s is no partial message", (kind, value) => {
  expect(() => made(value)).toThrow(`invalid message: ${kind}`);
});

test("a promise is none, and nobody else hears of its rejection", () => {
  expect(() => checkFields(Promise.reject(new Error("late")))).toThrow("invalid message: a promise");
});

test("objects of every class are messages", () => {
  class Item {
    text = "a";
  }
  expect(made(new Item())).toEqual({ text: "a" });
  for (const empty of [{}, [], Object.create(null)]) expect(made(empty)).toEqual({ text: "" });
});
