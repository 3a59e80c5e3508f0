import { expect, test } from "@jest/globals";

import { uuidMaker } from "./uuid.js";

test("an id has the form of a UUID of version 7, and begins with the time", () => {
  // RFC 9562, appendix A.6: the time of its example.
  const id = uuidMaker(() => 0x017f22e279b0)();
  expect(id).toMatch(/^017f22e2-79b0-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test("ids of one time are all different, and those of a later time come after them", () => {
  let now = 1_700_000_000_000;
  const newId = uuidMaker(() => now);
  const early = Array.from({ length: 5000 }, newId);
  now++;
  const late = Array.from({ length: 5000 }, newId);
  expect(new Set([...early, ...late]).size).toBe(10_000);
  const last = early.toSorted().at(-1) ?? "";
  expect(late.every((id) => id > last)).toBe(true);
});
