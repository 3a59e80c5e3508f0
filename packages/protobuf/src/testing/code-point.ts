import * as fc from "fast-check";

/** The code points of UTF-16's halves, which are no characters by themselves. */
const [SURROGATES, END_OF_SURROGATES] = [0xd800, 0xe000];
const HALVES = END_OF_SURROGATES - SURROGATES;

/**
 * Any character of Unicode, as a unit of `fc.string`. What `unit: "binary"` gives, without its table of all characters, which takes
 * a second in each test file.
 */
export const codePoint: fc.Arbitrary<string> = fc.nat({ max: 0x10_ffff - HALVES }).map(
  (index) => String.fromCodePoint(index < SURROGATES ? index : index + HALVES),
  (text) => {
    if (typeof text !== "string" || Array.from(text).length !== 1) throw new Error("not one character");
    const point = text.codePointAt(0)!;
    if (point >= SURROGATES && point < END_OF_SURROGATES) throw new Error("a half of a character");
    return point < SURROGATES ? point : point - HALVES;
  },
);
