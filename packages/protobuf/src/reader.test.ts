import { describe, expect, test } from "@jest/globals";
import { MAX_DEPTH, Reader, TEXT_WINDOW_BYTES } from "./reader.js";
import { writeInt64 } from "./numbers.js";
import { ProtobufError } from "./protobuf-error.js";
import { Writer } from "./writer.js";

const int64s = [
  0n,
  1n,
  -1n,
  127n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 35n,
  2n ** 53n,
  2n ** 63n - 1n,
  -(2n ** 63n),
];

/** What a writer writes, and some bytes behind it that are none of the message's. */
function readerOf(write: (writer: Writer) => void): Reader {
  const writer = new Writer();
  write(writer);
  const bytes = writer.finish();
  const around = Uint8Array.from([0xff, ...bytes, 0xff, 0xff]);
  return new Reader().begin(around, 1, 1 + bytes.length);
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
      else if (tag === 19) message.inner = reader.group(tag, nestedType, message.inner);
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
  test.each(int64s)("reads int64 as the nearest number: %p", (value) => {
    const reader = readerOf((writer) => writeInt64(writer, 0, value));
    expect(reader.int64AsNumber()).toBe(Number(value));
    expect(reader.position).toBe(reader.limit);
  });

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
