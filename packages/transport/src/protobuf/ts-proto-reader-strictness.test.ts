import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { MAX_DEPTH, MAX_MESSAGE_BYTES, ProtobufError } from "@callwire/protobuf";
import { describe, expect, test } from "@jest/globals";
import { EveryField, NoField } from "../testing/gen/callwire/transport/testing/v1/every_field.js";
import { everyFieldSamples, fromHex, type StockType } from "../testing/protobuf-samples.js";
import { decodeMessage, type MessageType } from "./message-codec.js";
import { TsProtoReader } from "./ts-proto-reader.js";

/** The error that decoding throws. */
function refusal(bytes: Uint8Array, type: MessageType<unknown> = EveryField): ProtobufError {
  try {
    decodeMessage(type, bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(ProtobufError);
    return error as ProtobufError;
  }
  throw new Error(`accepted ${Buffer.from(bytes).toString("hex")}`);
}

type Row = [what: string, hex: string, message: string];

// Fields of EveryField: 3 int32, 14 (72) string, 15 (7a) bytes, 17 (8a01) child, 35 (9a02) packed uint32.
/** Refused whatever is known of the fields. */
const always: readonly Row[] = [
  ["field number 0", "0000", "field number 0 at byte 0"],
  ["field number 0 with a length", "0200", "field number 0 at byte 0"],
  ["field number 0 after a field", "180100", "field number 0 at byte 2"],
  ["field number 0 written long", "808000", "field number 0 at byte 0"],
  ["field number 0 in a group", "a306 0000 a406", "field number 0 at byte 2"],
  ["a field number over 2^29-1", "f8ffffff1f 00", "field number over 2^29-1 at byte 0"],
  ["a field number over 2^29-1 in 64 bits", "9880808080808080800100", "field number over 2^29-1 at byte 0"],
  ["wire type 6", "1e00", "illegal wire type 6 at byte 0"],
  ["wire type 7", "1f00", "illegal wire type 7 at byte 0"],
  ["wire type 6 in a group", "a306 0e a406", "illegal wire type 6 at byte 2"],
  ["an end-group without a group", "1c", "end of a group that was not begun at byte 0"],
  ["a group without an end", "a306 1801", "message cut short at byte 4"],
  ["a group that ends as another", "a306 ac06", "group 100 ended as group 101 at byte 2"],
  ["a tag cut short", "8a", "message cut short at byte 0"],
  ["a varint cut short", "18ff", "message cut short at byte 1"],
  ["an unknown varint of 11 bytes", "a006" + "ff".repeat(10) + "01", "varint of more than 64 bits at byte 2"],
  ["a length beyond the message", "7203 6161", "message cut short at byte 2"],
  ["an unknown length beyond the message", "a20603 6161", "message cut short at byte 3"],
  ["a length of 2^32 and some", "72 8280808010 6161", "length beyond the message at byte 1"],
  ["a negative length", "72 ffffffff0f 6161", "length beyond the message at byte 1"],
  ["a negative length of 64 bits", "7a" + "ff".repeat(9) + "01", "length beyond the message at byte 1"],
  ["half a fixed32", "4d0102", "message cut short at byte 1"],
  ["half a double", "0901020304", "message cut short at byte 1"],
];

/** Refused because of what the fields are. */
const known: readonly Row[] = [
  [
    "a group that goes beyond its message",
    "8a0102 a306 a406",
    "field beyond the end of its message at byte 5",
  ],
  ["text that is not UTF-8", "7202 c328", "text that is not UTF-8 at byte 2"],
  ["text that ends within a character", "7204 6161e282", "text that is not UTF-8 at byte 2"],
  ["a surrogate in UTF-8", "7203 eda080", "text that is not UTF-8 at byte 2"],
  ["an overlong character", "7202 c080", "text that is not UTF-8 at byte 2"],
  ["long text that is not UTF-8", "72ac02" + "61".repeat(299) + "ff", "text that is not UTF-8 at byte 3"],
  ["field number 0 in a nested message", "8a0102 0000 1801", "field number 0 at byte 3"],
  [
    "a field number over 2^29-1 in a nested message",
    "8a0107 88808080100001",
    "field number over 2^29-1 at byte 3",
  ],
  ["wire type 7 in a nested message", "8a0102 1f00", "illegal wire type 7 at byte 3"],
  [
    "an end-group without a group, in a nested message",
    "8a0101 1c",
    "end of a group that was not begun at byte 3",
  ],
  ["a group that ends as the one around it", "a306ab06a406ac06", "group 101 ended as group 100 at byte 4"],
  ["no value", "18", "message cut short at byte 1"],
  ["a varint of 11 bytes", "18" + "ff".repeat(10) + "01", "varint of more than 64 bits at byte 1"],
  ["a varint of 70 bits", "18" + "ff".repeat(9) + "02", "varint of more than 64 bits at byte 1"],
  ["a length of bytes beyond the message", "7a03 6161", "message cut short at byte 2"],
  ["a nested length beyond the message", "8a0103 1801", "message cut short at byte 3"],
  ["a packed length beyond the message", "9a0203 0101", "message cut short at byte 3"],
  ["a nested length of 2^32 and some", "8a01 8280808010 1801", "length beyond the message at byte 2"],
  [
    "a length that goes beyond the message around it",
    "8a0102 7202 6161",
    "field beyond the end of its message at byte 5",
  ],
  [
    "a length beyond two messages",
    "8a0106 8a010372ff01" + "61".repeat(255),
    "field beyond the end of its message at byte 9",
  ],
  [
    "a nested length beyond the one around it",
    "8a0103 8a0102 1801",
    "field beyond the end of its message at byte 6",
  ],
  [
    "a packed field that goes beyond its message",
    "8a0103 9a0202 0101",
    "field beyond the end of its message at byte 6",
  ],
  [
    "a packed varint that goes beyond its field",
    "9a0201 8001",
    "field beyond the end of its message at byte 3",
  ],
  [
    "a nested varint that goes into fields behind",
    "8a0102 1880 01 18011801",
    "field beyond the end of its message at byte 4",
  ],
  [
    "a nested varint that goes beyond its message",
    "8a0102 1880 01",
    "field beyond the end of its message at byte 4",
  ],
  [
    "a nested fixed32 that goes beyond its message",
    "8a0104 4d010203 04",
    "field beyond the end of its message at byte 4",
  ],
  [
    "a nested fixed64 that goes beyond its message",
    "8a0105 5101020304 05060708",
    "field beyond the end of its message at byte 4",
  ],
];

/** `depth` messages in one another. */
function nest(depth: number): Uint8Array {
  let bytes = Buffer.alloc(0);
  for (let i = 1; i < depth; i++) bytes = Buffer.from(new BinaryWriter().tag(17, 2).bytes(bytes).finish());
  return bytes;
}

function groups(depth: number): Buffer {
  return Buffer.concat([Buffer.alloc(depth, 0x0b), Buffer.alloc(depth, 0x0c)]);
}

describe("TsProtoReader refuses", () => {
  test.each([...always, ...known])("%s", (_what, hex, message) => {
    expect(refusal(fromHex(hex)).message).toBe(message);
  });

  test.each(always)("%s where nothing is known of the field", (_what, hex, message) => {
    expect(refusal(fromHex(hex), NoField).message).toBe(message);
  });

  test("text that is not UTF-8, but not U+FFFD", () => {
    expect(decodeMessage(EveryField, fromHex("7203efbfbd")).stringValue).toBe("\ufffd");
  });

  test(`more than ${MAX_DEPTH} messages in one another`, () => {
    let message: EveryField | undefined = decodeMessage(EveryField, nest(MAX_DEPTH));
    let depth = 0;
    for (; message !== undefined; message = message.child) depth++;
    expect(depth).toBe(MAX_DEPTH);
    expect(refusal(nest(MAX_DEPTH + 1)).message).toMatch(
      /^more than 100 messages in one another at byte \d+$/,
    );
    expect(refusal(nest(10_000)).message).toMatch(/^more than 100 messages/);
  });

  test.each([
    ["alone", "a306 a406"],
    ["with fields", "a306 1801 7203616263 a406"],
    ["with a group inside", "a306 ab06 1801 ac06 a406"],
    ["twice", "a306 a406 ab06 1801 ac06"],
    ["with a number of five bytes", "fbffffff0f 1801 fcffffff0f"],
  ])("passes over an unknown group %s, before, between and behind fields, nested too", (_what, hex) => {
    const group = fromHex(hex);
    const field = fromHex("1807");
    const text = fromHex("7203616263");
    const bytes = Buffer.concat([group, field, group, text, group]);
    for (const message of [
      bytes,
      Buffer.concat([group, fromHex("8a01"), Buffer.of(bytes.length), bytes, group, text]),
    ]) {
      const decoded = decodeMessage(EveryField, message);
      const inner = decoded.child ?? decoded;
      expect({ int32: inner.int32Value, text: inner.stringValue, outer: decoded.stringValue }).toEqual({
        int32: 7,
        text: "abc",
        outer: "abc",
      });
    }
  });

  test(`more than ${MAX_DEPTH} groups in one another, the messages around them counted`, () => {
    decodeMessage(EveryField, groups(MAX_DEPTH - 1));
    expect(refusal(groups(MAX_DEPTH)).message).toMatch(/^more than 100 messages/);
    expect(refusal(Buffer.alloc(1_000_000, 0x0b)).message).toMatch(/^more than 100 messages/);
    const inside = (count: number) => new BinaryWriter().tag(17, 2).bytes(groups(count)).finish();
    decodeMessage(EveryField, inside(MAX_DEPTH - 2));
    expect(refusal(inside(MAX_DEPTH - 1)).message).toMatch(/^more than 100 messages/);
  });

  test("more than its depth of lengths that are not followed by a message", () => {
    const reader = new TsProtoReader().begin(Buffer.from(nest(200)), 0, nest(200).length);
    expect(() => {
      for (;;) {
        reader.tag();
        reader.uint32();
      }
    }).toThrow(/^more than 100 messages/);
  });

  test("a message cut short at any byte within a field, in time for each", () => {
    for (const sample of everyFieldSamples().slice(0, 3)) {
      const bytes = EveryField.encode(sample).finish();
      for (let end = 0; end < bytes.length; end++) {
        try {
          decodeMessage(EveryField, bytes.subarray(0, end));
        } catch (error) {
          expect(error).toBeInstanceOf(ProtobufError);
        }
      }
    }
    // All in one field: no cut of it is a message.
    const nested = new BinaryWriter()
      .tag(17, 2)
      .bytes(EveryField.encode(everyFieldSamples()[1]!).finish())
      .finish();
    for (let end = 1; end < nested.length; end++) refusal(nested.subarray(0, end));
  });

  test("a message that ends beyond what a position can hold", () => {
    const buffer = Buffer.alloc(1);
    Object.defineProperty(buffer, "length", { value: 2 ** 32 });
    expect(() => new TsProtoReader().begin(buffer, 0, MAX_MESSAGE_BYTES + 1)).toThrow(ProtobufError);
  });

  test("a message that is not within its buffer", () => {
    for (const [start, end] of [
      [-1, 0],
      [2, 1],
      [0, 5],
      [NaN, 1],
      [0, NaN],
    ] as const) {
      expect(() => new TsProtoReader().begin(Buffer.alloc(4), start, end)).toThrow(RangeError);
    }
  });

  test("what the generated code refuses, and tells its reason", () => {
    const type: StockType<never> = {
      encode: (_message, writer = new BinaryWriter()) => writer,
      decode: (input) => {
        if (!(input instanceof TsProtoReader)) throw new Error("not ours");
        if (input.len > 4) throw new RangeError("too large for this");
        input.pos = input.len;
        return undefined as never;
      },
    };
    const error = refusal(Buffer.alloc(5), type);
    expect(error.message).toBe("too large for this at byte 0");
    expect(error.cause).toBeInstanceOf(RangeError);
  });
});
