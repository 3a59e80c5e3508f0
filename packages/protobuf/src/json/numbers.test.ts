import { describe, expect, test } from "@jest/globals";
import type { AnyFieldType } from "../field-type.js";
import { list } from "./composite-types.js";
import { fromJsonText, toJsonText } from "./json-text.js";
import { MAX_JSON_NUMBER_LENGTH } from "./options.js";
import { int64, uint64 } from "./integer64-types.js";
import { double, float, int32, string, uint32 } from "./scalar-types.js";
import { value } from "./struct-types.js";
import { jsonMessage, read, write } from "../testing/json-message.js";

// Lists of many numbers go through the engine's own functions, and say the same as one by one.

const MANY = 100;

const Empty = jsonMessage({ create: () => ({}), fields: () => [] });

/** So many numbers, with others at a place. */
function around<T>(at: number, ...others: T[]): (number | T)[] {
  const values: (number | T)[] = Array.from({ length: MANY }, (_, index) => index + 0.5);
  values.splice(at, 0, ...others);
  return values;
}

test("numbers of each kind", () => {
  const integers = Array.from({ length: MANY }, (_, index) => index * 12_345_678 - 2 ** 30);
  expect(write(list(int32), integers)).toEqual(integers);
  expect(read(list(int32), JSON.stringify(integers))).toEqual(integers);
  const unsigned = integers.map((value) => value + 2 ** 30);
  expect(read(list(uint32), JSON.stringify(unsigned, undefined, 2))).toEqual(unsigned);
  const fractions = integers.map((value) => value / 7);
  expect(write(list(double), fractions)).toEqual(fractions);
  expect(read(list(double), ` [ ${fractions.join(" ,\n")} ] `)).toEqual(fractions);
  expect(read(list(float), JSON.stringify(fractions))).toEqual(fractions.map(Math.fround));
});

test.each([0, 3, MANY])("numbers that are text in JSON, at place %d", (at) => {
  const values = around(at, NaN, Infinity, -Infinity, -0);
  const json = around<number | string>(at, "NaN", "Infinity", "-Infinity", "-0");
  expect(write(list(double), values)).toEqual(json);
  expect(read(list(double), JSON.stringify(json))).toEqual(values);
  expect(read(list(float), JSON.stringify(json))).toEqual(values);
});

test("a negative zero stays one, and is a number in text", () => {
  expect(toJsonText(list(double), [-0, 1])).toBe("[-0.0,1]");
  expect(toJsonText(float, -0)).toBe("-0.0");
  expect(write(list(double), around(MANY, -0))).toEqual(around(MANY, "-0"));
  expect(write(list(float), around(MANY, -0))).toEqual(around(MANY, "-0"));
  expect(read(list(double), `[${around(MANY, 1).join()},-0]`).at(-1)).toBe(-0);
});

describe("a number of more than 2,048 characters is refused, before its time is spent", () => {
  const tooLong = "a number of more than 2048 characters";
  const digits = (length: number, first = "") => first.padEnd(length, "1");

  test.each([
    ["an integer", int32, digits(MAX_JSON_NUMBER_LENGTH + 1)],
    ["in quotes", int32, `"${digits(MAX_JSON_NUMBER_LENGTH + 1)}"`],
    ["of 64 bits", int64, digits(MAX_JSON_NUMBER_LENGTH + 1)],
    ["of 64 bits, in quotes", uint64, `"${digits(MAX_JSON_NUMBER_LENGTH + 1)}"`],
    ["a fraction", double, digits(MAX_JSON_NUMBER_LENGTH + 1, "0.")],
    ["an exponent", float, digits(MAX_JSON_NUMBER_LENGTH + 1, "1e")],
    ["of any value", value, digits(MAX_JSON_NUMBER_LENGTH + 1)],
    ["where a text is wanted", string, digits(MAX_JSON_NUMBER_LENGTH + 1)],
    ["behind others", list(int64), `[1, 2, ${digits(4_000_000)}]`],
    ["that is passed over", Empty, `{"nope": ${digits(4_000_000)}}`],
  ] satisfies [string, AnyFieldType, string][])("%s", (_, kind, json) => {
    const options = { ignoreUnknownFields: true };
    for (const given of [json, new TextEncoder().encode(json)])
      expect(() => fromJsonText<unknown>(kind, given, options)).toThrow(tooLong);
  });

  test("and none that a field may have is so long", () => {
    // The smallest double, and the largest with a fraction, exactly.
    for (const number of [2 ** -1074, 2 ** 51 + 0.5, -(2 ** -1022)]) {
      const json = exactDecimal(number);
      expect(read(double, json)).toBe(number);
      expect(read(double, `"${json}"`)).toBe(number);
    }
    expect(read(double, `1.${"0".repeat(MAX_JSON_NUMBER_LENGTH - 2)}`)).toBe(1);
    expect(read(int64, `1.${"0".repeat(MAX_JSON_NUMBER_LENGTH - 2)}`)).toBe(1n);
  });

  test("an integer beyond 64 bits is none, however long", () => {
    for (const length of [20, 21, 100, MAX_JSON_NUMBER_LENGTH])
      expect(() => fromJsonText(int64, digits(length))).toThrow(`not an int64: "${"1".repeat(20)}`);
  });
});

