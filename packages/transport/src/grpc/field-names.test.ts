import { describe, expect, test } from "@jest/globals";
import { isPrintable } from "../hpack/field-rules.js";
import { fieldName } from "./field-names.js";

describe("the name of a field", () => {
  test.each([
    ["a", "metadata settable key"],
    ["X-Request-Id", "metadata settable key"],
    ["a-bin", "metadata settable binary key"],
    ["A-BIN", "metadata settable binary key"],
    ["a!", "metadata settable"],
    ["user-agent", "metadata key"],
    ["connection", "metadata forbidden key"],
    ["te", "key"],
    ["grpc-timeout", "key"],
    [":path", ""],
  ])("%s: %s", (key, expected) => {
    // Also when it is known, and in lower case.
    for (const each of [key, key, key.toLowerCase()]) {
      const { name, isMetadata, isSettable, isBinary, isForbidden, isKey } = fieldName(each);
      expect(name).toBe(key.toLowerCase());
      const words = [
        isMetadata && "metadata",
        isSettable && "settable",
        isBinary && "binary",
        isForbidden && "forbidden",
        isKey && "key",
      ];
      expect(words.filter(Boolean).join(" ")).toBe(expected);
    }
  });

  test("is one object, and names that come by the thousand do not stay", () => {
    const name = fieldName("x-kept");
    expect(fieldName("x-kept")).toBe(name);
    // Of the same length and first letter, too.
    for (let i = 0; i < 1000; i++) expect(fieldName(`x-${i}`).name).toBe(`x-${i}`);
    expect(fieldName("x-last")).not.toBe(name);
    expect(fieldName("x-kept")).not.toBe(name);
    expect(fieldName("y".repeat(65))).not.toBe(fieldName("y".repeat(65)));
  });

  test("knows the text that it last saw, and no other", () => {
    const name = fieldName("x-text");
    for (const [value, isText] of [
      ["", true],
      ["a", true],
      ["a", true],
      ["é", false],
      ["é", false],
      ["x".repeat(5000), true],
    ] as const) {
      expect(name.isText(value)).toBe(isText);
    }
  });

  test.each([
    ["plain ~", true],
    ["", true],
    ["tab\t", false],
    ["é", false],
    ["\u007f", false],
    ["\u{1f600}", false],
    ["a\nb", false],
  ])("%j is printable: %s", (value, printable) => {
    expect(isPrintable(value)).toBe(printable);
  });
});
