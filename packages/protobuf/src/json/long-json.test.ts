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
