import { expect, test } from "@jest/globals";
import { describeContracts, generateModules } from "./testing/generate-and-compile.js";

/** So many messages, of two shapes in turn; each has a field of the message before it. */
function contract(messages: number): string {
  const lines = Array.from({ length: messages }, (_, index) => {
    const fields =
      index % 2 === 0 ? "string name = 2; bytes data = 3;" : "int64 size = 2; repeated bool flags = 3;";
    return `message M${index} { M${Math.max(index - 1, 0)} before = 1; ${fields} }`;
  });
  return `syntax = "proto3";\npackage a;\n${lines.join("\n")}\n`;
}

function order(messages: number, pattern: RegExp): number[] {
  const text = generateModules(describeContracts({ "a.proto": contract(messages) })).get("a.ts")!;
  return Array.from(text.matchAll(pattern), ([, index]) => Number(index));
}

const inOrder = (messages: number): number[] => Array.from({ length: messages }, (_, index) => index);

test("in a large file, the code of messages whose fields are alike stands together", () => {
  const [even, odd] = [0, 1].map((rest) => inOrder(17).filter((index) => index % 2 === rest));
  expect(order(17, /export const M(\d+):/g)).toEqual([...even!, ...odd!]);
  expect(order(17, /export interface M(\d+) /g)).toEqual(inOrder(17));
});

test("in a file that a compressor sees at once, it has the order of the contract", () => {
  expect(order(16, /export const M(\d+):/g)).toEqual(inOrder(16));
});
