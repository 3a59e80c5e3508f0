import { Reader } from "../reader.js";

/** A reader of a part of some bytes. That of a bundle for browsers has no `begin`. */
export function readerAt(bytes: Uint8Array, start: number, end: number): Reader {
  return "begin" in Reader.prototype
    ? new Reader().begin(bytes, start, end)
    : new Reader(bytes.subarray(start, end));
}
