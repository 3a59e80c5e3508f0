import { randomInt } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { HpackDecoder } from "./decoder.js";
import { HpackEncoder } from "./encoder.js";
import { HpackError } from "./errors.js";
import { HeaderFields } from "./header-fields.js";
import { encodeList } from "../testing/header-blocks.js";

/** How long the fuzzer runs, in seconds; a few thousand cases unless FUZZ_SECONDS is set. */
const seconds = Number(process.env["FUZZ_SECONDS"] ?? 0);
const CASES = 5000;

const MAX_LIST = 1000;

/** A small generator of reproducible numbers (xorshift); a failure names the seed. */
function numbers(seed: number): (below: number) => number {
  let state = Math.imul(seed, 0x9e3779b1) | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

function sampleBlocks(): Buffer[] {
  const encoder = new HpackEncoder();
  const request = new HeaderFields([
    ":method",
    "POST",
    ":path",
    "/a.B/C",
    "te",
    "trailers",
    "user-agent",
    "x/1",
  ]);
  encoder.setMaxTableSize(1000);
  const blocks = [0, 1, 2, 3].map((i) =>
    encodeList(encoder, request, ["grpc-timeout", `${i}S`, "x-user", `${i}`]),
  );
  return [...blocks, encodeList(encoder, request, ["x-long", "y".repeat(300)])];
}

function mutate(block: Buffer, next: (below: number) => number): Buffer {
  const bytes = Buffer.from(block);
  for (let changes = next(3); changes > 0 && bytes.length > 0; changes--)
    bytes[next(bytes.length)] = next(256);
  return next(8) === 0 ? bytes.subarray(0, next(bytes.length + 1)) : bytes;
}

/** One connection: valid, mutated and random blocks until one is refused; returns how many were decoded. */
function fuzzConnection(seed: number, samples: readonly Buffer[]): number {
  const next = numbers(seed);
  const maxTableSize = [0, 64, 4096, 4096, 4096][next(5)]!;
  const decoder = new HpackDecoder({ maxTableSize, maxHeaderListSize: MAX_LIST });
  // The samples as they are come first where they fit, so that there is a table to refer to.
  if (maxTableSize === 4096) for (const block of samples) decoder.decode(block, 0, block.length);
  for (let decoded = 0; ; decoded++) {
    const block =
      next(8) === 0
        ? Buffer.from(Array.from({ length: next(64) }, () => next(256)))
        : mutate(samples[next(samples.length)]!, next);
    try {
      for (let repeats = next(4); repeats >= 0; repeats--) {
        const list = decoder.decode(block, 0, block.length);
        const kept = list.fields.reduce((sum, text) => sum + text.length + 16, 0);
        // Not `expect` for each, which takes longer than the decoder.
        if (list.tooLarge !== list.size > MAX_LIST || kept !== (list.tooLarge ? 0 : list.size))
          throw new Error(`a list of size ${list.size} has ${kept}, too large: ${list.tooLarge}`);
      }
      if (next(10) === 0) decoder.setMaxTableSize(next(5000));
    } catch (error) {
      if (error instanceof HpackError) return decoded;
      throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
    }
  }
}

describe("random and mutated blocks", () => {
  test(
    "are decoded or refused, and nothing else",
    () => {
      const samples = sampleBlocks();
      const first = seconds > 0 ? randomInt(2 ** 31) : 1;
      const end = Date.now() + seconds * 1000;
      let decoded = 0;
      let cases = 0;
      for (; seconds > 0 ? Date.now() < end : cases < CASES; cases++) {
        decoded += fuzzConnection(first + cases * 2, samples);
      }
      // Not everything is refused at once: the table and the caches get filled.
      expect(decoded).toBeGreaterThan(cases / 4);
    },
    (seconds + 20) * 1000,
  );
});
