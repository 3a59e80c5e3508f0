import { expect, test } from "@jest/globals";
import { unescapeBytes } from "./unescape-bytes.js";

test.each([
  ["", []],
  ["abc", [97, 98, 99]],
  ["\\000\\001\\377", [0, 1, 255]],
  ["\\0011", [1, 0x31]],
  ["\\a\\b\\t\\n\\v\\f\\r", [7, 8, 9, 10, 11, 12, 13]],
  ["\\x0aB", [10, 66]],
  ['it\\\'s \\"q\\"\\\\\\?', [...Buffer.from(`it's "q"\\?`)]],
])("%j", (text, bytes) => {
  expect([...unescapeBytes(text)]).toEqual(bytes);
});
