import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "@jest/globals";
import { borrowCopy, keepBytes } from "../http2/socket-reader.js";
import { ByteParts } from "./byte-parts.js";

test("what waits and came byte by byte takes little more memory than it has bytes", () => {
  const parts = new ByteParts();
  const length = 1 << 20;
  const chunk = Buffer.alloc(64 * 1024);
  global.gc?.();
  const before = process.memoryUsage();
  for (let i = 0; i < length; i++) parts.add(chunk, i % 1000, (i % 1000) + 1);
  const { arrayBuffers } = process.memoryUsage();
  expect(arrayBuffers - before.arrayBuffers).toBeLessThan(2 * length);
  const taken = takeAll(parts);
  expect(taken.length).toBeLessThan(100);
  expect(Buffer.concat(taken)).toHaveLength(length);
});

test("what waits keeps little of what came beside it in memory", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const parts = new ByteParts();
  const [count, length] = [256, 5000];
  collect();
  const before = process.memoryUsage();
  for (let i = 0; i < count; i++) {
    const { buffer } = borrowCopy(Buffer.alloc(length), 0);
    parts.add(buffer, 0, length);
    // Of others, who have it no longer.
    for (let other = 0; other < 4; other++) keepBytes(buffer, 0, 15_000);
  }
  const kept = (): number => {
    collect();
    return process.memoryUsage().arrayBuffers - before.arrayBuffers;
  };
  // A thread gives back what was collected.
  for (let turns = 0; turns < 100 && kept() >= 2 * count * length; turns++)
    await new Promise((resolve) => setImmediate(resolve));
  expect(kept()).toBeLessThan(2 * count * length);
  expect(Buffer.concat(takeAll(parts))).toHaveLength(count * length);
});

test("parts may be put back", () => {
  const parts = new ByteParts();
  for (const text of ["abc", "d".repeat(5000), "ef"]) parts.add(Buffer.from(text), 0, text.length);
  const first = parts.shift()!;
  parts.unshift(first.subarray(1));
  parts.add(Buffer.from("fgh"), 1, 2);
  expect(Buffer.concat(takeAll(parts)).toString()).toBe(`bc${"d".repeat(5000)}efg`);
  expect(parts.shift()).toBeUndefined();
});

function takeAll(parts: ByteParts): Buffer[] {
  const taken: Buffer[] = [];
  for (let part = parts.shift(); part !== undefined; part = parts.shift()) taken.push(part);
  return taken;
}
