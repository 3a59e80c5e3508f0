import { expect, test } from "@jest/globals";
import { backoffMs } from "./backoff.js";
import { retryThrottle } from "./retry-throttle.js";

const backoff = { initialMs: 100, maxMs: 300, multiplier: 2 };

test("waits longer each time up to the ceiling", () => {
  const middle = () => 0.5;
  expect([1, 2, 3, 4].map((repeat) => backoffMs(backoff, repeat, middle))).toEqual([100, 200, 300, 300]);
});

test("varies by a fifth either way", () => {
  expect(backoffMs(backoff, 1, () => 0)).toBeCloseTo(80);
  expect(backoffMs(backoff, 1, () => 1)).toBeCloseTo(120);
});

test("the throttle refuses retries at half of its tokens and allows them again after answers", () => {
  const throttle = retryThrottle(4, 0.5);
  expect([throttle.failed(), throttle.failed()]).toEqual([true, false]);
  throttle.succeeded();
  throttle.succeeded();
  throttle.succeeded();
  expect(throttle.failed()).toBe(true);
});

test("the throttle holds no more than its tokens, however many answers come", () => {
  const throttle = retryThrottle(2, 1);
  throttle.succeeded();
  expect(throttle.failed()).toBe(false);
});

test("the throttle holds no fewer than none, however many failures come", () => {
  const throttle = retryThrottle(4, 2);
  for (let failure = 0; failure < 5; failure++) throttle.failed();
  throttle.succeeded();
  throttle.succeeded();
  expect(throttle.failed()).toBe(true);
});
