import { expect, test } from "@jest/globals";

import { Recent } from "./recent.js";

test("keeps the newest entries, under their numbers, and no others", () => {
  const recent = new Recent<string>(7, 3);
  expect([recent.last, recent.reachesBackTo, recent.at(7), recent.at(8)]).toEqual([
    7,
    7,
    undefined,
    undefined,
  ]);
  for (const entry of ["8", "9", "10", "11", "12"]) {
    recent.push(entry);
  }
  expect([recent.last, recent.reachesBackTo]).toEqual([12, 9]);
  const found = Array.from({ length: 8 }, (_, index) => recent.at(index + 6));
  expect(found).toEqual([undefined, undefined, undefined, undefined, "10", "11", "12", undefined]);
});

test("keeps at least one", () => {
  expect(() => new Recent(0, 0)).toThrow(RangeError);
});
