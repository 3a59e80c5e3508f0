import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { formatTimeout, parseTimeout } from "./timeout.js";

describe("grpc-timeout", () => {
  test.each([
    ["1H", 3_600_000],
    ["2M", 120_000],
    ["3S", 3000],
    ["4m", 4],
    ["5u", 0.005],
    ["6n", 0.000006],
    ["0S", 0],
    ["99999999H", 99_999_999 * 3_600_000],
  ])("%s is read", (value, ms) => {
    expect(parseTimeout(value)).toBeCloseTo(ms, 9);
  });

  test.each([
    "",
    "1",
    "S",
    "-1S",
    "+1S",
    "1.5S",
    "1s",
    "1 S",
    " 1S",
    "1S ",
    "123456789S",
    "1SS",
    "0x1S",
    "١S",
  ])("%j is malformed", (value) => {
    expect(parseTimeout(value)).toBeUndefined();
  });

  test.each([
    [0, "0m"],
    [-5, "0m"],
    [0.2, "1m"],
    [1, "1m"],
    [99_999_999, "99999999m"],
    [100_000_000, "100000S"],
    [100_000_001, "100001S"],
    [1e14, "27777778H"],
    [Number.MAX_VALUE, "99999999H"],
  ])("%d ms are written as %s", (ms, value) => {
    expect(formatTimeout(ms)).toBe(value);
  });

  test("the server never has less time than the client, nor much more", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 3e14, noNaN: true }), (ms) => {
        const value = formatTimeout(ms);
        expect(value).toMatch(/^\d{1,8}[mSMH]$/);
        const read = parseTimeout(value)!;
        expect(read).toBeGreaterThanOrEqual(ms);
        expect(read).toBeLessThanOrEqual(Math.max(ms + 1, ms * 1.0001));
      }),
    );
  });
});
