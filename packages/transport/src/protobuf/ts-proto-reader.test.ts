import { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import { TEXT_WINDOW_BYTES } from "@callwire/protobuf";
import { describe, expect, test } from "@jest/globals";
import { fromHex, int32s, texts } from "../testing/protobuf-samples.js";
import { TsProtoReader } from "./ts-proto-reader.js";

/** A reader of bytes that stand in the middle of others. */
function readerOf(bytes: Uint8Array): TsProtoReader {
  const around = Buffer.concat([Buffer.alloc(5, 0xff), bytes, Buffer.alloc(5, 0xff)]);
  return new TsProtoReader().begin(around, 5, 5 + bytes.length);
}

function written(write: (writer: BinaryWriter) => unknown): Uint8Array {
  const writer = new BinaryWriter();
  write(writer);
  return writer.finish();
}

const int64s = [
  0n,
  1n,
  -1n,
  127n,
  128n,
  2n ** 31n,
  2n ** 32n,
  2n ** 35n,
  2n ** 53n,
  2n ** 63n - 1n,
  -(2n ** 63n),
];
const uint64s = [0n, 127n, 128n, 2n ** 28n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 63n, 2n ** 64n - 1n];
const signed = [...int32s, -128, 2_147_483_647, -2_147_483_648];
const unsigned = [...int32s.filter((value) => value >= 0), 2_147_483_648, 4_294_967_295];

const values: Record<string, readonly unknown[]> = {
  int32: signed,
  sint32: signed,
  sfixed32: signed,
  fixed32: unsigned,
  int64: int64s,
  sint64: int64s,
  sfixed64: int64s,
  uint64: uint64s,
  fixed64: uint64s,
  bool: [true, false],
  float: [0, -0, 1.5, NaN, Infinity, -Infinity],
  double: [0, -0, 1.5, NaN, Infinity, -Infinity, Number.MIN_VALUE, Number.MAX_VALUE],
  string: texts,
  bytes: [Buffer.alloc(0), Buffer.from("abc"), Buffer.alloc(20_000, 9)],
};

type Method = (value?: unknown) => unknown;

describe("TsProtoReader", () => {
  test("is what generated code takes for a BinaryReader, and overrides all of it", () => {
    expect(new TsProtoReader()).toBeInstanceOf(BinaryReader);
    for (const name of Object.getOwnPropertyNames(BinaryReader.prototype)) {
      if (name === "assertBounds") continue;
      expect([name, Object.hasOwn(TsProtoReader.prototype, name)]).toEqual([name, true]);
    }
  });

  test.each(Object.entries(values))("reads %s as BinaryReader does", (method, all) => {
    for (const value of all) {
      const bytes = written((writer) => (writer as unknown as Record<string, Method>)[method]!(value));
      const reader = readerOf(bytes);
      const read = (reader as unknown as Record<string, Method>)[method]!();
      expect(read).toEqual((new BinaryReader(bytes) as unknown as Record<string, Method>)[method]!());
      expect(read).toEqual(value);
      reader.end();
    }
  });

  test("tells tags, values and lengths that uint32 reads apart", () => {
    const bytes = written((writer) => {
      for (const value of unsigned) writer.tag(1, 0).uint32(value);
      writer.tag(2, 2).fork();
      // Each of these would be refused as a tag.
      for (const value of [0, 4, 7, 0x80000000]) writer.uint32(value);
      writer.join().tag(3, 2).fork().join().tag(536_870_911, 0).uint32(0);
    });
    const reader = readerOf(bytes);
    for (const value of unsigned) expect([reader.uint32(), reader.uint32()]).toEqual([8, value]);
    expect([reader.uint32(), reader.uint32()]).toEqual([18, 8]);
    expect([0, 0, 0, 0].map(() => reader.uint32())).toEqual([0, 4, 7, 0x80000000]);
    expect([reader.uint32(), reader.uint32()]).toEqual([26, 0]);
    expect([reader.uint32(), reader.uint32()]).toEqual([0xfffffff8, 0]);
    reader.end();
  });

  test("reads a varint that is longer than it need be, and the lower bits of one too large for its type", () => {
    const long = fromHex("85808080808080808000");
    expect(readerOf(long).int32()).toBe(5);
    expect(readerOf(long).int64()).toBe(5n);
    expect(readerOf(long).bool()).toBe(true);
    expect(readerOf(fromHex("80808080808080808000")).bool()).toBe(false);
    expect(readerOf(fromHex("80808080808080808001")).bool()).toBe(true);
    expect(readerOf(fromHex("8580808010")).int32()).toBe(5);
    expect(readerOf(fromHex("8a8000")).tag()).toEqual([1, 2]);
    expect(readerOf(fromHex("828000 6869")).string()).toBe("hi");
    // As a field's value, after its tag.
    const reader = readerOf(fromHex("08 85808080f0ffffffff01"));
    expect([reader.uint32(), reader.uint32()]).toEqual([8, 5]);
  });

  test("reads texts wherever they stand, whatever stands around them", () => {
    const around = [
      Buffer.alloc(0),
      Buffer.alloc(TEXT_WINDOW_BYTES - 10, 0x41),
      Buffer.alloc(TEXT_WINDOW_BYTES, 0xff),
    ];
    const sizes = [
      0,
      1,
      7,
      8,
      9,
      12,
      13,
      31,
      TEXT_WINDOW_BYTES - 1,
      TEXT_WINDOW_BYTES,
      TEXT_WINDOW_BYTES + 1,
      5_000,
    ];
    const all = sizes.flatMap((size) => ["a".repeat(size), `${"a".repeat(size)}é`, `é${"a".repeat(size)}`]);
    for (const gap of around) {
      const bytes = written((writer) => all.forEach((text) => writer.string(text).bytes(gap)));
      const reader = readerOf(bytes);
      for (const text of all) {
        expect(reader.string()).toBe(text);
        expect(reader.bytes()).toEqual(gap);
      }
      reader.end();
    }
  });

  test("finds a character that is not ASCII in every place of a text", () => {
    for (let size = 1; size < 40; size++) {
      for (let at = 0; at < size; at++) {
        const text = `${"a".repeat(at)}ÿ${"b".repeat(size - at - 1)}`;
        expect(readerOf(written((writer) => writer.string("first").string(text))).string()).toBe("first");
        const reader = readerOf(written((writer) => writer.string("first").string(text)));
        reader.string();
        expect(reader.string()).toBe(text);
      }
    }
  });

  test("reads from one buffer after another", () => {
    const reader = new TsProtoReader();
    const memory = new ArrayBuffer(64);
    for (const [offset, text] of [
      [0, "first"],
      [20, "second"],
      [40, "dritté"],
    ] as const) {
      const buffer = Buffer.from(memory, offset, 20);
      const bytes = written((writer) => writer.string(text));
      buffer.set(bytes);
      expect(reader.begin(buffer, 0, bytes.length).string()).toBe(text);
      reader.release();
    }
    const large = Buffer.alloc(1 << 19);
    expect(reader.begin(large, 0, 1).string()).toBe("");
    reader.release();
    expect(reader.buf).toHaveLength(0);
  });

  test("returns bytes as a view", () => {
    const buffer = Buffer.from([2, 1, 2]);
    const bytes = new TsProtoReader().begin(buffer, 0, 3).bytes();
    buffer[1] = 9;
    expect(bytes).toEqual(Buffer.from([9, 2]));
    expect(bytes.buffer).toBe(buffer.buffer);
  });

  test("returns bytes as it is told to take them", () => {
    const buffer = Buffer.from([2, 1, 2, 0x0a, 2, 3, 4]);
    const taken: number[][] = [];
    const take = (from: Buffer, start: number, end: number): Buffer => {
      taken.push([start, end]);
      return Buffer.from(from.subarray(start, end));
    };
    const reader = new TsProtoReader().begin(buffer, 0, buffer.length, take);
    const bytes = reader.bytes();
    const skipped = reader.skip(reader.uint32() & 7);
    buffer.fill(0);
    expect([bytes, skipped]).toEqual([Buffer.from([1, 2]), Buffer.from([2, 3, 4])]);
    expect(taken).toEqual([
      [1, 3],
      [4, 7],
    ]);
    // The next message's are views again.
    expect(reader.begin(buffer, 0, 1).bytes().buffer).toBe(buffer.buffer);
  });

  test("skips a field of each kind and returns its bytes", () => {
    const fields = ["08 ac02", "09 0102030405060708", "0a 03616263", "0d 01020304"];
    // Group 2, with fields of each kind and group 3 inside it.
    fields.push("13 " + fields.join(" ") + "1b08001c 14");
    for (const field of fields) {
      const reader = readerOf(fromHex(field));
      expect(reader.skip((reader.uint32() & 7) as never)).toEqual(fromHex(field.slice(3)));
      reader.end();
    }
    const reader = readerOf(fromHex(fields.join("")));
    for (const field of fields) {
      const [fieldNo, wireType] = reader.tag();
      expect(reader.skip(wireType, fieldNo)).toHaveLength(fromHex(field).length - 1);
    }
    reader.end();
  });
});
