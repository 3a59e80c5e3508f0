import { expect, test } from "@jest/globals";
import { randomUuid } from "./random-uuid.js";

/** More than are made of one call for random bytes. */
const uuids = Array.from({ length: 2_000 }, randomUuid);

test("each is a UUID of version 4", () => {
  for (const uuid of uuids) {
    expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  }
});

test("none comes twice, and every digit comes at every place", () => {
  expect(new Set(uuids).size).toBe(uuids.length);
  for (let place = 0; place < 36; place++) {
    const digits = new Set(uuids.map((uuid) => uuid[place]));
    const possible = { 8: 1, 13: 1, 18: 1, 23: 1, 14: 1, 19: 4 }[place] ?? 16;
    expect({ place, digits: digits.size }).toEqual({ place, digits: possible });
  }
});
