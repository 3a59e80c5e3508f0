import { afterEach, expect, jest, test } from "@jest/globals";
import { orderedUuid } from "./ordered-uuid.js";

afterEach(() => {
  jest.restoreAllMocks();
});

test("begins with the time, and is a UUID of version 7", () => {
  jest.spyOn(Date, "now").mockReturnValue(0x0123_4567_89ab);
  const uuids = Array.from({ length: 1_000 }, orderedUuid);
  for (const uuid of uuids) {
    expect(uuid).toMatch(/^01234567-89ab-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  }
  expect(new Set(uuids).size).toBe(uuids.length);
});
