import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { fromLine, toLine } from "./corpus.js";
import type { FuzzTarget } from "./fuzz-target.js";
import { fuzz, type FuzzOptions } from "./fuzzer.js";

const WORD = "lead";
/** As an instrumented source has them: one statement for each letter of the word that is right. */
const counters = { s: Array.from(WORD, () => 0), b: {} };
const globals = globalThis as { __coverage__?: unknown };
let instrumented: unknown;

beforeEach(() => {
  instrumented = globals.__coverage__;
  globals.__coverage__ = { "/src/word.ts": counters };
});
afterEach(() => {
  globals.__coverage__ = instrumented;
});

function target(run: (input: Buffer) => void, covers = ["/src/"]): FuzzTarget {
  return {
    name: "word",
    about: "a word",
    covers,
    maxBytes: 64,
    isText: true,
    seeds: () => ["x"],
    maxSteps: { base: 100, perByte: 1 },
    open: () => ({ run }),
  };
}

const options: FuzzOptions = { seconds: 15, seed: 1, corpus: [], onInput: () => {}, collect: () => {} };

/** Counts how far an input has the word, and fails at its end. */
const spell = (word: string) => (input: Buffer) => {
  for (let at = 0; at < word.length && input[at] === word.charCodeAt(at); at++) counters.s[at]!++;
  if (input.toString("latin1").startsWith(word)) throw new Error("found");
};

describe("the fuzzer", () => {
  test("is led by what an input reaches to a word that chance would not find, and shortens what fails", async () => {
    // A letter less takes a tenth of the time.
    const word = WORD.slice(0, 3);
    const { failure } = await fuzz(target(spell(word)), options);
    expect(failure).toMatchObject({ input: Buffer.from(word), error: { message: "found" } });
  });

  test("does not find it among sources whose coverage does not count", async () => {
    const { failure, inputs } = await fuzz(target(spell(WORD), ["/other/"]), { ...options, seconds: 1 });
    expect(failure).toBeUndefined();
    expect(inputs).toBeGreaterThan(1000);
  });

  test("keeps few inputs, which reach all that was reached", async () => {
    const { corpus, files } = await fuzz(
      target((input) => {
        if (input[0] === 0x78) counters.s[0]!++;
        if (input.length > 3) counters.s[1]!++;
      }),
      { ...options, seconds: 1, corpus: [Buffer.from("xyzabc"), Buffer.from("xyzabcd")] },
    );
    expect(corpus.map(String)).toEqual(["x", expect.stringMatching(/^.{4}$/s)]);
    expect(files).toEqual([{ path: "/src/word.ts", covered: 2, total: WORD.length }]);
  });

  test("fails for work that grows faster than the input", async () => {
    const { failure } = await fuzz(
      target((input) => {
        counters.s[0]! += input.length ** 2;
      }),
      options,
    );
    expect(failure?.error.message).toMatch(/statements for \d+ bytes; at most/);
  });
});

test.each([
  ["bytes", Buffer.of(0, 0xff), false, "00ff"],
  ["text", Buffer.from('a"\n\xe9\x7f', "latin1"), true, String.raw`"a\"\n\u00e9\u007f"`],
  ["no bytes", Buffer.alloc(0), false, ""],
])("a corpus keeps %s in a line", (_, input, isText, line) => {
  expect(toLine(input, isText)).toBe(line);
  expect(fromLine(line)).toEqual(input);
});

test("a line that is neither is refused", () => {
  expect(() => fromLine("0g")).toThrow(SyntaxError);
});
