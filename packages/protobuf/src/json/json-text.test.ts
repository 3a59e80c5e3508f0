import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { list } from "./composite-types.js";
import type { JsonError } from "./json-error.js";
import { fromJsonText, toJsonBytes, toJsonText } from "./json-text.js";
import { MAX_JSON_DEPTH } from "./options.js";
import { double, int32, string } from "./scalar-types.js";
import { struct, value } from "./struct-types.js";
import { read, write } from "../testing/json-message.js";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Both forms of input must say the same. */
function parse(text: string): unknown {
  const fromBytes = outcome(() => fromJsonText(value, bytesOf(text)));
  expect(outcome(() => fromJsonText(value, text))).toEqual(fromBytes);
  if ("error" in fromBytes) throw fromBytes.error;
  return fromBytes.value;
}

function outcome(run: () => unknown): { value: unknown } | { error: unknown } {
  try {
    return { value: run() };
  } catch (error) {
    return { error };
  }
}

describe("text that is no JSON (RFC 8259) is refused", () => {
  test.each([
    "",
    " ",
    "{",
    "}",
    "[",
    "]",
    "[1",
    "[1,",
    "[1,]",
    "[,1]",
    "[,]",
    "[1 2]",
    "[1,,2]",
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    "{,}",
    '{"a" 1}',
    '{"a":1 "b":2}',
    "{a:1}",
    "{'a':1}",
    "['a']",
    "{1:2}",
    '{"a":1]',
    "[1}",
    '"a',
    '"a\\"',
    '"\\x41"',
    '"\\u12"',
    '"\\u12g4"',
    '"\\"',
    '"a\nb"',
    '"\t"',
    '"\u0000"',
    "01",
    "-01",
    "-",
    "+1",
    "1.",
    ".5",
    "1e",
    "1e+",
    "1.e1",
    "0x10",
    "1_000",
    "--1",
    "1-",
    "1e5e",
    "NaN",
    "Infinity",
    "-Infinity",
    "nan",
    "tru",
    "truex",
    "True",
    "nul",
    "nulll",
    "undefined",
    "1 1",
    "[]]",
    "{} x",
    '"a" "b"',
    "//c\n1",
    "/*c*/1",
    "\u00a01",
    "\ufeff",
    "\ufeff\ufeff1",
    "1\ufeff",
    "[\ufeff1]",
    "[1]\u0000",
    "[00]",
    "[-]",
  ])("%j", (text) => {
    expect(() => JSON.parse(text) as unknown).toThrow();
    expect(() => parse(text)).toThrow(
      expect.objectContaining({
        name: "JsonError",
        message: expect.stringContaining("malformed JSON at byte "),
      }),
    );
  });

  test("with what was expected where", () => {
    expect(() => parse('{"a":1,}')).toThrow('malformed JSON at byte 7: a key is expected, not "}"');
    expect(() => parse("[1")).toThrow(
      "malformed JSON at byte 2: a comma or the end of the values is expected, not the end",
    );
    expect(() => parse('"a\nb"')).toThrow(
      'malformed JSON at byte 2: the end of a string is expected, not "\\n"',
    );
  });

  test("any part of a text that was cut off", () => {
    const text = JSON.stringify({ a: [1.5, -2e3, true, null, 'é\n"😀'], b: { c: {}, d: [] } });
    const bytes = bytesOf(text);
    for (let end = 0; end < bytes.length; end++) {
      expect(() => fromJsonText(value, bytes.subarray(0, end))).toThrow("malformed JSON");
    }
  });
});

test("a byte order mark before it is passed over (RFC 8259, section 8.1)", () => {
  for (const json of ["1", ' {"a": "\\n", "b": [1.5, "\ufeff"]} ', JSON.stringify("é".repeat(20_000))])
    expect(parse(`\ufeff${json}`)).toEqual(JSON.parse(json));
  // It is three of the bytes before an error.
  expect(() => parse("\ufeff[1 2]")).toThrow("malformed JSON at byte 6: ");
  const errors: JsonError[] = [];
  expect(fromJsonText(list(int32), '\ufeff["a", 1]', { errors })).toEqual([1]);
  expect(errors.map(({ message }) => message)).toEqual(['[0]: not an int32: "a"']);
});

