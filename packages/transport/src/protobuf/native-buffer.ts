/**
 * A Buffer with the text methods that Node.js has under `toString` and `write` and its type declarations leave out. They
 * skip the choice of encoding, which costs as much as copying a short string.
 */
export interface NativeBuffer extends Buffer {
  latin1Slice(start: number, end: number): string;
  utf8Slice(start: number, end: number): string;
  /** Writes as much of the text as fits, in whole characters, and returns the number of bytes. */
  utf8Write(text: string, offset: number): number;
}

/** The same memory as a Buffer. */
export function asNativeBuffer(bytes: Uint8Array): NativeBuffer {
  return (
    Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  ) as NativeBuffer;
}

/** Stands for "no buffer". */
export const emptyBuffer = Buffer.alloc(0) as NativeBuffer;
