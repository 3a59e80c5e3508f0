import { describe, expect, test } from "@jest/globals";
import { readGroup } from "./group.js";
import { MAX_DEPTH, Reader, TEXT_WINDOW_BYTES } from "./reader.js";
import { writeInt64 } from "./numbers.js";
import { ProtobufError } from "./protobuf-error.js";
import { readerAt } from "./testing/reader-at.js";
import { Writer } from "./writer.js";

/** What a writer writes, and some bytes behind it that are none of the message's. */
function readerOf(write: (writer: Writer) => void): Reader {
  const writer = new Writer();
  write(writer);
  const bytes = writer.finish();
  const around = Uint8Array.from([0xff, ...bytes, 0xff, 0xff]);
  return readerAt(around, 1, 1 + bytes.length);
}

/** A message that has nothing but itself inside. */
interface Nested {
  inner: Nested | undefined;
}

const nestedType = {
  lengthSize: 1,
  create: (): Nested => ({ inner: undefined }),
  write(message: Nested, writer: Writer): void {
    if (message.inner !== undefined) writer.message(10, nestedType, message.inner);
  },
  read(message: Nested, reader: Reader): void {
    while (reader.position < reader.limit) {
      const tag = reader.tag();
      if (tag === 10) message.inner = reader.message(nestedType, message.inner);
      else if (tag === 19) message.inner = readGroup(reader, tag, nestedType, message.inner);
      else reader.unknown(tag, message);
    }
  },
};

function nested(depth: number): Nested {
  const message = nestedType.create();
  if (depth > 1) message.inner = nested(depth - 1);
  return message;
}

function read(bytes: Uint8Array): Nested {
  const message = nestedType.create();
  nestedType.read(message, new Reader(bytes));
  return message;
}

describe("Reader", () => {
  test("reads texts of every length, ASCII or not, within the window and beyond", () => {
    const texts = [
      0,
      1,
      3,
      4,
      5,
      7,
      8,
      12,
      13,
      30,
      31,
      42,
      43,
      TEXT_WINDOW_BYTES,
      TEXT_WINDOW_BYTES + 1,
    ].flatMap((length) => ["x".repeat(length), `${"x".repeat(length)}é`, `😀${"x".repeat(length)}`]);
    const reader = readerOf((writer) => {
      for (const text of texts) writer.string(10, text);
    });
    for (const text of texts) {
      expect(reader.tag()).toBe(10);
      expect(reader.string()).toBe(text);
    }
    expect(reader.position).toBe(reader.limit);
  });

  test("reads a text of every length that ends where its memory does", () => {
    for (let length = 0; length < 50; length++) {
      for (const text of ["x".repeat(length), `${"x".repeat(length)}é`]) {
        const bytes = Buffer.from(text);
        const reader = new Reader(Uint8Array.from([bytes.length, ...bytes]));
        expect([reader.string(), reader.position]).toEqual([text, reader.limit]);
      }
    }
  });

  test.each([10, 130])("reads texts of a repeated field together, and adds others: tag %i", (tag) => {
    for (const count of [1, 2, 3, 4, 5, 20]) {
      const texts = Array.from({ length: count }, (_, index) => `text ${index}`);
      const reader = readerOf((writer) => {
        for (const text of texts) writer.string(tag, text);
        writer.bool(24, true);
        writer.string(tag, "last");
      });
      let read: string[] = [];
      while (reader.position < reader.limit) {
        const found = reader.tag();
        if (found === tag) read = reader.strings(tag, read);
        else expect([found, reader.bool()]).toEqual([24, true]);
      }
      expect(read).toEqual([...texts, "last"]);
    }
  });

  test("refuses a text that goes beyond its message, wherever that ends", () => {
    for (const bytes of [[5, 65, 65], [0x80], [0x85, 0x00, 65], [0xff, 0xff, 0xff, 0xff, 0x0f]]) {
      const reader = readerAt(Uint8Array.from([...bytes, 65, 65, 65]), 0, bytes.length);
      expect(() => reader.string()).toThrow(ProtobufError);
      const list = readerAt(Uint8Array.from([1, 65, 10, ...bytes, 65, 65]), 0, 3 + bytes.length);
      // The reader of a bundle for browsers takes one at a time.
      const readAll = () => {
        do list.strings(10, []);
        while (list.position < list.limit && list.tag() === 10);
      };
      expect(readAll).toThrow(ProtobufError);
    }
  });

  test.each([0, 127, 128, 2 ** 28 - 1, 2 ** 28, 2 ** 31 - 1, -1, -(2 ** 31)])("reads int32 %i", (value) => {
    const bytes = readerOf((writer) => writer.int32(0, value));
    expect(bytes.int32()).toBe(value);
    expect(bytes.position).toBe(bytes.limit);
  });

  test("reads the lower 32 bits of a longer varint as int32", () => {
    const reader = readerOf((writer) => writeInt64(writer, 0, 2n ** 34n + 5n));
    expect(reader.int32()).toBe(5);
    expect(reader.position).toBe(reader.limit);
  });

  test(`reads ${MAX_DEPTH} messages in one another, and refuses one more`, () => {
    const bytes = (depth: number): Uint8Array => {
      const writer = new Writer();
      nestedType.write(nested(depth), writer);
      return writer.finish();
    };
    expect(read(bytes(MAX_DEPTH))).toEqual(nested(MAX_DEPTH));
    expect(() => read(bytes(MAX_DEPTH + 1))).toThrow(`more than ${MAX_DEPTH} messages in one another`);
  });

  test("reads a group up to its own end", () => {
    expect(read(Uint8Array.of(19, 20))).toEqual(nested(2));
    expect(read(Uint8Array.of(19, 19, 20, 20))).toEqual(nested(3));
    for (const bytes of [[19], [19, 28], [19, 10, 1, 20], [20], [19, 19, 20], [4], [10, 2, 19, 20, 20]]) {
      expect(() => read(Uint8Array.from(bytes))).toThrow(ProtobufError);
    }
  });

  test("keeps unknown fields out of sight, and the writer sends them again", () => {
    const bytes = Uint8Array.of(0x98, 0x06, 1, 10, 3, 0xa2, 0x06, 0, 0x9b, 0x06, 0x9c, 0x06);
    const message = read(bytes);
    expect(Object.keys(message)).toEqual(["inner"]);
    expect({ ...message }).toEqual({ inner: { inner: undefined } });
    const writer = new Writer();
    writer.unknown(message);
    expect(writer.finish()).toEqual(Uint8Array.of(0x98, 0x06, 1, 0x9b, 0x06, 0x9c, 0x06));
    writer.unknown(message.inner!);
    expect(writer.finish()).toEqual(Uint8Array.of(0xa2, 0x06, 0));
  });
});
