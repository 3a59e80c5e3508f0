import { Buffer, isUtf8 as isUtf8Bytes } from "node:buffer";
import { markAsUntransferable } from "node:worker_threads";

// Text and memory by Node.js's own calls. `text.web.ts` has the same names for every other place: package.json says which of
// the two "#text" is.

/**
 * The text methods of a Buffer that Node.js has under `toString` and `write` and its type declarations leave out. They
 * skip the choice of encoding, which costs as much as copying a short string.
 */
interface NativeBuffer {
  latin1Slice(this: Uint8Array, start: number, end: number): string;
  utf8Slice(this: Uint8Array, start: number, end: number): string;
  /** Writes as much of the text as fits, in whole characters, and returns the number of bytes. */
  utf8Write(this: Uint8Array, text: string, offset: number): number;
}

/** These take the memory of any Uint8Array. */
const nativeBuffer = Buffer.prototype as unknown as NativeBuffer;

/** New memory, not cleared, that stands for itself alone. */
export function allocate(size: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(size).buffer);
}

/** New memory that many messages share: who hands one of them to a worker must not take the others with it. */
export function allocateShared(size: number): Uint8Array {
  const memory = allocate(size);
  markAsUntransferable(memory.buffer);
  return memory;
}

export function latin1Slice(bytes: Uint8Array, start: number, end: number): string {
  return nativeBuffer.latin1Slice.call(bytes, start, end);
}

/** The text of UTF-8; what is none becomes U+FFFD. */
export function utf8Slice(bytes: Uint8Array, start: number, end: number): string {
  return nativeBuffer.utf8Slice.call(bytes, start, end);
}

export function isUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  return isUtf8Bytes(bytes.subarray(start, end));
}

/** Writes a text for which there is room, as UTF-8; returns the number of bytes. A lone surrogate becomes U+FFFD. */
export function utf8Write(bytes: Uint8Array, text: string, offset: number): number {
  return nativeBuffer.utf8Write.call(bytes, text, offset);
}

/** The number of bytes of a text as UTF-8. */
export function utf8Length(text: string): number {
  return Buffer.byteLength(text);
}

/** The bytes as base64 (RFC 4648), padded. */
export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

/** The bytes of base64 of either alphabet, padded or not. */
export function fromBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "base64"));
}

const v8 = Number.parseFloat(process.versions.v8);

/** True if JSON.stringify takes less time for a number than a loop over its digits: V8 has been quicker at it since 13.8. */
export const stringifiesQuickly = v8 >= 13.8;

/** True if JSON.stringify takes longer for a long text than for its parts: that of Node.js 22 and 24 does. */
export const stringifiesInParts = v8 >= 12 && v8 < 13.8;
