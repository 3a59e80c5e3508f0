import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { formatTimeout, parseTimeout, remainingTimeout } from "./timeout.js";

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
    [30_000.000_000_001, "30000m"],
    [1e-9, "1m"],
    [99_999_999, "99999999m"],
    [100_000_000, "100000S"],
    [100_000_001, "100001S"],
    [1e14, "27777778H"],
    [Number.MAX_VALUE, "99999999H"],
  ])("%d ms are written as %s", (ms, value) => {
    expect(formatTimeout(ms)).toBe(value);
  });

  test.each([
    [30_000, 30_000, "30000m"],
    [29_999.9, 30_000, "30000m"],
    [29_980, 30_000, "30000m"],
    [29_979.9, 30_000, "29980m"],
    [990, 1000, "1000m"],
    [989.5, 1000, "990m"],
    [0.5, 0.5, "1m"],
    [5, 10, "5m"],
    [5000, Infinity, "5000m"],
    // A deadline that came earlier than the timeout, and a clock that went on meanwhile.
    [-1, 30_000, "0m"],
    [30_001, 30_000, "30001m"],
    [1e9, 1e9 + 10, "1000001S"],
  ])("%d ms left of %d go out as %s", (left, timeout, value) => {
    expect(remainingTimeout(left, timeout)).toBe(value);
  });

  test("a timeout of which little has passed is the same text, and longer than what is left by that little", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e7 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (timeout, part) => {
          const left = timeout * (1 - part ** 4 / 50);
          const read = parseTimeout(remainingTimeout(left, timeout))!;
          expect(read).toBeGreaterThanOrEqual(left - 1e-6);
          expect(read - left).toBeLessThanOrEqual(Math.max(Math.min(timeout / 100, 20), 1));
        },
      ),
    );
  });

  test("the server never has less time than the client, nor much more", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 3e14, noNaN: true }), (ms) => {
        const value = formatTimeout(ms);
        expect(value).toMatch(/^\d{1,8}[mSMH]$/);
        const read = parseTimeout(value)!;
        // Sums of times are not exact: a nanosecond does not count.
        expect(read).toBeGreaterThanOrEqual(ms - 1e-6);
        expect(read).toBeLessThanOrEqual(Math.max(ms + 1, ms * 1.0001));
      }),
    );
  });
});
