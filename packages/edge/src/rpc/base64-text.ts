import { EdgeError } from "../errors/edge-error.js";

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
    return padding < 0 || padding >= end - 2 ? decode(text.slice(0, end)) : decodePieces(text.slice(0, end));
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

function decode(text: string): Buffer {
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const bytes = Buffer.from(text, "base64");
  // What is no base64 is left out.
  if (bytes.length !== (text.length / 4) * 3 - padding) throw notBase64();
  return bytes;
}

/** The values of the characters of base64, of both alphabets, by their codes; -1 for all others. */
const VALUES = new Int8Array(256).fill(-1);
for (const alphabet of ["+/", "-_"]) {
  const all = `ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789${alphabet}`;
  for (let value = 0; value < all.length; value++) VALUES[all.charCodeAt(value)] = value;
}
const PADDING = "=".charCodeAt(0);

/**
 * Decodes a body of several pieces, each with its own padding (gRPC-Web, "Text-encoded streams"). A client may send pieces of one
 * byte, and a buffer for each would take seconds.
 */
function decodePieces(text: string): Buffer {
  const bytes = Buffer.allocUnsafe((text.length / 4) * 3);
  let length = 0;
  for (let at = 0; at < text.length; at += 4) {
    const isPadded = text.charCodeAt(at + 3) === PADDING;
    const isPaddedTwice = isPadded && text.charCodeAt(at + 2) === PADDING;
    const group =
      (VALUES[text.charCodeAt(at)]! << 18) |
      (VALUES[text.charCodeAt(at + 1)]! << 12) |
      (isPaddedTwice ? 0 : VALUES[text.charCodeAt(at + 2)]! << 6) |
      (isPadded ? 0 : VALUES[text.charCodeAt(at + 3)]!);
    // A character without a value makes its group negative.
    if (group < 0) throw notBase64();
    bytes.writeUIntBE(group, length, 3);
    length += isPaddedTwice ? 1 : isPadded ? 2 : 3;
  }
  return bytes.subarray(0, length);
}

function notBase64(): EdgeError {
  return new EdgeError("BAD_ENVELOPE", "the body is not base64");
}