/** All digits that a double stands for. */
function exactDecimal(number: number): string {
  let [whole, power] = [number, 0];
  for (; !Number.isInteger(whole); power++) whole *= 2;
  const digits = String(BigInt(Math.abs(whole)) * 5n ** BigInt(power)).padStart(power + 1, "0");
  return `${number < 0 ? "-" : ""}${digits.slice(0, digits.length - power)}.${digits.slice(digits.length - power)}`;
}

test("other forms of integers", () => {
  const forms = ["1e2", "5.0", '"7"', "-0", "-0.0", "0e1"].join();
  const others = Array.from({ length: MANY }, () => "1").join();
  const expected = [100, 5, 7, 0, 0, 0, ...Array.from({ length: MANY }, () => 1)];
  expect(read(list(int32), `[${forms},${others}]`)).toEqual(expected);
  expect(read(list(int32), `[${others},${forms}]`)).toEqual([...expected.slice(6), ...expected.slice(0, 6)]);
  expect(write(list(int32), [-0, ...expected])).toEqual([0, ...expected]);
});

test.each([
  [int32, "2147483648", "not an int32: 2147483648"],
  [int32, "1.5", "not an int32: 1.5"],
  [uint32, "-1", "not a uint32: -1"],
  [int32, "1e400", "not an int32: Infinity"],
  [int32, `1${"0".repeat(20)}`, `not an int32: "1${"0".repeat(20)}"`],
  [float, "1e39", "not a float: 1e+39"],
  [double, "1e400", "not a double: Infinity"],
  [double, "null", "not a value: null"],
  [double, "{}", "not a number: an object"],
  [double, "[1]", "not a number: a list"],
  [double, "true", "not a number: true"],
  [double, '"]"', 'not a double: "]"'],
] as const)("what is none is named by its place", (type, text, reason) => {
  const ones = Array.from({ length: MANY }, () => "1").join();
  for (const readList of [read, fromJsonText]) {
    expect(() => readList(list(type), `[${ones},${text},1]`)).toThrow(`[${MANY}]: ${reason}`);
  }
});

test.each(["[", "[1,2", "[1,2,]", "[1 2]", "[1,2}", "[01]", "[1.]", "[-]", "[1,,2]"])(
  "text that is no list: %j",
  (text) => {
    const many = text.replace("[", `[${"1,".repeat(MANY)}`);
    for (const json of [text, many]) {
      expect(() => fromJsonText(list(double), json)).toThrow("malformed JSON at byte ");
      expect(() => fromJsonText(list(double), new TextEncoder().encode(json))).toThrow(
        "malformed JSON at byte ",
      );
    }
  },
);

test("a value of a list that is no number is named by its place", () => {
  const values = around(MANY, "x");
  expect(() => write(list(double), values)).toThrow(`[${MANY}]: not a double: "x"`);
  expect(() => toJsonText(list(double), values)).toThrow(`[${MANY}]: not a double: "x"`);
  expect(() => toJsonText(list(float), values)).toThrow(`[${MANY}]: not a float: "x"`);
  expect(() => toJsonText(list(float), around(MANY, 1e39))).toThrow(`[${MANY}]: not a float: 1e+39`);
  // oxlint-disable-next-line no-sparse-arrays
  expect(() => write(list(int32), [1, , 3, 4, 5, 6, 7, 8])).toThrow("[1]: not an int32: undefined");
});

test("the end of a list ends a level of depth", () => {
  const type = list(list(double));
  const inner = `[${"1.5,".repeat(MANY)}2]`;
  const text = `[${Array.from({ length: 300 }, () => inner).join()}]`;
  expect(read(type, text, { maxDepth: 2 })).toHaveLength(300);
});
