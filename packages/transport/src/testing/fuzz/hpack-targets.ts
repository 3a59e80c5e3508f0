import { mustHold, resultOf, type FuzzTarget } from "@callwire/testkit/fuzz/fuzz-target";
import { InputReader } from "@callwire/testkit/fuzz/input-reader";
import { HpackDecoder } from "../../hpack/decoder.js";
import { HpackEncoder } from "../../hpack/encoder.js";
import { HpackError } from "../../hpack/errors.js";
import { isPaddedValue, isValidName, isValidValue } from "../../hpack/field-rules.js";
import { HeaderFields } from "../../hpack/header-fields.js";
import { byName, encode, encodeList } from "../header-blocks.js";
import { ReferenceDecoder } from "../reference-decoder.js";
import { literals } from "../raw-peer.js";
import { blockPiece, blocks } from "./pieces.js";

const TABLE_SIZES = [4096, 0, 64, 200];
const MAX_LIST = 1000;

const isHpackError = (error: unknown): boolean => error instanceof HpackError;

/** The blocks of one connection, decoded as RFC 7541 reads. */
export const hpackDecode: FuzzTarget = {
  name: "hpack-decode",
  about: "header blocks of one connection; the reference decoder agrees",
  covers: ["/hpack/"],
  maxBytes: 2048,
  seeds: decodeSeeds,
  dictionary: [
    Buffer.of(0x20),
    Buffer.of(0x3f, 0xe1, 0x1f),
    Buffer.of(0x82, 0x86, 0x84),
    Buffer.of(0xbe, 0xbf),
    Buffer.of(0x7f, 0xff, 0xff, 0xff, 0xff, 0x0f),
    Buffer.of(0x40, 1, 0x78, 1, 0x79),
    Buffer.of(0x40, 0x81, 0xf3, 0x81, 0xf5),
    literals([["x", "y"]]),
  ],
  pieces: blocks,
  maxSteps: { base: 5000, perByte: 3000 },
  open: () => ({ run: decodeBlocks }),
};

function decodeSeeds(): Buffer[] {
  const encoder = new HpackEncoder();
  const request = [":method", "POST", ":path", "/a.B/C", "te", "trailers", "user-agent", "x/1"];
  const fields = new HeaderFields(request);
  const sent = [0, 1, 2].map((i) =>
    encodeList(encoder, fields, ["grpc-timeout", `${i}S`, "x", "y".repeat(90 * i)]),
  );
  const all = [...sent, sent[2]!, literals([["x", "y"]]), Buffer.of(0x20), Buffer.of(0x82, 0xbe)];
  return [
    Buffer.concat([Buffer.of(0), ...all.map(blockPiece)]),
    Buffer.of(1, 0, 1, 0x82),
    Buffer.of(2, 0, 1, 0x20),
  ];
}

function decodeBlocks(input: Buffer): void {
  const size = TABLE_SIZES[(input[0] ?? 0) % TABLE_SIZES.length]!;
  const decoder = new HpackDecoder({ maxTableSize: size, maxHeaderListSize: MAX_LIST });
  const reference = new ReferenceDecoder(size, MAX_LIST);
  for (const piece of blocks.split(input).slice(1)) {
    const block = piece.subarray(2);
    // A piece without a block is our new limit, put in force.
    if (block.length === 0) {
      const limit = piece.readUIntBE(0, piece.length) % 5000;
      decoder.setMaxTableSize(limit);
      reference.setMaxTableSize(limit);
      continue;
    }
    const list = resultOf(() => decoder.decode(piece, 2, piece.length), isHpackError)?.value;
    const expected = resultOf(() => reference.decode(block), isHpackError)?.value;
    mustHold((list === undefined) === (expected === undefined), "one decoder refuses what the other takes");
    if (list === undefined || expected === undefined) return;
    mustHold(list.fields.join("\0") === expected.fields.join("\0"), "the fields differ");
    mustHold(list.size === expected.size && list.tooLarge === expected.tooLarge, "the sizes differ");
    mustHold(list.tooLarge || list.malformed === expected.malformed, "one finds it malformed");
  }
}

const NAMES = [":path", "te", "authorization", "cookie", "x", "grpc-timeout", "traceparent", "x-request-id"];

/** Fields that an encoder sends are those that a decoder gets. */
export const hpackRoundTrip: FuzzTarget = {
  name: "hpack-round-trip",
  about: "header lists, encoded and decoded over one connection",
  covers: ["/hpack/"],
  maxBytes: 2048,
  seeds: () => [
    Buffer.from([2, 0, 3, 97, 98, 99, 1, 4, 49, 50, 51, 52, 3, 2, 0, 1, 97]),
    Buffer.concat(Array.from({ length: 40 }, (_, i) => Buffer.of(1, 4, 3, 97, 98, 97 + (i % 3)))),
    Buffer.concat([Buffer.of(0, 255, 0, 2, 1, 9, 100), Buffer.alloc(100, 0x7a)]),
  ],
  dictionary: [Buffer.of(0, 0), Buffer.of(0, 255), Buffer.of(1, 2, 0), "authorization"],
  maxSteps: { base: 20_000, perByte: 3000 },
  open: () => ({ run: encodeAndDecode }),
};

function encodeAndDecode(input: Buffer): void {
  const reader = new InputReader(input);
  const encoder = new HpackEncoder({ sensitiveNames: ["x"] });
  const decoder = new HpackDecoder({ maxHeaderListSize: Infinity });
  while (!reader.atEnd) {
    const count = reader.below(8);
    if (count === 0) {
      // The decoder's side announces a size, and the encoder acknowledges it.
      const size = 16 * reader.byte();
      decoder.setMaxTableSize(size);
      encoder.setMaxTableSize(size);
      continue;
    }
    const fields: string[] = [];
    for (let i = 0; i < count; i++) fields.push(...takeField(reader));
    const repeats = 2 * reader.below(count + 1);
    const [known, rest] = [fields.slice(0, repeats), fields.slice(repeats)];
    const block = encode(encoder, known, rest);
    const list = decoder.decode(block, 0, block.length);
    mustHold(byName(list.fields).join("\0") === byName(fields).join("\0"), "the fields differ");
    mustHold(!list.malformed && !list.tooLarge, "what was sent is refused");
  }
}

/** A field that may be sent: by number, or by the input's own bytes. */
function takeField(reader: InputReader): [name: string, value: string] {
  const choice = reader.byte();
  const own = choice % 16 === 15 ? reader.bytes(reader.below(20)).toString("latin1").toLowerCase() : "";
  const name = isValidName(own) ? own : NAMES[choice % NAMES.length]!;
  const value = reader.bytes(reader.below(200)).toString("latin1");
  return [name, isValidValue(value) && !isPaddedValue(value) ? value : "v"];
}
