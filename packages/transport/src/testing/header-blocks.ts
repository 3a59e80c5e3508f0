import { HpackDecoder } from "../hpack/decoder.js";
import { HpackEncoder } from "../hpack/encoder.js";
import { HeaderFields } from "../hpack/header-fields.js";
import type { HeaderList } from "../hpack/header-list.js";

/** Bytes from hexadecimal digits, as RFC 7541's appendix C prints them. */
export function hex(digits: string): Buffer {
  return Buffer.from(digits.replaceAll(/\s/g, ""), "hex");
}

export function decode(decoder: HpackDecoder, block: Buffer): HeaderList {
  return decoder.decode(block, 0, block.length);
}

/** Encodes fields as ones that repeat, then `rest` as ones that may not. */
export function encode(
  encoder: HpackEncoder,
  fields: readonly string[],
  rest: readonly string[] = [],
): Buffer {
  return encodeList(encoder, new HeaderFields(fields), rest);
}

/** Fields in the order of their names, those of one name as they came: an encoder may send others in another order. */
export function byName(fields: readonly string[]): string[] {
  const pairs = Array.from(
    { length: fields.length / 2 },
    (_, i) => [fields[2 * i]!, fields[2 * i + 1]!] as const,
  );
  return pairs.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).flat();
}

export function encodeList(
  encoder: HpackEncoder,
  headers: HeaderFields,
  rest: readonly string[] = [],
): Buffer {
  // Filled, so that a byte that was not written shows.
  const out = Buffer.alloc(encoder.maxLength(headers, rest) + 2, 0xee);
  return out.subarray(1, encoder.encodeWith(headers, rest, out, 1));
}
