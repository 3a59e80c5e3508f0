import { expect, test } from "@jest/globals";
import { waitOf } from "./timeout.js";

test.each([
  ["wait=10", 10],
  ["Wait = 10", 10],
  ['wait="10"', 10],
  ["respond-async, wait=5; foo, return=minimal", 5],
  // The first one counts, also if it is malformed.
  ["wait=1, wait=2", 1],
  ["wait=x, wait=2", undefined],
  ["wait", undefined],
  ["wait=-1", undefined],
  ["wait=1.5", undefined],
  ["wait=1 2", undefined],
  // A parameter of another preference, and a text.
  ["foo; wait=10", undefined],
  ['foo="a, wait=10"', undefined],
  ['foo="a\\", wait=10"', undefined],
  ['foo="', undefined],
])("prefer: %s", (prefer, seconds) => {
  expect(waitOf(prefer)).toBe(seconds);
});
