import type { PieceForm } from "@callwire/testkit/fuzz/fuzz-target";
import { FRAME_HEADER_LENGTH } from "../../http2/constants.js";

/** Pieces that each have their length in themselves. */
function selfDelimiting(
  headerLength: number,
  payloadLength: (header: Buffer) => number,
  write: (piece: Buffer, payloadLength: number) => void,
  /** The bytes before the first piece. */
  skipped: number,
): PieceForm {
  return {
    split(input) {
      const pieces = skipped > 0 ? [input.subarray(0, skipped)] : [];
      for (let at = skipped; at < input.length;) {
        const header = input.subarray(at, at + headerLength);
        const end = at + headerLength + (header.length < headerLength ? 0 : payloadLength(header));
        pieces.push(input.subarray(at, end));
        at = end;
      }
      return pieces;
    },
    mend(piece) {
      if (piece.length < headerLength) return piece;
      const mended = Buffer.from(piece);
      write(mended, piece.length - headerLength);
      return mended;
    },
  };
}

/** Frames (RFC 9113, section 4.1), behind one byte that says how the bytes come. */
export const frames = selfDelimiting(
  FRAME_HEADER_LENGTH,
  (header) => header.readUIntBE(0, 3),
  (piece, length) => piece.writeUIntBE(length, 0, 3),
  1,
);

/** Header blocks, each behind its length, behind one byte that says the size of the table. */
export const blocks = selfDelimiting(
  2,
  (header) => header.readUInt16BE(0),
  (piece, length) => piece.writeUInt16BE(Math.min(length, 0xffff), 0),
  1,
);

/** Entries of SETTINGS (RFC 9113, section 6.5.1). */
export const entries: PieceForm = {
  split: (input) =>
    Array.from({ length: Math.ceil(input.length / 6) }, (_, i) => input.subarray(6 * i, 6 * i + 6)),
  mend: (piece) => Buffer.concat([piece, Buffer.alloc(6)]).subarray(0, 6),
};

/** A block as a piece of {@link blocks}. */
export function blockPiece(block: Uint8Array): Buffer {
  const header = Buffer.allocUnsafe(2);
  header.writeUInt16BE(block.length);
  return Buffer.concat([header, block]);
}
