import { randomInt } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "@jest/globals";
import { HpackDecoder } from "../hpack/decoder.js";
import { HeaderList } from "../hpack/header-list.js";
import { Huffman } from "../hpack/huffman.js";
import { writeInteger } from "../hpack/integers.js";
import { responseHead } from "../client/response-head.js";
import { ReferenceDecoder } from "../testing/reference-decoder.js";
import { requestHead } from "./request-head.js";
import type { ServerMethod } from "./server-method.js";

// Whatever is remembered of earlier blocks, the list of a block and the head that is read from it must be what they would be
// if it were the first one.

/** How long the fuzzer runs, in seconds; some thousand connections unless FUZZ_SECONDS is set. */
const seconds = Number(process.env["FUZZ_SECONDS"] ?? 0);
const CONNECTIONS = 400;
const MAX_LIST = 900;

const methods = new Map([["/a.B/C", {} as ServerMethod]]);

/** A request whose fields go to the table: from then on, and while nothing else goes there, the same one is six bytes. */
const firstRequest = [
  [0x83, 0x86],
  [0x44, 6, ...Buffer.from("/a.B/C")],
  [0x41, 1, ...Buffer.from("a")],
  [0x5f, 16, ...Buffer.from("application/grpc")],
  [0x40, 2, ...Buffer.from("te"), 8, ...Buffer.from("trailers")],
].flat();
const goodRequest = [0x83, 0x86, 0xc1, 0xc0, 0xbf, 0xbe];
/** Indexed fields that requests and responses begin with. */
const beginnings = [
  goodRequest,
  goodRequest,
  goodRequest,
  [...goodRequest, 0xbf],
  [0x83, 0x86],
  [0x82, 0x86, 0x84],
  [0x88],
  [0x88, 0xbf],
  [],
];
const names = [
  ":path",
  ":authority",
  ":x",
  "te",
  "content-type",
  "grpc-timeout",
  "grpc-encoding",
  "host",
  "connection",
];
const moreNames = [
  "grpc-status",
  "grpc-message",
  "content-length",
  "traceparent",
  "x-request-id",
  "a-bin",
  "user-agent",
];
const oddNames = ["Upper", "", "x y"];
const values = [
  "/a.B/C",
  "trailers",
  "application/grpc",
  "gzip",
  "identity",
  "0",
  "5",
  "30000m",
  "1S",
  "1s",
  "200",
];
const moreValues = [
  "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
  "AQID",
  "AQ==",
  "*",
  "x".repeat(70),
  "",
];
const oddValues = ["a\u0000b", "é", "tab\there", " blank", "\u007f"];

/** A small generator of reproducible numbers (xorshift); a failure names the seed. */
class Numbers {
  #state: number;

  constructor(seed: number) {
    this.#state = Math.imul(seed, 0x9e3779b1) | 1;
  }

  below(limit: number): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    return (state >>> 0) % limit;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }
}

/** Makes up the blocks of one connection. */
class Blocks {
  readonly #numbers: Numbers;
  readonly #out = Buffer.alloc(4096);
  /** Earlier ones, by their fields. */
  readonly #made: Buffer[][] = [[Buffer.from(firstRequest)]];

  constructor(numbers: Numbers) {
    this.#numbers = numbers;
  }

