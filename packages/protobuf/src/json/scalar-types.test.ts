import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import type { AnyFieldType, FieldType } from "../field-type.js";
import { int64, int64Number, int64String, uint64, uint64Number, uint64String } from "./integer64-types.js";
import { fromJsonText, toJsonText } from "./json-text.js";
import { ObjectSink, ObjectSource } from "./object.js";
import { bool, bytes, double, float, int32, string, uint32 } from "./scalar-types.js";
import { codePoint } from "../testing/code-point.js";
import { read, write } from "../testing/json-message.js";

function accepts<T>(type: FieldType<T>, cases: readonly (readonly [json: string, value: T])[]): void {
  for (const [json, value] of cases) expect([json, read(type, json)]).toEqual([json, value]);
}

function refuses(type: AnyFieldType, reason: string, cases: readonly string[]): void {
  for (const json of cases) {
    expect(() => read(type, json)).toThrow(
      expect.objectContaining({ name: "JsonError", message: expect.stringContaining(reason) }),
    );
  }
}

describe("int32 and uint32", () => {
  test("take numbers and numbers in quotes that are integers", () => {
    accepts(int32, [
      ["0", 0],
      ["-1", -1],
      ["2147483647", 2147483647],
      ["-2147483648", -2147483648],
      ["1.0", 1],
      ["1e5", 100000],
      ["1.5E1", 15],
      ["100000.000", 100000],
      ['"1"', 1],
      ['"-7"', -7],
      ['"1e2"', 100],
      ['"2\\u003147483647"', 2147483647],
      ["-0", 0],
    ]);
    accepts(uint32, [
      ["4294967295", 4294967295],
      ['"4294967295"', 4294967295],
    ]);
    expect(Object.is(read(int32, "-0"), 0)).toBe(true);
  });

  test("refuse what is no integer of the range", () => {
    refuses(int32, "not an int32", [
      "0.5",
      "2147483648",
      "-2147483649",
      '""',
      '" 1"',
      '"1 "',
      '"01"',
      '"-01"',
      '"+1"',
      '"1."',
      '".5"',
      '"0x10"',
      '"1_0"',
      '"3x3"',
      '"0.5"',
      '"NaN"',
      '"Infinity"',
      "1e400",
    ]);
    refuses(int32, "not a number", ["true", "null", "{}", "[1]"]);
    refuses(uint32, "not a uint32", ["-1", "4294967296", '"-1"']);
  });

  test("write numbers, and refuse others", () => {
    expect(write(int32, -5)).toBe(-5);
    expect(toJsonText(int32, -0)).toBe("0");
    for (const value of [1.5, NaN, 2 ** 31, "1", undefined]) {
      expect(() => write(int32, value as number)).toThrow("not an int32");
    }
    expect(int32.isAbsent(0)).toBe(true);
    expect(int32.isAbsent(undefined)).toBe(true);
    expect(int32.isAbsent(-1)).toBe(false);
  });
});

