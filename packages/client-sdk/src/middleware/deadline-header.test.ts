import { expect, test } from "@jest/globals";
import { formatTimeout } from "./deadline-header.js";

test.each([
  [0.2, "1m"],
  [1, "1m"],
  [1.5, "2m"],
  [30_000, "30000m"],
  [99_999_999, "99999999m"],
  [100_000_000, "100000S"],
  [2 ** 31 - 1, "2147484S"],
  [1e15, "99999999S"],
])("%d ms is %s", (ms, header) => {
  expect(formatTimeout(ms)).toBe(header);
});
