import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { CHUNK_BYTES, MAX_MESSAGE_BYTES, ProtobufError, Writer } from "@callwire/protobuf";
import { describe, expect, test } from "@jest/globals";
import { EveryField } from "../testing/gen/callwire/transport/testing/v1/every_field.js";
import { everyFieldSamples, int32s, texts } from "../testing/protobuf-samples.js";
import { TsProtoWriter } from "./ts-proto-writer.js";

type Write = (writer: BinaryWriter) => unknown;

/** What ts-proto's code is given, over a writer. */
function over(writer: Writer): BinaryWriter {
  return new TsProtoWriter().begin(writer) as unknown as BinaryWriter;
}

/** What ours does, into a buffer with room for `room` bytes. */
function ours(write: Write, room = 0): Buffer {
  const writer = new Writer().begin(Buffer.alloc(room), 0);
  write(over(writer));
  return Buffer.from(writer.finish());
}

function stock(write: Write): Buffer {
  const writer = new BinaryWriter();
  write(writer);
  return Buffer.from(writer.finish());
}

const int64s = [0n, 1n, -1n, 127n, 128n, 2n ** 32n, 2n ** 53n, -(2n ** 53n), 2n ** 63n - 1n, -(2n ** 63n)];
const integers = [5, -5, -0, 2 ** 31, -(2 ** 31) - 1, 2 ** 32, -(2 ** 32), 2 ** 53 - 1, 1 - 2 ** 53];
const uint64s = [0n, 1n, 127n, 128n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 63n, 2n ** 64n - 1n];
const negative = [-127, -128, -2_147_483_648, 2_147_483_647];
const unsigned = [2_147_483_648, 4_294_967_295];
const doubles = [0, -0, 1.5, -1e300, NaN, Infinity, -Infinity, Number.MIN_VALUE, Number.MAX_VALUE];
const floats = [0, -0, 1.5, NaN, Infinity, -Infinity, 3.4028234663852886e38, 1e-45];

const positive32 = int32s.filter((value) => value >= 0);
const values: Record<string, readonly unknown[]> = {
  int32: [...int32s, ...negative, "5", "-5", -0],
  sint32: [...int32s, ...negative, "5", "-5"],
  sfixed32: [...int32s, ...negative, "5", "-5"],
  uint32: [...positive32, ...unsigned, "300", -0],
  fixed32: [...positive32, ...unsigned, "300"],
  int64: [...int64s, ...integers, "9223372036854775807", "-1"],
  sint64: [...int64s, ...integers, "-9223372036854775808"],
  sfixed64: [...int64s, ...integers, "-1"],
  uint64: [...uint64s, 5, "18446744073709551615"],
  fixed64: [...uint64s, 5, "18446744073709551615"],
  bool: [true, false],
  float: [...floats, "1.5", "NaN"],
  double: doubles,
  string: [...texts, 5],
  bytes: [new Uint8Array(0), Buffer.from("abc"), new Uint8Array(200)],
  raw: [new Uint8Array(0), Buffer.from("abc")],
};

const refused: Record<string, readonly unknown[]> = {
  int32: [2 ** 31, -(2 ** 31) - 1, 0.5, NaN, Infinity, "x", 5n, undefined, null, {}],
  sint32: [2 ** 31, 0.5, "x", undefined],
  sfixed32: [2 ** 31, 0.5, "x", undefined],
  uint32: [-1, 2 ** 32, 0.5, NaN, "-1", undefined],
  fixed32: [-1, 2 ** 32, 0.5, undefined],
  int64: [2n ** 63n, -(2n ** 63n) - 1n, "9223372036854775808"],
  sint64: [2n ** 63n, -(2n ** 63n) - 1n],
  sfixed64: [2n ** 63n],
  uint64: [-1n, 2n ** 64n, -1, "-1"],
  fixed64: [-1n, 2n ** 64n],
  float: [1e39, -1e39, "x", undefined, 5n],
};

function call(method: string, value: unknown): Write {
  return (writer) => (writer as unknown as Record<string, (value: unknown) => unknown>)[method]!(value);
}

