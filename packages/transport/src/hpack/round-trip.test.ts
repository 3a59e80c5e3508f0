import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { HpackDecoder } from "./decoder.js";
import { HpackEncoder } from "./encoder.js";
import { HeaderFields } from "./header-fields.js";
import { Huffman, maxDecodedLength } from "./huffman.js";
import { BlockReader } from "./block-reader.js";
import { writeInteger } from "./integers.js";
import { byName, decode, encodeList } from "../testing/header-blocks.js";

const text = (minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc
    .array(fc.integer({ min: 0, max: 255 }), { minLength, maxLength })
    .map((bytes) => String.fromCharCode(...bytes));

describe("what is encoded is decoded to the same", () => {
  test("every byte, and random text, by Huffman's code", () => {
    const huffman = new Huffman();
    const check = (original: string): void => {
      const out = Buffer.alloc(original.length * 4 + 4, 0xee);
      const end = huffman.encode(original, out, 0);
      expect(end).toBe(huffman.encodedLength(original));
      const back = Buffer.alloc(maxDecodedLength(end));
      const length = huffman.decode(out, 0, end, back);
      expect(back.toString("latin1", 0, length)).toBe(original);
    };
    for (let byte = 0; byte < 256; byte++) check(String.fromCharCode(byte));
    fc.assert(fc.property(text(0, 200), check));
  });

  test("integers with each prefix", () => {
    const reader = new BlockReader();
    fc.assert(
      fc.property(
        fc.oneof(fc.nat(300), fc.integer({ min: 0, max: 0xffff_ffff })),
        fc.integer({ min: 4, max: 8 }),
        (value, prefixBits) => {
          const out = Buffer.alloc(8);
          const end = writeInteger(out, 1, 0, prefixBits, value);
          reader.begin(out, 1, end);
          expect([reader.integer((1 << prefixBits) - 1), reader.at]).toEqual([value, end]);
        },
      ),
    );
  });

  test("lists of names without end, which the encoder forgets, and one that comes again", () => {
    const encoder = new HpackEncoder({ maxTableSize: 512 });
    const decoder = new HpackDecoder();
    const wrong: unknown[] = [];
    for (let i = 0; i < 2000; i++) {
      if (i % 25 === 0) {
        // Evicts all.
        encoder.setMaxTableSize(0);
        encoder.setMaxTableSize(512);
      }
      // First values that are too long for the table, while its name is forgotten; then a few that go there, and come again.
      const value = i % 200 < 150 ? "long ".repeat(60) : `value ${i % 4}`;
      const fields = [`often-${Math.trunc(i / 200)}`, value, `x-${i}-a`, "1", `x-${i}-b`, "2"];
      const list = decode(decoder, encodeList(encoder, new HeaderFields([]), fields));
      if (byName(list.fields).join() !== byName(fields).join()) wrong.push({ i, fields, got: list.fields });
    }
    expect(wrong).toEqual([]);
  });

  test("random lists, repeated and not, as table sizes change", () => {
    const name = fc.oneof(
      fc.constantFrom(
        ":path",
        ":status",
        "a",
        "b",
        "authorization",
        "grpc-timeout",
        "content-type",
        "x-user",
      ),
      fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/),
    );
    const value = fc.oneof(
      fc.constantFrom("", "1", "2", "200", "/", "application/grpc"),
      fc.stringMatching(/^[!-~]{1,60}$/),
      fc.integer({ min: 100, max: 3000 }).map((length) => "x".repeat(length)),
    );
    const list = fc.array(fc.tuple(name, value), { maxLength: 8 }).map((pairs) => pairs.flat());
    const size = fc.constantFrom(0, 32, 100, 500, 4096, 10_000);
    // A step: which of the lists is sent, with what besides, or a new table size.
    const step = fc.oneof(
      { weight: 8, arbitrary: fc.record({ list: fc.nat(4), rest: fc.oneof(fc.constant([]), list) }) },
      { weight: 1, arbitrary: fc.record({ sizes: fc.array(size, { minLength: 1, maxLength: 3 }) }) },
    );
    fc.assert(
      fc.property(
        fc.array(list, { minLength: 5, maxLength: 5 }),
        fc.array(step, { minLength: 1, maxLength: 60 }),
        fc.constantFrom(200, 4096, 8192),
        (lists, steps, maxTableSize) => {
          const headers = lists.map((fields) => new HeaderFields(fields));
          const encoder = new HpackEncoder({ maxTableSize });
          const decoder = new HpackDecoder({ maxHeaderListSize: 1 << 20 });
          for (const each of steps) {
            if ("sizes" in each) {
              for (const next of each.sizes) {
                encoder.setMaxTableSize(next);
                decoder.setMaxTableSize(next);
              }
              continue;
            }
            const sent = headers[each.list]!;
            const block = encodeList(encoder, sent, each.rest);
            expect(block.length).toBeLessThanOrEqual(encoder.maxLength(sent, each.rest));
            expect(byName(decode(decoder, block).fields)).toEqual(byName([...sent.fields, ...each.rest]));
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
