import { expect, test } from "@jest/globals";
import { EnvelopeReader } from "./envelopes.js";

test("the length that an envelope claims takes no memory before it comes", () => {
  const CLAIMED = 512 * 1024 * 1024;
  const reader = new EnvelopeReader(CLAIMED);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(CLAIMED, 1);
  const before = process.memoryUsage().arrayBuffers;
  expect([...reader.read(Buffer.concat([prefix, Buffer.alloc(1000)]))]).toEqual([]);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1024 * 1024);
  expect(reader.held).toBeGreaterThanOrEqual(1005);
});
