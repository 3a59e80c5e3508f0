import { ACCEPT, EMIT_SHIFT, huffmanTables, NEXT_SHIFT, type HuffmanTables } from "./huffman-table.js";

/** RFC 7541's Huffman code (section 5.2, appendix B), both ways. Stateless: one object serves everyone. */
export class Huffman {
  readonly #codes: Uint32Array;
  readonly #lengths: Uint8Array;
  readonly #transitions: Int32Array;

  constructor({ codes, lengths, transitions }: HuffmanTables = huffmanTables()) {
    this.#codes = codes;
    this.#lengths = lengths;
    this.#transitions = transitions;
  }

  /** The coded length of `text`, a string of characters up to U+00FF, in bytes. */
  encodedLength(text: string): number {
    const lengths = this.#lengths;
    let bits = 0;
    for (let i = 0; i < text.length; i++) bits += lengths[text.charCodeAt(i) & 0xff]!;
    return (bits + 7) >>> 3;
  }

  /** Writes `text` coded and padded; returns the position after it. */
  encode(text: string, out: Uint8Array, at: number): number {
    const codes = this.#codes;
    const lengths = this.#lengths;
    // The low `pending` bits of `bits` wait to be written, never more than 7 between two symbols; what is
    // above them has been written, and falls off the top.
    let bits = 0;
    let pending = 0;
    for (let i = 0; i < text.length; i++) {
      const symbol = text.charCodeAt(i) & 0xff;
      let code = codes[symbol]!;
      let length = lengths[symbol]!;
      if (length > 24) {
        // 7 bits and a code of up to 30 do not fit in 32: the code goes in two parts.
        bits = (bits << (length - 16)) | (code >>> 16);
        pending += length - 16;
        while (pending >= 8) out[at++] = bits >>> (pending -= 8);
        code &= 0xffff;
        length = 16;
      }
      bits = (bits << length) | code;
      pending += length;
      while (pending >= 8) out[at++] = bits >>> (pending -= 8);
    }
    if (pending > 0) out[at++] = (bits << (8 - pending)) | (0xff >>> pending);
    return at;
  }

  /**
   * Decodes `bytes` from `start` to `end` to the beginning of `out`, which has room for
   * {@link maxDecodedLength}. Returns the length, or -1 if it is not valid: EOS inside (section 5.2), a code
   * cut short, padding of more than 7 bits or not of ones.
   */
  decode(bytes: Uint8Array, start: number, end: number, out: Uint8Array): number {
    const transitions = this.#transitions;
    let step = ACCEPT;
    let length = 0;
    for (let i = start; i < end; i++) {
      const byte = bytes[i]!;
      // The byte is always stored, and counts only if a symbol ended: a branch here would be a coin toss.
      step = transitions[(step >>> NEXT_SHIFT) | (byte >>> 4)]!;
      out[length] = step;
      length += (step >>> EMIT_SHIFT) & 1;
      step = transitions[(step >>> NEXT_SHIFT) | (byte & 15)]!;
      out[length] = step;
      length += (step >>> EMIT_SHIFT) & 1;
    }
    return (step & ACCEPT) === 0 ? -1 : length;
  }
}

/** The room that decoding `length` bytes needs: the shortest code has five bits; one byte is spare. */
export function maxDecodedLength(length: number): number {
  return Math.floor((length * 8) / 5) + 1;
}