  next(): Buffer {
    const numbers = this.#numbers;
    const block = Buffer.concat(this.#make(numbers.below(10)));
    if (block.length > 0 && numbers.below(100) === 0) block[numbers.below(block.length)] = numbers.below(256);
    return block;
  }

  #make(choice: number): Buffer[] {
    const numbers = this.#numbers;
    const earlier = numbers.pick(this.#made);
    if (choice < 3) return earlier;
    const fields: Buffer[] = [];
    // The beginning of an earlier one, and something else after it; or all new.
    if (choice < 7) fields.push(...earlier.slice(0, numbers.below(earlier.length + 1)));
    else {
      if (numbers.below(50) === 0) fields.push(Buffer.of(0x20 | numbers.below(31)));
      fields.push(...numbers.pick(beginnings).map((byte) => Buffer.of(byte)));
    }
    for (let count = numbers.below(5); count > 0; count--) fields.push(this.#field());
    this.#made.push(fields);
    if (this.#made.length > 12) this.#made.splice(numbers.below(this.#made.length), 1);
    return fields;
  }

  #field(): Buffer {
    const numbers = this.#numbers;
    const out = this.#out;
    // Mostly what is in the table.
    const index = numbers.below(30) === 0 ? 70 : numbers.pick([62, 63, 64, 65, 4, 31, 28]);
    if (numbers.below(3) === 0) return Buffer.from(out.subarray(0, writeInteger(out, 0, 0x80, 7, index)));
    const choice = numbers.below(20);
    const flags = choice === 0 ? 0x40 : choice < 14 ? 0x00 : 0x10;
    const name = numbers.below(4) === 0 ? index : 0;
    let at = writeInteger(out, 0, flags, flags === 0x40 ? 6 : 4, name);
    if (name === 0)
      at = this.#string(this.#rarely(oddNames) ?? numbers.pick(numbers.pick([names, moreNames])), at);
    return Buffer.from(out.subarray(0, this.#string(this.#rarely(oddValues) ?? this.#value(), at)));
  }

  #rarely(from: readonly string[]): string | undefined {
    return this.#numbers.below(25) === 0 ? this.#numbers.pick(from) : undefined;
  }

  #value(): string {
    const value = this.#numbers.pick(this.#numbers.pick([values, moreValues]));
    return this.#numbers.below(3) === 0 ? `${value}${this.#numbers.below(1000)}` : value;
  }

  #string(text: string, at: number): number {
    if (this.#numbers.below(4) === 0) {
      const huffman = new Huffman();
      return huffman.encode(
        text,
        this.#out,
        writeInteger(this.#out, at, 0x80, 7, huffman.encodedLength(text)),
      );
    }
    at = writeInteger(this.#out, at, 0, 7, text.length);
    return at + this.#out.write(text, at, "latin1");
  }
}

/** What comes of it, an error as what it says. */
function outcome(what: () => unknown): unknown {
  try {
    return what();
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
}

/** Asked some hundred thousand times: jest's own look takes most of the time, and is for what differs. */
function expectSame(value: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(value, expected)) expect(value).toEqual(expected);
}

function sameAsWhole(list: HeaderList): void {
  const { fields, size, tooLarge, malformed } = list;
  const whole = () => new HeaderList(fields, size, tooLarge, malformed);
  const request = outcome(() => requestHead(whole(), methods));
  // Twice, since it is found the second time.
  for (let i = 0; i < 2; i++)
    expectSame(
      outcome(() => requestHead(list, methods)),
      request,
    );
}

function sameResponse(list: HeaderList): void {
  const { fields, size, tooLarge, malformed } = list;
  const response = outcome(() => responseHead(new HeaderList(fields, size, tooLarge, malformed)));
  for (let i = 0; i < 2; i++)
    expectSame(
      outcome(() => responseHead(list)),
      response,
    );
}

/** One connection, until a block is refused; returns how many lists had a base, and how many came again. */
function runConnection(seed: number): [based: number, known: number] {
  const numbers = new Numbers(seed);
  const blocks = new Blocks(numbers);
  const maxTableSize = numbers.pick([0, 200, 4096, 4096, 4096, 4096]);
  const decoder = new HpackDecoder({ maxTableSize, maxHeaderListSize: MAX_LIST });
  const reference = new ReferenceDecoder(maxTableSize, MAX_LIST);
  const seen = new Set<HeaderList>();
  const check = seed % 2 === 0 ? sameAsWhole : sameResponse;
  let based = 0;
  let known = 0;
  for (let i = 0; i < 150; i++) {
    const block = i === 0 ? Buffer.from(firstRequest) : blocks.next();
    let expected: HeaderList | undefined;
    try {
      expected = reference.decode(block);
    } catch {
      expect(() => decoder.decode(block, 0, block.length)).toThrow();
      break;
    }
    const padded = Buffer.concat([Buffer.of(0x82), block, Buffer.of(0x82)]);
    const list = decoder.decode(padded, 1, 1 + block.length);
    expectSame(list.fields, expected.fields);
    expectSame([list.size, list.tooLarge], [expected.size, expected.tooLarge]);
    if (!list.tooLarge) expectSame(list.malformed, expected.malformed);
    if (list.isText)
      expectSame(
        list.rest.every((text, at) => at % 2 === 0 || /^[ -~]*$/.test(text)),
        true,
      );
    if (list.base !== undefined) based++;
    if (seen.has(list)) known++;
    seen.add(list);
    check(list);
    if (numbers.below(100) === 0) {
      const size = numbers.pick([0, 50, 200, 4096]);
      decoder.setMaxTableSize(size);
      reference.setMaxTableSize(size);
    }
  }
  return [based, known];
}

describe("blocks whose beginning, or whole, is known", () => {
  test(
    "mean what they mean by themselves",
    () => {
      const first = seconds > 0 ? randomInt(2 ** 31) : 1;
      const end = Date.now() + seconds * 1000;
      let based = 0;
      let known = 0;
      let count = 0;
      for (; seconds > 0 ? Date.now() < end : count < CONNECTIONS; count++) {
        try {
          const [b, k] = runConnection(first + count);
          based += b;
          known += k;
        } catch (error) {
          throw new Error(`seed ${first + count}: ${String(error)}`, { cause: error });
        }
      }
      // Otherwise nothing was tested.
      expect(based).toBeGreaterThan(count / 2);
      expect(known).toBeGreaterThan(count);
    },
    (seconds + 60) * 1000,
  );
});