describe("float and double", () => {
  test("take numbers, numbers in quotes, NaN and the infinities", () => {
    accepts(double, [
      ["1.5", 1.5],
      ["-0", -0],
      ['"-0"', -0],
      ['"1.5e3"', 1500],
      ['"NaN"', NaN],
      ['"Infinity"', Infinity],
      ['"-Infinity"', -Infinity],
      ["1.7976931348623157e308", Number.MAX_VALUE],
      ["4.94065e-324", Number.MIN_VALUE],
      ["12345678901234567890", 12345678901234567000],
      ["1e-500", 0],
    ]);
    accepts(float, [
      ["3.4028235e38", 3.4028234663852886e38],
      ["0.1", Math.fround(0.1)],
    ]);
  });

  test("refuse what is out of range or no number", () => {
    refuses(double, "not a double", [
      "1.89769e308",
      "-1e999",
      '"1e999"',
      '""',
      '" 1"',
      '"nan"',
      '"inf"',
      '"+Infinity"',
      '"1,5"',
    ]);
    refuses(float, "not a float", ["3.502823e38", "-3.502823e38"]);
    refuses(double, "not a number", ["true", "null"]);
  });

  test("write NaN and the infinities as strings, floats as short as they are", () => {
    expect(write(double, NaN)).toBe("NaN");
    expect(write(double, Infinity)).toBe("Infinity");
    expect(write(float, -Infinity)).toBe("-Infinity");
    expect(write(double, -0)).toBe("-0");
    expect(toJsonText(double, 0)).toBe("0");
    expect(write(float, Math.fround(0.1))).toBe(0.1);
    expect(write(float, Math.fround(16777216))).toBe(16777216);
    expect(write(double, 0.1)).toBe(0.1);
    expect(write(double, Math.fround(0.1))).toBe(0.10000000149011612);
    expect(() => write(float, 1e39)).toThrow("not a float");
    expect(() => write(double, "1" as never)).toThrow("not a double");
  });

  test("have a default that is not -0", () => {
    expect(double.isAbsent(0)).toBe(true);
    expect(double.isAbsent(-0)).toBe(false);
    expect(double.isAbsent(NaN)).toBe(false);
  });

  test("come back as they were", () => {
    const back = (type: FieldType<number>, value: number): boolean =>
      Object.is(fromJsonText(type, toJsonText(type, value)), value);
    fc.assert(fc.property(fc.double(), (value) => back(double, value)));
    fc.assert(fc.property(fc.float(), (value) => back(float, value)));
  });
});

describe("64-bit integers", () => {
  const MAX = 2n ** 63n - 1n;

  test("are text, and are read from numbers too", () => {
    accepts(int64, [
      ['"9223372036854775807"', MAX],
      ['"-9223372036854775808"', -(2n ** 63n)],
      ["5", 5n],
      ["1e3", 1000n],
      ["1.0", 1n],
      ['"1e3"', 1000n],
    ]);
    accepts(uint64, [['"18446744073709551615"', 2n ** 64n - 1n]]);
    accepts(int64String, [
      ['"9223372036854775807"', String(MAX)],
      ["-5", "-5"],
    ]);
    accepts(int64Number, [
      ['"9007199254740991"', 2 ** 53 - 1],
      ["-3", -3],
      ['"1.0"', 1],
    ]);
    expect(write(int64, MAX)).toBe("9223372036854775807");
    expect(write(int64String, "-12")).toBe("-12");
    expect(write(int64Number, -12)).toBe("-12");
    expect(write(uint64Number, 2 ** 53 - 1)).toBe("9007199254740991");
    // What is written in binary is written in JSON too, whatever the type of the integer that was given.
    const types = [int64, int64String, int64Number, uint64, uint64String, uint64Number];
    for (const type of types as FieldType<unknown>[])
      for (const given of [5, 5n, "5"]) expect(write(type, given)).toBe("5");
  });

  test("are exact in text without quotes", () => {
    expect(fromJsonText(int64, "9223372036854775807")).toBe(MAX);
    expect(fromJsonText(int64, "-9223372036854775807")).toBe(-MAX);
    expect(fromJsonText(uint64, "[18446744073709551615]".slice(1, -1))).toBe(2n ** 64n - 1n);
  });

  test("refuse what is out of range or no integer", () => {
    refuses(int64, "not an int64", ['"9223372036854775808"', "0.5", '""', '" 1"', '"01"', '"1x"', "1e19"]);
    refuses(uint64, "not a uint64", ['"18446744073709551616"', "-1"]);
    refuses(uint64String, "not a uint64", ['"-1"']);
    refuses(int64Number, "that a number is exact for", [
      '"9007199254740992"',
      '"-9007199254740993"',
      "1e300",
    ]);
    refuses(uint64Number, "that a number is exact for", ['"-1"', '"18446744073709551615"']);
    expect(() => write(int64, MAX + 1n)).toThrow("not an int64");
    for (const bad of [0.5, 2 ** 53, 2 ** 63, NaN, null, {}])
      expect(() => write(int64, bad as never)).toThrow("not an int64");
    expect(() => write(int64String, "1.5")).toThrow("not an int64");
    expect(() => write(int64Number, 2 ** 53)).toThrow("that a number is exact for");
    expect(() => write(int64String, undefined as never)).toThrow("not an int64");
  });

  test("know their defaults", () => {
    expect([int64.isAbsent(0n), int64String.isAbsent("0"), int64Number.isAbsent(0)]).toEqual([
      true,
      true,
      true,
    ]);
    expect([int64.isAbsent(1n), int64String.isAbsent("1"), int64Number.isAbsent(1)]).toEqual([
      false,
      false,
      false,
    ]);
  });

  test("come back as they were", () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(2n ** 63n), max: MAX }),
        (value) => read(int64, JSON.stringify(write(int64, value))) === value,
      ),
    );
  });
});