describe("TsProtoWriter", () => {
  test("overrides every method that generated code may call", () => {
    for (const name of Object.getOwnPropertyNames(BinaryWriter.prototype)) {
      if (["constructor", "ensureCapacity", "view", "writeVarint64"].includes(name)) continue;
      expect([name, Object.hasOwn(TsProtoWriter.prototype, name)]).toEqual([name, true]);
    }
  });

  test.each(Object.entries(values))("writes %s as BinaryWriter does, with any room", (method, all) => {
    for (const value of all) {
      const expected = stock(call(method, value));
      for (let room = 0; room < Math.min(expected.length + 64, 300); room++) {
        if (!ours(call(method, value), room).equals(expected)) expect({ value, room }).toBe(expected);
      }
    }
  });

  test.each(Object.entries(refused))("refuses %s as BinaryWriter does", (method, all) => {
    for (const value of all) {
      let message: string | undefined;
      try {
        stock(call(method, value));
      } catch (error) {
        ({ message } = error as Error);
      }
      expect(message).toBeDefined();
      expect(() => ours(call(method, value))).toThrow(new ProtobufError(message!));
    }
  });

  test("refuses a number beyond 2^53, where BinaryWriter writes what may be another integer", () => {
    for (const method of ["int64", "sint64", "sfixed64", "uint64", "fixed64"]) {
      for (const value of [2 ** 53, 2 ** 60, 2 ** 63]) {
        expect(() => ours(call(method, value))).toThrow("numbers beyond 2^53 are not exact: give a bigint");
      }
    }
  });

  test("refuses a field that is not there, where BinaryWriter makes up a value", () => {
    for (const method of ["bool", "double", "string"]) {
      for (const value of [undefined, null]) {
        expect(() => ours(call(method, value))).toThrow(new ProtobufError(`invalid ${method}: none`));
      }
    }
  });

  test("throws as BigInt does for what is not a whole number", () => {
    expect(() => ours((writer) => writer.int64(0.5))).toThrow(RangeError);
    expect(() => ours((writer) => writer.uint64("x"))).toThrow(SyntaxError);
  });

  test("writes every character at every length of text", () => {
    for (const character of ["a", "\u007f", "\u0080", "\u07ff", "\u0800", "\uffff", "😀", "\u{10ffff}"]) {
      for (const length of [
        1, 5, 13, 14, 15, 16, 17, 31, 32, 42, 43, 63, 64, 126, 127, 128, 129, 5_461, 16_383, 16_384,
      ]) {
        for (const text of [character.repeat(length), `${"a".repeat(length - 1)}${character}`]) {
          const write: Write = (writer) => writer.string(text).bool(true);
          expect(ours(write, length & 1 ? 1 << 17 : 0).equals(stock(write))).toBe(true);
        }
      }
    }
  });

  test("writes U+FFFD for a lone surrogate", () => {
    for (const text of ["\ud800", "\udc00", "a\ud800b", "\ud83d\ud83d\ude00", `${"a".repeat(50)}\udc00`]) {
      expect(ours((writer) => writer.string(text))).toEqual(
        stock((writer) => writer.string(text.replaceAll(/\p{Surrogate}/gu, "\ufffd"))),
      );
    }
  });

  test("moves a message that does not fit, wherever that shows, and touches nothing before it", () => {
    const sample = everyFieldSamples();
    const messages = [
      sample[1]!,
      sample[2]!,
      EveryField.fromPartial({ child: { child: { int32s: [...int32s] } } }),
    ];
    for (const message of messages) {
      const expected = stock((writer) => EveryField.encode(message, writer));
      for (let room = 0; room < expected.length + 64; room++) {
        const given = Buffer.alloc(7 + room, 0xee);
        const writer = new Writer().begin(given, 7);
        EveryField.encode(message, over(writer));
        expect(expected.equals(writer.buffer.subarray(writer.start, writer.position))).toBe(true);
        expect(given.subarray(0, 7).equals(Buffer.alloc(7, 0xee))).toBe(true);
        if (writer.buffer === given) expect(writer.start).toBe(7);
        else expect(writer.buffer.length).toBeGreaterThanOrEqual(CHUNK_BYTES);
      }
    }
  });

  test("writes lengths of every size for what is forked, in place and moved", () => {
    for (const size of [0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152]) {
      const bytes = Buffer.alloc(size, 5);
      const write: Write = (writer) =>
        writer.tag(1, 2).fork().tag(2, 2).fork().raw(bytes).join().join().bool(true);
      const expected = stock(write);
      for (let short = -1; short < 12; short++) {
        expect(ours(write, Math.max(0, expected.length - short)).equals(expected)).toBe(true);
      }
    }
  });

  test("has the same bytes in pieces if it borrows what is long", () => {
    const long = Buffer.alloc(300, 5);
    const message = EveryField.fromPartial({
      stringValue: "before",
      bytesValue: long,
      byteStrings: [long, Buffer.from("short"), long],
      child: {
        int32Value: 1,
        bytesValue: long,
        child: { bytesValue: Buffer.alloc(20_000, 6), int32Value: -1 },
      },
    });
    const expected = stock((writer) => EveryField.encode(message, writer));
    for (let room = 0; room < 700; room++) {
      const writer = new Writer(300).begin(Buffer.alloc(7 + room), 7);
      EveryField.encode(message, over(writer));
      const pieces = writer.pieces();
      expect(writer.length).toBe(expected.length);
      expect(Buffer.concat(pieces.map(({ bytes }) => bytes)).equals(expected)).toBe(true);
      const borrowed = pieces.filter((piece) => piece.borrowed).map(({ bytes }) => bytes);
      expect(borrowed).toHaveLength(5);
      expect(borrowed.filter((bytes) => bytes === long)).toHaveLength(4);
      expect(writer.isWhole).toBe(false);
      writer.restart();
      over(writer).bool(true);
      expect(writer.isWhole).toBe(true);
      expect(writer.pieces().map(({ bytes, borrowed }) => [...bytes, borrowed])).toEqual([[1, false]]);
    }
  });

  test("writes lengths of every size for what is borrowed, where no byte is left behind them", () => {
    for (const size of [1, 126, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152]) {
      const bytes = Buffer.alloc(size, 5);
      const write: Write = (writer) => writer.tag(1, 2).fork().fork().raw(bytes).join().raw(bytes).join();
      const expected = stock(write);
      for (let room = 0; room < 16; room++) {
        const writer = new Writer(1).begin(Buffer.alloc(room), 0);
        write(over(writer));
        expect(Buffer.concat(writer.pieces().map((piece) => piece.bytes)).equals(expected)).toBe(true);
      }
    }
  });

  test("leaves a message where it was begun if it fits", () => {
    const given = Buffer.alloc(16_384);
    const writer = new Writer().begin(given, 100);
    // Three bytes for each character would not fit.
    EveryField.encode(EveryField.fromPartial({ stringValue: "x".repeat(15_000) }), over(writer));
    expect(writer.buffer).toBe(given);
    expect(writer.finish().buffer).toBe(given.buffer);
  });

  test("keeps the next message apart from the last, and from one that failed", () => {
    const writer = new Writer().begin(Buffer.alloc(100), 0);
    const first = over(writer).uint32(300).finish();
    over(writer).fork().uint32(1);
    expect(() => over(writer).uint32(-1)).toThrow(ProtobufError);
    writer.restart();
    expect(over(writer).bool(true).finish()).toEqual(Uint8Array.of(1));
    expect(first).toEqual(Uint8Array.of(0xac, 0x02));
    expect(() => over(writer).join()).toThrow("join without a fork");
  });

  test(`refuses a message of more than ${MAX_MESSAGE_BYTES} bytes before it takes memory for it`, () => {
    const writer = new Writer().begin(Buffer.alloc(16), 0);
    const chunk = new Uint8Array(0);
    Object.defineProperty(chunk, "length", { value: MAX_MESSAGE_BYTES });
    expect(() => over(writer).bool(true).raw(chunk)).toThrow(
      `message of more than ${MAX_MESSAGE_BYTES} bytes`,
    );
    const borrowing = new Writer(1).begin(Buffer.alloc(16), 0);
    expect(() => over(borrowing).bool(true).raw(chunk)).toThrow(
      `message of more than ${MAX_MESSAGE_BYTES} bytes`,
    );
    expect(() => over(borrowing).raw(Buffer.alloc(15)).raw(chunk)).toThrow("message of more than");
  });
});
