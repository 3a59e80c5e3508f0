// Memory that messages share. A bundle for browsers has none.
import { expect, test } from "@jest/globals";
import { CHUNK_BYTES, Writer } from "./writer.js";

test("a writer that is begun in a buffer leaves shared memory to the next one", () => {
  const bytes = () => {
    const writer = new Writer();
    writer.bool(8, true);
    return writer.finish();
  };
  const { buffer } = bytes();
  new Writer().begin(new Uint8Array(10), 0);
  expect(bytes().buffer).toBe(buffer);
  // One that grows beyond it too.
  const long = new Writer();
  long.string(10, "x".repeat(CHUNK_BYTES));
  expect(long.finish().buffer).not.toBe(buffer);
  expect(bytes().buffer).toBe(buffer);
});

test("a writer puts a long text where it was told to if it fits there", () => {
  const given = new Uint8Array(10_000);
  const writer = new Writer().begin(given, 0);
  writer.string(10, "é".repeat(4990));
  expect(writer.buffer).toBe(given);
  writer.string(10, "é".repeat(4990));
  expect(writer.buffer).not.toBe(given);
  expect(writer.length).toBe(2 * (3 + 2 * 4990));
});
