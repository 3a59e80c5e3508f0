import { inspect, isDeepStrictEqual } from "node:util";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { mustHold, resultOf, type FuzzTarget } from "@callwire/testkit/fuzz/fuzz-target";
import { decodeMessage, encodeMessage, type MessageType } from "../../protobuf/message-codec.js";
import { ProtobufError } from "@callwire/protobuf";
import { EveryField } from "../gen/callwire/transport/testing/v1/every_field.js";
import * as contract from "../gen/users/user_service.js";
import { everyFieldSamples } from "../protobuf-samples.js";

type Type = MessageType<unknown> & { fromPartial(partial: object): unknown };

const isType = (value: unknown): value is Type =>
  typeof value === "object" && value !== null && "fromPartial" in value;

/** The contract's messages, and one that has every kind of field. */
const types: readonly Type[] = [
  EveryField,
  ...Object.entries(contract)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, value]) => value as unknown)
    .filter(isType),
];

/** Behind the byte that chooses the type, a message. */
export const protobuf: FuzzTarget = {
  name: "protobuf",
  about: "messages of the contract, and of every kind of field, decoded and encoded again",
  covers: ["/protobuf/"],
  maxBytes: 1024,
  seeds,
  dictionary: [
    Buffer.of(0x0b, 0x0c),
    Buffer.of(0x13, 0x1b, 0x1c, 0x14),
    Buffer.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01),
    Buffer.of(0x80, 0x80, 0x80, 0x80, 0x10),
    Buffer.of(0x0a, 0x00),
    Buffer.of(0xef, 0xbb, 0xbf),
    Buffer.of(0xed, 0xa0, 0x80),
    "__proto__",
  ],
  maxSteps: { base: 5000, perByte: 400 },
  open: () => ({ run: decodeAndEncode }),
};

function seeds(): Buffer[] {
  const samples = everyFieldSamples().slice(0, 5) as object[];
  const byType = types.map((type, i) => {
    const partial = { id: "a", name: "é", age: -1, roles: ["a", "b"], createdAt: new Date(1), users: [{}] };
    return [i, type, type === (EveryField as Type) ? {} : partial] as const;
  });
  const all = [...samples.map((sample) => [0, types[0]!, sample] as const), ...byType];
  return all.map(([i, type, partial]) =>
    Buffer.concat([Buffer.of(i), type.encode(type.fromPartial(partial)).finish()]),
  );
}

function decodeAndEncode(input: Buffer): void {
  const type = types[(input[0] ?? 0) % types.length]!;
  const bytes = input.subarray(1);
  // Behind other bytes, so that reading beyond the message shows.
  const around = Buffer.concat([Buffer.alloc(3, 0x61), bytes, Buffer.alloc(300, 0x61)]);
  const decoded = resultOf(
    () => decodeMessage(type, around.subarray(3, 3 + bytes.length)),
    (error) => error instanceof ProtobufError,
  );
  if (decoded === undefined) return;
  // The stock reader is taken as what the code was generated for: a BinaryReader is no reader of ours.
  mustHold(
    same(decoded.value, type.decode(new BinaryReader(bytes) as never)),
    "the stock reader reads something else",
  );
  // A Timestamp that no Date can hold is read as a Date that is none, and cannot be sent.
  const encoded = resultOf(
    () => encodeMessage(type, decoded.value),
    () => has(decoded.value, isInvalidDate),
  )?.value;
  if (encoded === undefined) return;
  const again = decodeMessage(type, encoded);
  // What the stock plugin generates takes -0 for the default, and does not send it.
  mustHold(
    same(decoded.value, again) || has(decoded.value, isNegativeZero),
    "the message is another one after a round trip",
  );
  mustHold(encodeMessage(type, again).equals(encoded), "the bytes are others after a second round trip");
}

const isInvalidDate = (value: unknown): boolean => value instanceof Date && Number.isNaN(value.getTime());
const isNegativeZero = (value: unknown): boolean => Object.is(value, -0);

/** True if a value is one of these, or has one in it. */
function has(value: unknown, isOne: (each: unknown) => boolean): boolean {
  if (isOne(value)) return true;
  if (typeof value !== "object" || value === null || value instanceof Date || value instanceof Uint8Array)
    return false;
  return (value instanceof Map ? [...value.values()] : Object.values(value)).some((each) => has(each, isOne));
}

/** Deeply equal, where a date that is none equals another, and bytes of one class those of another. */
function same(a: unknown, b: unknown): boolean {
  if (isDeepStrictEqual(a, b)) return true;
  const options = { depth: null, maxArrayLength: null, maxStringLength: null };
  return inspect(plain(a), options) === inspect(plain(b), options);
}

/** Bytes as digits: those of an empty field are the generated code's, or a view of the message. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return entries.map(([key, each]: [unknown, unknown]) => [key, plain(each)]);
}
