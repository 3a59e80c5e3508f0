import type { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import { EveryField } from "./gen/callwire/transport/testing/v1/every_field.js";

/** A message type as ts-proto generates it for @bufbuild/protobuf. */
export interface StockType<T> {
  encode(message: T, writer?: BinaryWriter): BinaryWriter;
  decode(input: BinaryReader | Uint8Array, length?: number): T;
}

/** Bytes written as hex digits, with spaces where they help to read. */
export function fromHex(digits: string): Buffer {
  return Buffer.from(digits.replaceAll(" ", ""), "hex");
}

/** Texts of every length of UTF-8, mixed and pure, and of every way that the writer and the reader take. */
export const texts: readonly string[] = [
  "",
  "a",
  "fifteen letters",
  "sixteen letters!",
  "é",
  "€",
  "😀",
  "\ufffd",
  "\ufeffmark",
  "\0",
  "ASCII and é",
  "é".repeat(64),
  "x".repeat(127),
  "x".repeat(128),
  "€".repeat(43),
  "😀".repeat(5_000),
  "x".repeat(300) + "é",
];

/** Where a varint takes one byte more. */
export const int32s: readonly number[] = [
  0, 1, -1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 268_435_455,
];

const maxInt32 = 0x7fffffff;
const minInt32 = -0x80000000;
const maxInt64 = 2n ** 63n - 1n;
const minInt64 = -(2n ** 63n);
const maxUint64 = 2n ** 64n - 1n;

/** Messages that between them have every kind of field, empty, with its extremes and in numbers. */
export function everyFieldSamples(): EveryField[] {
  const max = EveryField.fromPartial({
    doubleValue: Number.MAX_VALUE,
    floatValue: 3.4028234663852886e38,
    int32Value: maxInt32,
    int64Value: maxInt64,
    uint32Value: 0xffffffff,
    uint64Value: maxUint64,
    sint32Value: maxInt32,
    sint64Value: maxInt64,
    fixed32Value: 0xffffffff,
    fixed64Value: maxUint64,
    sfixed32Value: maxInt32,
    sfixed64Value: maxInt64,
    boolValue: true,
    stringValue: "text",
    bytesValue: Buffer.from([0, 1, 0xff]),
    color: 1,
    time: new Date("9999-12-31T23:59:59.999Z"),
    wrapped: "wrapped",
    optionalInt32: 0,
    optionalString: "",
    optionalBytes: Buffer.alloc(0),
    choice: { $case: "choiceText", value: "chosen" },
    last: "last",
  });
  const min = EveryField.fromPartial({
    doubleValue: Number.MIN_VALUE,
    floatValue: -Infinity,
    int32Value: minInt32,
    int64Value: minInt64,
    uint32Value: 0x80000000,
    sint32Value: minInt32,
    sint64Value: minInt64,
    sfixed32Value: minInt32,
    sfixed64Value: minInt64,
    color: -1,
    // An enum is open: a number that it does not name is kept.
    colors: [0, 1, -1, 77 as never],
    time: new Date(0),
    child: {},
    choice: { $case: "choiceNumber", value: 0 },
  });
  const many = EveryField.fromPartial({
    doubles: [0, -0, 1.5, NaN, Infinity, -Infinity, Number.MIN_VALUE],
    floats: [0, -0, 1.5, NaN, Infinity, -Infinity],
    int32s: [...int32s, maxInt32, minInt32],
    int64s: [...int32s.map(BigInt), 2n ** 35n - 1n, 2n ** 35n, 2n ** 53n, maxInt64, minInt64],
    uint32s: [0, 1, 4, 8, 127, 128, 0xffffffff],
    uint64s: [0n, 1n, 2n ** 32n, 2n ** 63n, maxUint64],
    sint32s: [...int32s, maxInt32, minInt32],
    sint64s: [0n, 1n, -1n, 2n ** 31n, -(2n ** 31n), maxInt64, minInt64],
    fixed32s: [0, 1, 0xffffffff],
    fixed64s: [0n, 1n, maxUint64],
    sfixed32s: [0, -1, maxInt32, minInt32],
    sfixed64s: [0n, -1n, maxInt64, minInt64],
    bools: [true, false, true],
    strings: [...texts],
    byteStrings: [Buffer.alloc(0), Buffer.alloc(1, 7), Buffer.alloc(127, 1), Buffer.alloc(20_000, 2)],
    looseInt32s: [0, -1, 5],
    looseUint32s: [0, 4, 0xffffffff],
    looseDoubles: [0, 2.5],
  });
  const nested = EveryField.fromPartial({
    child: { stringValue: "x".repeat(120), child: { stringValue: "x".repeat(16_380), child: {} } },
    children: [{}, { int32Value: 5, uint32s: [0, 4] }, { stringValue: "é", children: [{}, { last: "z" }] }],
    choice: { $case: "choiceChild", value: { wrapped: "" } },
    texts: new Map([
      ["", ""],
      ["__proto__", "data"],
      ["key", "é"],
    ]),
    childrenByNumber: new Map([
      [0n, EveryField.fromPartial({})],
      [minInt64, EveryField.fromPartial({ doubles: [1, 2] })],
    ]),
    bytesByNumber: new Map([[0xffffffff, Buffer.from("bytes")]]),
    colorsByTruth: new Map([
      [false, 0],
      [true, 1],
    ]),
    last: "end",
  });
  return [EveryField.fromPartial({}), max, min, many, nested];
}
