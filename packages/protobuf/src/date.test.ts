import { describe, expect, test } from "@jest/globals";
import { readDate, writeDate } from "./date.js";
import { ProtobufError } from "./protobuf-error.js";
import { Reader } from "./reader.js";
import { readerAt } from "./testing/reader-at.js";
import { Writer } from "./writer.js";

/** The bytes of a Timestamp of these fields, and one that is none of it. */
function reader(...bytes: number[]): Reader {
  return readerAt(Uint8Array.from([bytes.length, ...bytes, 0xff]), 0, 1 + bytes.length);
}

describe("a Timestamp as a Date", () => {
  test.each([
    0,
    1,
    2,
    3,
    268,
    269,
    999,
    1000,
    1001,
    -1,
    -999,
    -1000,
    -1001,
    2 ** 28 * 1000 - 1,
    2 ** 28 * 1000,
    2 ** 31 * 1000,
    2 ** 32 * 1000 - 1,
    2 ** 32 * 1000,
    1_700_000_000_000,
    1_700_000_000_999,
    8.64e15,
    -8.64e15,
  ])("%i ms is what was written", (ms) => {
    const writer = new Writer();
    writeDate(writer, 10, new Date(ms));
    writer.bool(16, true);
    const read = new Reader(writer.finish());
    expect([read.tag(), readDate(read, undefined).getTime()]).toEqual([10, ms]);
    expect([read.tag(), read.bool(), read.position]).toEqual([16, true, read.limit]);
  });

  const seconds = [8, 0x80, 0xe2, 0xcf, 0xaa, 6];
  test.each([
    ["nanos first", [16, 0xc0, 0x84, 0x3d, ...seconds], 1_700_000_000_001],
    ["seconds twice", [8, 1, ...seconds], 1_700_000_000_000],
    ["seconds twice, as usual at first", [...seconds, 8, 1], 1000],
    ["nanos twice", [...seconds, 16, 1, 16, 0xc0, 0x84, 0x3d], 1_700_000_000_001],
    ["an unknown field", [...seconds, 0x18, 1], 1_700_000_000_000],
    ["an unknown field behind nanos", [...seconds, 16, 0xc0, 0x84, 0x3d, 0x1a, 1, 65], 1_700_000_000_001],
    ["seconds in more bytes than they need", [8, 0x80, 0xe2, 0xcf, 0xaa, 0x86, 0x00], 1_700_000_000_000],
    ["nothing", [], 0],
  ])("reads %s", (_, bytes, ms) => {
    const read = reader(...bytes);
    expect(readDate(read, undefined).getTime()).toBe(ms);
    expect(read.position).toBe(read.limit);
  });

  test("merges with what was read before", () => {
    const previous = new Date(1_600_000_000_005);
    expect(readDate(reader(...seconds), previous).getTime()).toBe(1_700_000_000_005);
    expect(readDate(reader(), previous)).toEqual(previous);
  });

  test.each([
    ["nanos cut short", [...seconds, 16, 0xc0]],
    ["nanos missing", [...seconds, 16]],
    ["seconds cut short", seconds.slice(0, -1)],
    ["a field number of 0", [...seconds, 0, 0]],
  ])("refuses %s", (_, bytes) => {
    expect(() => readDate(reader(...bytes), undefined)).toThrow(ProtobufError);
  });

  test("refuses one that goes beyond the message around it", () => {
    const bytes = Uint8Array.from([6, ...seconds]);
    for (let end = 0; end < bytes.length; end++) {
      expect(() => readDate(readerAt(bytes, 0, end), undefined)).toThrow(ProtobufError);
    }
  });

  test("refuses to write an invalid Date", () => {
    expect(() => writeDate(new Writer(), 10, new Date(NaN))).toThrow(ProtobufError);
  });
});
