import { describe, expect, test } from "@jest/globals";
import { HpackDecoder } from "./decoder.js";
import { HpackEncoder } from "./encoder.js";
import { decode, encode, hex } from "../testing/header-blocks.js";
import { writeInteger } from "./integers.js";

// RFC 7541 appendix C. What the decoder's table holds after each block is read back by index.

interface Step {
  block: string;
  fields: string[];
  /** The dynamic table, the newest entry first. */
  table: string[];
  /** Its size in bytes. */
  size: number;
}

const AUTHORITY = [":authority", "www.example.com"];
const NO_CACHE = ["cache-control", "no-cache"];
const CUSTOM = ["custom-key", "custom-value"];
const GET_HTTP = [":method", "GET", ":scheme", "http", ":path", "/"];

const requests: Omit<Step, "block">[] = [
  { fields: [...GET_HTTP, ...AUTHORITY], table: AUTHORITY, size: 57 },
  { fields: [...GET_HTTP, ...AUTHORITY, ...NO_CACHE], table: [...NO_CACHE, ...AUTHORITY], size: 110 },
  {
    fields: [":method", "GET", ":scheme", "https", ":path", "/index.html", ...AUTHORITY, ...CUSTOM],
    table: [...CUSTOM, ...NO_CACHE, ...AUTHORITY],
    size: 164,
  },
];

const PRIVATE = ["cache-control", "private"];
const DATE_21 = ["date", "Mon, 21 Oct 2013 20:13:21 GMT"];
const DATE_22 = ["date", "Mon, 21 Oct 2013 20:13:22 GMT"];
const LOCATION = ["location", "https://www.example.com"];
const GZIP = ["content-encoding", "gzip"];
const COOKIE = ["set-cookie", "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"];

const responses: Omit<Step, "block">[] = [
  {
    fields: [":status", "302", ...PRIVATE, ...DATE_21, ...LOCATION],
    table: [...LOCATION, ...DATE_21, ...PRIVATE, ":status", "302"],
    size: 222,
  },
  {
    fields: [":status", "307", ...PRIVATE, ...DATE_21, ...LOCATION],
    table: [":status", "307", ...LOCATION, ...DATE_21, ...PRIVATE],
    size: 222,
  },
  {
    fields: [":status", "200", ...PRIVATE, ...DATE_22, ...LOCATION, ...GZIP, ...COOKIE],
    table: [...COOKIE, ...GZIP, ...DATE_22],
    size: 215,
  },
];

function steps(blocks: string[], expected: Omit<Step, "block">[]): Step[] {
  return expected.map((step, i) => ({ ...step, block: blocks[i]! }));
}

/** A block of indexed fields: the dynamic table's first entries. */
function everyEntry(length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, i) => 0x80 | (62 + i)));
}

/** Reads the whole table through indexed fields; one more index must be past its end. */
function readTable(decoder: HpackDecoder, length: number): string[] {
  return [...decode(decoder, everyEntry(length)).fields];
}

const examples: [name: string, maxTableSize: number, steps: Step[]][] = [
  [
    "C.3 requests without Huffman coding",
    4096,
    steps(
      [
        "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
        "8286 84be 5808 6e6f 2d63 6163 6865",
        "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
      ],
      requests,
    ),
  ],
  [
    "C.4 requests with Huffman coding",
    4096,
    steps(
      [
        "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
        "8286 84be 5886 a8eb 1064 9cbf",
        "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
      ],
      requests,
    ),
  ],
  [
    "C.5 responses without Huffman coding, with eviction",
    256,
    steps(
      [
        `4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133
         2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70
         6c65 2e63 6f6d`,
        "4803 3330 37c1 c0bf",
        `88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d
         54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049
         5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e
         3d31`,
      ],
      responses,
    ),
  ],
  [
    "C.6 responses with Huffman coding, with eviction",
    256,
    steps(
      [
        `4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6
         2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3`,
        "4883 640e ffc1 c0bf",
        `88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab
         77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f
         9587 3160 65c0 03ed 4ee5 b106 3d50 07`,
      ],
      responses,
    ),
  ],
];

describe("decoding the examples of RFC 7541, appendix C", () => {
  test.each(examples)("%s", (_, maxTableSize, blocks) => {
    const decoder = new HpackDecoder({ maxTableSize });
    for (const { block, fields, table, size } of blocks) {
      expect(decode(decoder, hex(block)).fields).toEqual(fields);
      expect(readTable(decoder, table.length / 2)).toEqual(table);
      expect(decode(decoder, everyEntry(table.length / 2)).size).toBe(size);
    }
    const table = blocks.at(-1)!.table;
    expect(() => readTable(decoder, table.length / 2 + 1)).toThrow("Index past the table");
  });

  test.each<[string, string, string[], string[]]>([
    [
      "C.2.1 literal with indexing",
      "400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572",
      ["custom-key", "custom-header"],
      ["custom-key", "custom-header"],
    ],
    ["C.2.2 literal without indexing", "040c 2f73 616d 706c 652f 7061 7468", [":path", "/sample/path"], []],
    ["C.2.3 literal never indexed", "1008 7061 7373 776f 7264 0673 6563 7265 74", ["password", "secret"], []],
    ["C.2.4 indexed", "82", [":method", "GET"], []],
  ])("%s", (_, block, fields, table) => {
    const decoder = new HpackDecoder();
    expect(decode(decoder, hex(block)).fields).toEqual(fields);
    expect(readTable(decoder, table.length / 2)).toEqual(table);
    expect(() => readTable(decoder, table.length / 2 + 1)).toThrow("Index past the table");
  });
});

describe("encoding the examples", () => {
  test.each<[string, number, number, string]>([
    ["C.1.1", 10, 5, "0a"],
    ["C.1.2", 1337, 5, "1f9a0a"],
    ["C.1.3", 42, 8, "2a"],
  ])("%s integer", (_, value, prefixBits, bytes) => {
    const out = Buffer.alloc(8);
    expect(out.subarray(0, writeInteger(out, 0, 0, prefixBits, value))).toEqual(hex(bytes));
  });

  test("C.2.2 and C.2.3: what is not indexed, and never indexed, but for Huffman's code", () => {
    const encoder = new HpackEncoder({ sensitiveNames: ["password"] });
    expect(encode(encoder, ["password", "secret"]).toString("hex")).toBe("1086ac684783d9278441496153");
    expect(encode(encoder, [], ["grpc-message", "x".repeat(65)])[0]).toBe(0x00);
  });

  test("C.4 byte for byte", () => {
    const encoder = new HpackEncoder();
    const [, , blocks] = examples[1]!;
    for (const { block, fields } of blocks) expect(encode(encoder, fields)).toEqual(hex(block));
  });

  test("C.6, first block byte for byte, the others as the decoder understands them", () => {
    const encoder = new HpackEncoder({ maxTableSize: 256 });
    const decoder = new HpackDecoder();
    const [, , blocks] = examples[3]!;
    blocks.forEach(({ block, fields }, i) => {
      const encoded = encode(encoder, fields);
      // Before the first block comes the update to the smaller table: 3f e1 01.
      if (i === 0) expect(encoded).toEqual(hex(`3fe101 ${block}`));
      expect(decode(decoder, encoded).fields).toEqual(fields);
    });
  });
});
