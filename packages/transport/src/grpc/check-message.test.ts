import { describe, expect, test } from "@jest/globals";
import { checkMessage } from "./check-message.js";

describe("checkMessage", () => {
  test.each<[string, unknown]>([
    ["undefined", undefined],
    ["null", null],
    ["a text", "x"],
    ["a number", 5],
    ["a function", () => ({})],
    ["an array", [{ text: "x" }]],
    ["an error (gone): errors are thrown", new Error("gone")],
    ["a promise: await it", Promise.reject(new Error("concerns nobody"))],
    ["an iterable", (async function* () {})()],
    ["an iterable", new Map()],
    ["an object (Date)", new Date(0)],
    ["an object (Response)", new Response("x")],
    ["an object (AbortSignal)", new AbortController().signal],
  ])("refuses %s", (what, message) => {
    expect(() => checkMessage(message)).toThrow(`this is ${what}`);
  });

  test.each<[string, object]>([
    ["an object", { text: "x" }],
    ["an event without arguments", []],
    ["one without a prototype", Object.create(null)],
    ["one of a class that names itself", new (class Message { text = "x"; [Symbol.toStringTag] = "Message"; })()], // oxfmt-ignore
    ["one of a class", new (class Message { text = "x"; })()], // oxfmt-ignore
  ])("takes %s", (_what, message) => {
    expect(() => checkMessage(message)).not.toThrow();
  });
});
