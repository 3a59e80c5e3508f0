import { describe, expect, test } from "@jest/globals";
import { writeFixed64, writeInt64, writeSfixed64, writeSint64, writeUint64 } from "./numbers.js";
import { Reader } from "./reader.js";
import { CHUNK_BYTES, Writer } from "./writer.js";

describe("Writer", () => {
  /** That of browsers is shorter. */
  const handsOver = "begin" in Writer.prototype ? test : test.skip;

  test("writes lengths of every size for messages, whatever the last one of the type took", () => {
    const type = {
      lengthSize: 1,
      write: ({ bytes }: { bytes: Uint8Array }, writer: Writer) => writer.raw(bytes),
    };
    for (const size of [0, 127, 128, 127, 16_383, 16_384, 1, 2_097_152, 128, 0]) {
      const writer = new Writer();
      writer.message(10, type, { bytes: new Uint8Array(size).fill(7) });
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

  test.each<[string, unknown]>([
    ["ArrayBuffer", new ArrayBuffer(2)],
    ["Uint16Array", Uint16Array.of(1, 2)],
    ["DataView", new DataView(new ArrayBuffer(2))],
    ["Array", [1, 2]],
    ["String", "ab"],
    ["Blob", new Blob(["a"])],
  ])("refuses for bytes what is another kind of them: %s", (kind, value) => {
    const writer = new Writer();
    const write = () => writer.bytes(10, value as Uint8Array);
    const isNamed = "begin" in writer;
    expect(write).toThrow(isNamed ? `invalid bytes: ${kind}, and not Uint8Array` : "invalid uint32");
  });

  test("refuses a number beyond 2^53 for 64 bits, which may be another integer than was meant", () => {
    for (const write of [writeInt64, writeSint64, writeSfixed64, writeUint64, writeFixed64]) {
      const writeAll = (...values: (number | bigint | string)[]) => {
        const writer = new Writer();
        for (const value of values) write(writer, 0, value);
        return writer.finish();
      };
      const { MAX_SAFE_INTEGER: max } = Number;
      expect(writeAll(max, String(2n ** 60n))).toEqual(writeAll(BigInt(max), 2n ** 60n));
      for (const value of [max + 1, 2 ** 60, 2 ** 64, -(2 ** 53)])
        expect(() => writeAll(value)).toThrow(
          `int64: ${value}: numbers beyond 2^53 are not exact: give a bigint (the option int64=bigint)`,
        );
    }
  });

  test("takes every view of bytes", () => {
    for (const value of [
      Buffer.from([1, 2]),
      Uint8ClampedArray.of(1, 2),
      Uint8Array.of(0, 1, 2).subarray(1),
    ]) {
      const writer = new Writer();
      writer.bytes(10, value as Uint8Array);
      expect(writer.finish()).toEqual(Uint8Array.of(10, 2, 1, 2));
    }
  });

  handsOver.each<[string, unknown]>([
    ["a string", "5s"],
    ["a number", 5],
    ["a promise", Promise.resolve({})],
    ["Map", new Map([["text", "a"]])],
    ["Date", new Date()],
    ["a function", () => {}],
  ])("refuses for a message what has no fields: %s", (kind, value) => {
    const type = { lengthSize: 1, write: (_: unknown, writer: Writer) => writer.raw(new Uint8Array()) };
    expect(() => new Writer().message(10, type, value)).toThrow(`invalid message: ${kind}`);
  });

  test("takes empty messages of every class", () => {
    class Item {
      text = "";
    }
    const type = { lengthSize: 1, write: () => {} };
    for (const message of [{}, [], new Item(), Object.create(null) as object]) {
      const writer = new Writer();
      writer.message(10, type, message);
      expect(writer.finish()).toEqual(Uint8Array.of(10, 0));
    }
  });

  handsOver("leaves a buffer that it was given to its owner, whatever its size", () => {
    const given = new Uint8Array(CHUNK_BYTES);
    new Writer().begin(given, 0).finish();
    const writer = new Writer();
    writer.bool(8, true);
    expect(writer.finish().buffer).not.toBe(given.buffer);
    expect(given).toEqual(new Uint8Array(CHUNK_BYTES));
  });

  // A page has less code, and no process that a rejection ends.
  handsOver("refuses as bytes what is no Uint8Array, which it would write as another message", () => {
    const memory = new ArrayBuffer(4);
    const others = [memory, new DataView(memory), new Uint16Array(memory), [1, 2], "AQI=", () => 1, 5, {}];
    for (const other of [...others, Promise.reject(new Error("never seen"))]) {
      const writer = new Writer();
      writer.string(10, "before");
      expect(() => writer.bytes(18, other as never)).toThrow("invalid bytes: ");
    }
    for (const one of [Buffer.from("ab"), new Uint8Array(memory, 1, 2), new Uint8ClampedArray(2)]) {
      const writer = new Writer();
      writer.bytes(18, one as Uint8Array);
      expect(writer.finish()).toHaveLength(4);
    }
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