test("bytes that are no UTF-8 are refused", () => {
  const inQuotes = (...bytes: number[]): Uint8Array => Uint8Array.of(0x22, ...bytes, 0x22);
  const invalid = [
    [0xff],
    [0xc3],
    [0x80],
    [0xc0, 0xaf],
    [0xed, 0xa0, 0x80],
    [0xf4, 0x90, 0x80, 0x80],
    [0xe2, 0x82],
    [0x61, 0xc3, 0x61],
  ];
  for (const bytes of invalid)
    expect(() => fromJsonText(string, inQuotes(...bytes))).toThrow("UTF-8 is expected");
  expect(() => fromJsonText(value, Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d))).toThrow(
    "UTF-8 is expected",
  );
  expect(() => fromJsonText(value, Uint8Array.of(0xff))).toThrow("malformed JSON");
  // The character that stands for such bytes is a character too.
  expect(fromJsonText(string, inQuotes(0xef, 0xbf, 0xbd))).toBe("\ufffd");
});

test("text is what JSON.parse makes of it", () => {
  const texts = fc.json({ maxDepth: 6, stringUnit: "binary" });
  fc.assert(
    fc.property(texts, fc.constantFrom(undefined, 1, "\t"), (text, space) => {
      // fc.json may have a key twice.
      const expected: unknown = JSON.parse(text);
      const spaced = JSON.stringify(expected, null, space);
      expect(parse(spaced)).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});

test("text is what JSON.stringify makes of a value", () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: "binary" }), (json) => {
      // JSON.stringify has no negative zero.
      const text = JSON.stringify(json);
      expect(toJsonText(value, JSON.parse(text))).toBe(text);
      expect(JSON.parse(toJsonText(value, json))).toEqual(json);
      expect(write(value, json)).toEqual(json);
    }),
  );
});

test("strings of every length, at every place of the windows", () => {
  for (let length = 0; length < 600; length += 7) {
    const texts = ["a".repeat(length), "b".repeat(3), "é".repeat(length % 50), "c".repeat(13)];
    const text = JSON.stringify(texts);
    expect(parse(text)).toEqual(texts);
    expect(toJsonText(list(string), texts)).toBe(text);
  }
});

test("output of any size, and the memory is not that of the next one", () => {
  const big = Array.from({ length: 3000 }, (_, index) => `${index} é "quoted"`);
  const bytes = toJsonBytes(list(string), big);
  const first = toJsonBytes(list(string), ["first"]);
  const second = toJsonBytes(list(string), ["later"]);
  const decode = (output: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(output));
  expect([decode(bytes), decode(first), decode(second)]).toEqual([big, ["first"], ["later"]]);
});

test("a call inside another one has memory of its own", () => {
  const inner = {
    ...string,
    writeJson: (text: string, sink: Parameters<typeof string.writeJson>[1]) =>
      sink.string(toJsonText(string, text)),
  };
  expect(toJsonText(list(inner), ["a", "b"])).toBe(JSON.stringify(['"a"', '"b"']));
  const reading = {
    ...string,
    readJson: (source: Parameters<typeof string.readJson>[0]) => fromJsonText(string, source.string()),
  };
  expect(fromJsonText(list(reading), JSON.stringify(['"a"', '"b"']))).toEqual(["a", "b"]);
});

test("an error leaves nothing behind", () => {
  expect(() => toJsonText(list(double), [1, "x" as never])).toThrow("[1]: not a double");
  expect(toJsonText(list(double), [2])).toBe("[2]");
  expect(() => fromJsonText(list(double), "[1,x]")).toThrow("malformed JSON");
  expect(fromJsonText(list(double), "[2]")).toEqual([2]);
});

test("values stand in one another up to a limit", () => {
  const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
  expect(read(value, nested(MAX_JSON_DEPTH))).toHaveLength(1);
  expect(() => read(value, nested(MAX_JSON_DEPTH + 1))).toThrow("more than 100 values in one another");
  expect(() => read(value, '{"a":'.repeat(101) + "1" + "}".repeat(101))).toThrow("more than 100 values");
  expect(() => read(value, "[[[]]]", { maxDepth: 2 })).toThrow("more than 2 values");
  expect(read(value, "[[[]],[[]]]", { maxDepth: 3 })).toEqual([[[]], [[]]]);
  expect(() => fromJsonText(value, "[".repeat(1_000_000))).toThrow("more than 100 values");
});

test("a key that is there twice is refused in a Struct too", () => {
  expect(() => fromJsonText(struct, '{"a":1,"\\u0061":2}')).toThrow('key "a" is there twice');
  expect(() => fromJsonText(struct, '{"__proto__":1,"__proto__":2}')).toThrow(
    'key "__proto__" is there twice',
  );
});
