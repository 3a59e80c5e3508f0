import { EdgeError } from "../errors/edge-error.js";

/** Behind the padding of a piece: a body may be several pieces, each with its own (gRPC-Web, "Text-encoded streams"). */
const PIECES = /(?<==)(?!=)/;

/** Decodes the base64 of a body that comes in parts. */
export class Base64Reader {
  /** The beginning of a group of four. */
  #rest = "";

  /** True if a part of a group has come, and not the whole. */
  get isInside(): boolean {
    return this.#rest !== "";
  }

  /** The bytes that a part of the body completes. @throws {EdgeError} */
  read(part: Uint8Array): Buffer {
    const text = this.#rest + Buffer.from(part.buffer, part.byteOffset, part.length).toString("latin1");
    const end = text.length - (text.length % 4);
    this.#rest = text.slice(end);
    const padding = text.indexOf("=");
    if (padding < 0 || padding >= end - 2) return decode(text.slice(0, end));
    return Buffer.concat(text.slice(0, end).split(PIECES).map(decode));
  }

  /** @throws {EdgeError} if the body ends inside of a group. */
  end(): void {
    if (this.isInside) throw notBase64();
  }
}

/** The length of base64, in one piece. */
export function base64Length(bytes: number): number {
  return Math.ceil(bytes / 3) * 4;
}

function decode(piece: string): Buffer {
  const padding = piece.endsWith("==") ? 2 : piece.endsWith("=") ? 1 : 0;
  const bytes = Buffer.from(piece, "base64");
  // What is no base64 is left out.
  if (bytes.length !== (piece.length / 4) * 3 - padding) throw notBase64();
  return bytes;
}

function notBase64(): EdgeError {
  return new EdgeError("BAD_ENVELOPE", "the body is not base64");
}