describe("bool and string", () => {
  test("bool is true or false alone", () => {
    accepts(bool, [
      ["true", true],
      ["false", false],
    ]);
    refuses(bool, "not a bool", ['"true"', "1", "0", "null", "{}"]);
    expect(() => write(bool, 1 as never)).toThrow("not a bool");
  });

  test("a string is a string", () => {
    accepts(string, [
      ['"a"', "a"],
      ['""', ""],
      ['"\\n\\u00e9\\ud83d\\ude00"', "\né😀"],
      ['"é😀"', "é😀"],
      ['"\\u0000"', "\0"],
    ]);
    refuses(string, "not a string", ["1", "true", "null", "[]"]);
    expect(() => write(string, 1 as never)).toThrow("not a string: 1");
  });

  test("lone surrogates are refused both ways", () => {
    refuses(string, "not Unicode text", ['"\\ud800"', '"a\\udc00"', '"\\udc00\\ud800"']);
    expect(() => write(string, "\ud800")).toThrow("not Unicode text");
    expect(() =>
      write(
        string,
        "long enough to be written by the engine itself, as texts of more than 64 units are \udfff",
      ),
    ).toThrow("not Unicode text");
    expect(() => fromJsonText(string, '"\ud800"')).toThrow("not Unicode text");
  });

  test("strings come back as they were", () => {
    const texts = fc.oneof(fc.string({ unit: codePoint, maxLength: 400 }), fc.string({ unit: "grapheme" }));
    fc.assert(
      fc.property(texts, (text) => {
        expect(JSON.parse(toJsonText(string, text))).toBe(text);
        expect(fromJsonText(string, JSON.stringify(text))).toBe(text);
        expect(read(string, JSON.stringify(write(string, text)))).toBe(text);
      }),
    );
  });
});

describe("bytes", () => {
  test("are read from both alphabets, padded or not", () => {
    accepts(bytes, [
      ['""', Uint8Array.of()],
      ['"AQI="', Uint8Array.of(1, 2)],
      ['"AQI"', Uint8Array.of(1, 2)],
      ['"AQ=="', Uint8Array.of(1)],
      ['"-_"', Uint8Array.of(251)],
      ['"+/"', Uint8Array.of(251)],
      ['"-_-_"', Uint8Array.of(251, 255, 191)],
    ]);
    refuses(bytes, "not base64", [
      '"A"',
      '"AQI=="',
      '"A==="',
      '"AQ="',
      '"AQI=AQI="',
      '"A Q="',
      '"é"',
      '"AQ.."',
      '"="',
      '"AQIDB"',
    ]);
    refuses(bytes, "not a string", ["1", "[1]"]);
  });

  test("are written padded, and come back as they were", () => {
    expect(write(bytes, Uint8Array.of(251, 255))).toBe("+/8=");
    expect(() => write(bytes, "AQ" as never)).toThrow("not bytes");
    fc.assert(
      fc.property(fc.uint8Array(), (value) => {
        expect(write(bytes, value)).toBe(Buffer.from(value).toString("base64"));
        expect(Array.from(read(bytes, JSON.stringify(write(bytes, value))))).toEqual(Array.from(value));
      }),
    );
  });
});

test("a value that JSON does not have is refused by its name", () => {
  expect(() => string.readJson(new ObjectSource(undefined))).toThrow("not a string: undefined");
  expect(() => bool.readJson(new ObjectSource(() => true))).toThrow("not a bool");
  const sink = new ObjectSink();
  sink.string("x");
  expect(sink.value).toBe("x");
});
