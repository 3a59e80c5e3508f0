import { ProtobufError } from "@callwire/protobuf";
import { inspect, isDeepStrictEqual } from "node:util";
import { expect, test } from "@jest/globals";
import { EveryField } from "../testing/gen/callwire/transport/testing/v1/every_field.js";
import { User } from "../testing/gen/users/user_service.js";
import { everyFieldSamples } from "../testing/protobuf-samples.js";
import { decodeMessage, type MessageType } from "./message-codec.js";

/** The duration beyond the rounds that a test always does. Set FUZZ_SECONDS for more. */
const seconds = Number(process.env["FUZZ_SECONDS"] ?? 0);
const ROUNDS = 20_000;

/** Of the run, printed when it fails: set FUZZ_SEED to repeat it. Another one each time only where more time is asked for. */
const seed = Number(process.env["FUZZ_SEED"] ?? (seconds > 0 ? Date.now() >>> 0 : 1));

/** Mulberry32: numbers below 1 that a seed repeats. */
function randomOf(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Bytes that mean something in protobuf: ends of varints, tags, groups, lengths. */
const SPECIAL = [0x00, 0x01, 0x04, 0x06, 0x07, 0x0b, 0x0c, 0x7f, 0x80, 0x82, 0x8a, 0xc0, 0xed, 0xff];

function mutate(bytes: Buffer, others: readonly Buffer[], random: () => number): Buffer {
  const below = (limit: number): number => Math.floor(random() * limit);
  let result = Buffer.from(bytes);
  for (let changes = 1 + below(4); changes > 0; changes--) {
    const at = below(result.length + 1);
    switch (below(6)) {
      case 0:
        if (at < result.length) result[at] = below(256);
        break;
      case 1:
        if (at < result.length) result[at] = SPECIAL[below(SPECIAL.length)]!;
        break;
      case 2:
        if (at < result.length) result[at]! ^= 1 << below(8);
        break;
      case 3:
        result = result.subarray(0, at);
        break;
      case 4:
        result = Buffer.concat([
          result.subarray(0, at),
          result.subarray(Math.min(at + 1 + below(8), result.length)),
        ]);
        break;
      default: {
        const other = others[below(others.length)]!;
        const from = below(other.length);
        const part = other.subarray(from, from + below(24));
        result = Buffer.concat([result.subarray(0, at), part, result.subarray(at)]);
      }
    }
  }
  return result;
}

/** Deeply equal, where a date that is none equals another. */
function same(a: unknown, b: unknown): boolean {
  const options = { depth: null, maxArrayLength: null, maxStringLength: null };
  return isDeepStrictEqual(a, b) || inspect(a, options) === inspect(b, options);
}

const samples = everyFieldSamples();
const seeds: [type: MessageType<unknown>, messages: Buffer[]][] = [
  [
    EveryField,
    [
      samples[1]!,
      samples[2]!,
      { ...samples[3]!, strings: ["a", "é"], byteStrings: [] },
      { ...samples[4]!, child: {} },
    ].map((sample) => Buffer.from(EveryField.encode(EveryField.fromPartial(sample)).finish())),
  ],
  [
    User,
    [
      {
        id: "550e8400-e29b-41d4-a716-446655440000",
        name: "Zoë",
        roles: ["admin", ""],
        createdAt: new Date(),
      },
      { email: "a@b.c", age: -1, department: 77 as never, updatedAt: new Date(-1) },
    ].map((user) => Buffer.from(User.encode(User.fromPartial(user)).finish())),
  ],
];

test(
  "a mutated message is refused with a ProtobufError, or read as BinaryReader reads it",
  () => {
    const random = randomOf(seed);
    const until = Date.now() + seconds * 1_000;
    let accepted = 0;
    let refused = 0;
    for (let round = 0; round < ROUNDS || Date.now() < until; round++) {
      const [type, messages] = seeds[round % seeds.length]!;
      const bytes = mutate(messages[Math.floor(random() * messages.length)]!, messages, random);
      // Behind other bytes, so that reading beyond the message shows.
      const around = Buffer.concat([Buffer.alloc(3, 0x61), bytes, Buffer.alloc(300, 0x61)]);
      let message: unknown;
      try {
        message = decodeMessage(type, around.subarray(3, 3 + bytes.length));
        accepted++;
      } catch (error) {
        refused++;
        if (error instanceof ProtobufError) continue;
        throw new Error(`FUZZ_SEED=${seed} round ${round}: ${bytes.toString("hex")}`, { cause: error });
      }
      if (!same(message, type.decode(bytes))) {
        throw new Error(`FUZZ_SEED=${seed} round ${round} differs: ${bytes.toString("hex")}`);
      }
    }
    // Both ways were taken.
    expect(Math.min(accepted, refused)).toBeGreaterThan(ROUNDS / 100);
  },
  60_000 + seconds * 1_000,
);
