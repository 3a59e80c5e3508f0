import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { fromJsonText, toJsonText } from "./json-text.js";
import { list } from "./composite-types.js";
import { int64, uint64 } from "./integer64-types.js";
import { double, float } from "./scalar-types.js";

/** Doubles of every kind, those that are hard to round among them. */
const doubles = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.double({ min: -1000, max: 1000, noNaN: true }),
  // Few digits, and the doubles beside them.
  fc
    .tuple(
      fc.integer({ min: 1, max: 10 ** 9 }),
      fc.integer({ min: 0, max: 22 }),
      fc.integer({ min: -1, max: 1 }),
    )
    .map(([digits, decimals, beside]) => (digits / 10 ** decimals) * (1 + beside * 2 ** -52)),
  // 15 to 17 digits.
  fc
    .tuple(fc.bigInt({ min: 10n ** 14n, max: 10n ** 17n }), fc.integer({ min: 0, max: 22 }))
    .map(([digits, decimals]) => Number(`${digits}e-${decimals}`)),
  // Powers of two, and the doubles beside them.
  fc
    .tuple(fc.integer({ min: -60, max: 70 }), fc.constantFrom(0, 2 ** -52, -(2 ** -53)))
    .map(([exponent, beside]) => 2 ** exponent * (1 + beside)),
  // Ties between two decimals.
  fc.integer({ min: 1, max: 2 ** 50 }).map((value) => value + 0.5),
);

/** Decimals as text that has more digits than `String` gives a double, and zeros at its ends. */
const decimals = fc
  .oneof(
    fc.tuple(doubles, fc.integer({ min: 1, max: 25 })).map(([value, digits]) => value.toPrecision(digits)),
    fc
      .tuple(fc.double({ min: -1e15, max: 1e15, noNaN: true }), fc.integer({ min: 0, max: 25 }))
      .map(([value, digits]) => value.toFixed(digits)),
  )
  .filter((text) => Number.isFinite(Number(text)));

describe("a double", () => {
  test("is written as String does", () => {
    fc.assert(
      fc.property(doubles, (value) => {
        expect(toJsonText(double, value)).toBe(Object.is(value, -0) ? "-0.0" : String(value));
      }),
      { numRuns: 500 },
    );
  });

  test("is read as Number does, alone and in a list", () => {
    fc.assert(
      fc.property(decimals, (text) => {
        const value = Number(text);
        expect([
          fromJsonText(double, text),
          ...fromJsonText(list(double), `[${text},${text} , ${text}]`),
        ]).toEqual([value, value, value, value]);
      }),
      { numRuns: 500 },
    );
  });
});

test("a float is written with the fewest digits that stand for it, and no fewer than six", () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const shortest = [6, 7, 8]
        .map((digits) => Number(value.toPrecision(digits)))
        .find((short) => Object.is(Math.fround(short), value));
      if (Object.is(value, -0)) return;
      expect(toJsonText(float, value)).toBe(String(shortest ?? value));
      const many = Array.from({ length: 100 }, () => value);
      expect(toJsonText(list(float), many)).toBe(`[${many.map(() => String(shortest ?? value)).join()}]`);
      expect(fromJsonText(list(float), toJsonText(list(float), many))).toEqual(many);
    }),
    { numRuns: 100 },
  );
});

describe("an integer of 64 bits", () => {
  const ends = [0n, 1n, -1n, 2n ** 53n, 10n ** 18n, 10n ** 19n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 64n - 1n];
  const integers = fc.oneof(
    fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }),
    fc
      .integer({ min: 1, max: 66 })
      .chain((bits) => fc.bigInt({ min: -(2n ** BigInt(bits)), max: 2n ** BigInt(bits) })),
    fc.tuple(fc.constantFrom(...ends), fc.bigInt({ min: -2n, max: 2n })).map(([end, beside]) => end + beside),
  );

  test.each([
    ["int64", int64, -(2n ** 63n), 2n ** 63n - 1n],
    ["uint64", uint64, 0n, 2n ** 64n - 1n],
  ] as const)("is exact, or refused: %s", (name, type, min, max) => {
    fc.assert(
      fc.property(integers, (value) => {
        const texts = [`"${value}"`, String(value)];
        if (value >= min && value <= max) {
          expect(toJsonText(type, value)).toBe(texts[0]);
          expect(texts.map((text) => fromJsonText(type, text))).toEqual([value, value]);
        } else {
          expect(() => toJsonText(type, value)).toThrow(
            `not an? ${name}: ${value}`.replace("an?", name === "int64" ? "an" : "a"),
          );
          for (const text of texts) expect(() => fromJsonText(type, text)).toThrow(/^not an? u?int64: /);
        }
      }),
      { numRuns: 200 },
    );
  });

  test.each(["", "-", "01", "-01", "1 ", " 1", "+1", "0x1", "1_0", "1a", "99999999999999999999999", "١"])(
    "is not %j",
    (text) => {
      for (const type of [int64, uint64]) {
        // Nothing of the value before it counts.
        expect(fromJsonText(int64, '"-7000000000000"')).toBe(-7_000_000_000_000n);
        expect(() => fromJsonText(type, JSON.stringify(text))).toThrow(`nt64: ${JSON.stringify(text)}`);
      }
    },
  );

  test.each(['"1', '"12345678901', '"-', '"', '"-9223372036854775808'])("is cut short: %s", (json) => {
    for (const type of [int64, uint64]) {
      for (const input of [json, Buffer.from(json)]) {
        expect(() => fromJsonText(type, input)).toThrow("malformed JSON");
      }
    }
  });

  test("is read from other forms of a number too", () => {
    for (const text of ["1e3", "1000.0", '"1e3"', '"1000.0"', " 1000 "]) {
      expect(fromJsonText(int64, text)).toBe(1000n);
    }
    expect(fromJsonText(int64, '"-0"')).toBe(0n);
  });
});
