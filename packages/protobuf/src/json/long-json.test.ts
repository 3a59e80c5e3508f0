import { expect, test } from "@jest/globals";
import { longJson } from "./long-json.js";

test("a long text is what JSON.stringify makes of it, wherever its parts end", () => {
  const long = 'text, "text", \n'.repeat(2500);
  for (const unusual of ["", "é", "😀", '\\"\0']) {
    for (let length = 16 * 1024 - 4; length <= 16 * 1024 + 1; length++) {
      const text = long.slice(0, length) + unusual.repeat(9000);
      expect(longJson(text) === JSON.stringify(text)).toBe(true);
    }
  }
});

test("a lone surrogate is refused in each part; an escape of text that looks like one is none", () => {
  for (const filling of ["", "é", "я"]) {
    const long = filling.repeat(16 * 1024 - 2);
    const pair = `${long}\\udc00 😀\\\\ud800${long}`;
    expect(longJson(pair) === JSON.stringify(pair)).toBe(true);
    for (const lone of ["\ud83d", "\ude00", "\ud83d\ud83d\ude00", "\ude00\ud83d"]) {
      expect(() => longJson(`${long}${lone}${long}`)).toThrow("not Unicode text");
    }
  }
});
