import { describe, expect, test } from "@jest/globals";
import { Reader } from "./reader.js";
import { CHUNK_BYTES, Writer } from "./writer.js";

describe("Writer", () => {
  test("writes lengths of every size for messages, whatever the last one of the type took", () => {
    const type = { lengthSize: 1, write: (bytes: Uint8Array, writer: Writer) => writer.raw(bytes) };
    for (const size of [0, 127, 128, 127, 16_383, 16_384, 1, 2_097_152, 128, 0]) {
      const writer = new Writer();
      writer.message(10, type, new Uint8Array(size).fill(7));
      writer.bool(16, true);
      const reader = new Reader(writer.finish());
      expect(reader.tag()).toBe(10);
      // Jest would compare byte by byte.
      expect(Buffer.from(reader.bytes()).equals(Buffer.alloc(size, 7))).toBe(true);
      expect([reader.tag(), reader.bool(), reader.position]).toEqual([16, true, reader.limit]);
    }
  });

  test("messages of several writers at once do not touch each other", () => {
    const writers = Array.from({ length: 20 }, () => new Writer());
    for (const round of [1, 2])
      for (const [index, writer] of writers.entries()) writer.uint32(8, index * round);
    const expected = writers.map((_, index) => Uint8Array.of(8, index, 8, index * 2));
    expect(writers.map((writer) => writer.finish())).toEqual(expected);
  });

  const handsOver = "begin" in Writer.prototype ? test : test.skip;

  handsOver("leaves a buffer that it was given to its owner, whatever its size", () => {
    const given = new Uint8Array(CHUNK_BYTES);
    new Writer().begin(given, 0).finish();
    const writer = new Writer();
    writer.bool(8, true);
    expect(writer.finish().buffer).not.toBe(given.buffer);
    expect(given).toEqual(new Uint8Array(CHUNK_BYTES));
  });

  test.each(["é", "あ", "😀", "aé", "aaaaaaaaaaaaaaあ"])("makes room for long texts of %p", (part) => {
    for (const length of [30, 31, 42, 43, 60_000, 1_100_000]) {
      for (const text of [part.repeat(length / part.length), "x".repeat(length) + part]) {
        const writer = new Writer();
        writer.string(10, "before");
        writer.string(18, text);
        writer.string(26, "after");
        const reader = new Reader(writer.finish());
        expect([reader.tag(), reader.string()]).toEqual([10, "before"]);
        // Jest would print it.
        expect([reader.tag(), reader.string() === text]).toEqual([18, true]);
        expect([reader.tag(), reader.string()]).toEqual([26, "after"]);
      }
    }
  });

  handsOver("begins anew where it began", () => {
    const writer = new Writer();
    writer.bool(8, true);
    writer.restart();
    writer.uint32(8, 300);
    expect(writer.finish()).toEqual(Uint8Array.of(8, 0xac, 2));
  });
});
