import { describe, expect, test } from "@jest/globals";
import { fromJsonText } from "./json-text.js";
import { list } from "./composite-types.js";
import { double, string } from "./scalar-types.js";
import { value } from "./struct-types.js";

/** The characters of a window, and a little more. */
const WINDOW = 16 * 1024;

/** What a text is read as, or the message of the error; its bytes must say the same. */
function outcomeOf(text: string): unknown {
  const [fromText, fromBytes] = [text, new TextEncoder().encode(text)].map((json) => {
    try {
      return fromJsonText(value, json);
    } catch (error) {
      return String(error);
    }
  });
  expect(fromText).toEqual(fromBytes);
  return fromText;
}

const long = "long text, ".repeat(3000);

describe("any value may stand at the end of a window", () => {
  const values: unknown[] = [
    "text",
    "é",
    "😀",
    'escaped "quotes" and \\ \n',
    12.345_678_9,
    -1e-100,
    true,
    false,
    null,
    { key: { ключ: [1, 2] } },
    [[], {}],
    long,
    `${long}"\\" é 😀`,
    [1, 2, 3, long, "x", long, { [long]: 1 }],
  ];

  test.each([
    ["ASCII", "a"],
    ["two bytes", "é"],
    ["pairs of surrogates", "😀"],
  ])("behind %s", (_, filler) => {
    const text = JSON.stringify(values);
    for (let before = 0; before < 200; before += 7) {
      const padding = filler.repeat((WINDOW - 10 - before) / filler.length);
      expect(outcomeOf(`["${padding}",${text}]`)).toEqual([padding, values]);
      const spaced = `[${" ".repeat(WINDOW - before)}${text}${"\n".repeat(before)}]`;
      if (filler === "a") expect(outcomeOf(spaced)).toEqual([values]);
    }
  });

  test("and one that is no JSON is refused at the same byte", () => {
    const wrong = [
      "tru",
      "nulL",
      "01",
      "1.",
      '"a',
      '"\t"',
      '"\\x"',
      '"\\ud800"',
      "[1,]",
      '{"a"}',
      "{1:2}",
      "]",
      "",
    ];
    for (const text of wrong) {
      for (const behind of ["", `,"${long}"`, `,"\\"${long}\\n"`]) {
        for (const before of [5, 12, 13, 14, 15, 16, 17, 18, 100]) {
          const outcome = outcomeOf(`["${"é".repeat(WINDOW - before)}",${text}${behind}]`);
          expect(outcome).toMatch(/^JsonError: (?:malformed JSON at byte \d+|not Unicode text)/);
        }
      }
    }
  });
});

test("a long string is what JSON.parse makes of it, wherever it stands", () => {
  const escapes = [
    long,
    `${long}\\n\\u00e9\\ud83d\\ude00\\/`,
    `\\"${long}\\"`,
    `${long}\\\\`,
    `\\\\${long}\\\\\\"`,
    `${long}é`,
  ];
  for (const escape of escapes) {
    for (const text of [
      `"${escape}"`,
      `["${escape}"]`,
      `["${escape}","${escape}"]`,
      `{"a":"${escape}","b":"c\\"d"}`,
    ]) {
      expect(outcomeOf(text)).toEqual(JSON.parse(text));
    }
  }
});

test("a long string with what no string has is refused", () => {
  for (const wrong of ["\n", "\\x", "\\", '"', "\\u12", "\\ud800"]) {
    for (const text of [`["${long}${wrong}"]`, `["${wrong}${long}"]`, `["${long}${wrong}","\\"${long}"]`]) {
      expect(outcomeOf(text)).toMatch(/^JsonError: /);
    }
  }
});

test("text with a lone surrogate is refused, in each window", () => {
  for (const text of ["\ud800", `${long}\ud800`, `\udc00${long}`, `${long}😀\ud83d`]) {
    expect(() => fromJsonText(string, `"${text}"`)).toThrow("not Unicode text");
    expect(() => fromJsonText(list(string), `["${long}","a","${text}"]`)).toThrow("not Unicode text");
  }
});

test("numbers longer than a window", () => {
  const digits = "1".repeat(3 * WINDOW);
  expect(fromJsonText(list(double), `[0.${digits},0.${digits}]`)).toEqual([1 / 9, 1 / 9]);
  expect(() => fromJsonText(double, digits)).toThrow("a number of more than 2048 characters");
  const many = Array.from({ length: WINDOW / 8 }, (_, index) => index / 3);
  for (const filler of ["a", "é"]) {
    const text = JSON.stringify([filler, many, filler, many]);
    expect(outcomeOf(text)).toEqual([filler, many, filler, many]);
  }
  expect(fromJsonText(list(list(double)), JSON.stringify([many, [1], many]))).toEqual([many, [1], many]);
});

// Work that grows with the square of a text would take minutes.
test("texts of a MiB that are laid out to be slow", () => {
  const size = 1024 * 1024;
  const repeated = (part: string): [text: string, count: number] => {
    const count = Math.floor(size / (part.length + 1));
    return [`[${`${part},`.repeat(count)}${part}]`, count + 1];
  };
  for (const part of ["é", "\n", "a".repeat(300), 'é"'.repeat(6000), "\\".repeat(300), 'a"'.repeat(9000)]) {
    const [text, count] = repeated(JSON.stringify(part));
    for (const json of [text, new TextEncoder().encode(text)]) {
      expect(fromJsonText(list(string), json).length).toBe(count);
    }
  }
  const [lists, count] = repeated(`[${"1,".repeat(20)}1]`);
  expect(fromJsonText(list(list(double)), lists).length).toBe(count);
  // None of them ends.
  for (const part of ['"', '"\\', '"é', "[", "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15", '"\\"', '\\"']) {
    expect(() => fromJsonText(value, `["${part.repeat(size / part.length)}`)).toThrow(/^malformed/);
  }
});
