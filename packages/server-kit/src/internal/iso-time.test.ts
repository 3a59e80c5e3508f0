import { expect, test } from "@jest/globals";
import { IsoTime } from "./iso-time.js";

test("writes times as toISOString does, whatever their order", () => {
  const iso = new IsoTime();
  const start = Date.UTC(2026, 11, 31, 23, 59, 58, 990);
  const times = Array.from({ length: 500 }, (_, n) => start + n * 7);
  for (const time of [...times, ...times.toReversed(), 0, 1, 999, 1000, Date.UTC(9999, 11, 31)]) {
    expect(iso.format(time)).toBe(new Date(time).toISOString());
  }
});
