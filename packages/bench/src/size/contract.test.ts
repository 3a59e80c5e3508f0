import { expect, test } from "@jest/globals";
import { makeContract, MESSAGES, METHODS } from "./contract.js";
import { asText } from "./report.js";

test("the contract has as many messages, fields and methods as it says, and is the same in each run", () => {
  const files = makeContract();
  const text = [...files.values()].join("");
  const count = (pattern: RegExp): number => text.match(pattern)?.length ?? 0;
  // One message more, in a file of its own, for the bundle.
  expect(count(/^message /gm)).toBe(MESSAGES + 1);
  expect(count(/^  rpc /gm)).toBe(METHODS);
  const enumValues = 5 * files.size;
  expect(count(/ = \d+;$/gm)).toBe(10 * (MESSAGES + 1) + enumValues);
  for (const kind of ["map<", "oneof ", "optional ", "repeated ", "Timestamp ", "bytes "]) {
    expect(text).toContain(kind);
  }
  expect(makeContract()).toEqual(files);
});

test("a goal that is not met says so", () => {
  const sizes = {
    lines: 80_001,
    bytes: 1,
    gzipBytes: 1,
    gzipEachBytes: 1,
    brotliBytes: 1,
    bundleGzipBytes: 1,
    browserBundleGzipBytes: 1,
    checkMs: 1,
    importMs: 1,
  };
  const text = asText([
    { peer: "callwire", ...sizes },
    { peer: "protobuf-es", ...sizes },
  ]);
  expect(text).toMatch(/lines +≤ 80,000 +80,001 +NOT MET/);
  expect(text).toMatch(/tsc --noEmit +≤ 2.00 × protobuf-es +1.00 × protobuf-es +met/);
});
