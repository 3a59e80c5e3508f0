/** A part of an answer. Text goes out in UTF-8. */
export type Part = string | Uint8Array | SharedPart;

/** A part of the answers to many clients: its bytes are made once for all of them. */
export class SharedPart {
  /** The part as a chunk of HTTP/1.1 (RFC 9112, section 7.1). */
  readonly chunk: Buffer;
  /** The part itself, in the same memory. */
  readonly bytes: Buffer;

  /** @param text Not empty. */
  constructor(text: string) {
    const chunk = chunkOf(text);
    // Memory of its own: a pool would be kept as long as the part.
    this.chunk = Buffer.allocUnsafeSlow(Buffer.byteLength(chunk));
    this.chunk.write(chunk);
    const start = chunk.indexOf(LINE_END) + LINE_END.length;
    this.bytes = this.chunk.subarray(start, this.chunk.length - LINE_END.length);
  }
}

const LINE_END = "\r\n";

/** A text as a chunk of HTTP/1.1. @param text Not empty: an empty chunk is the last one. */
export function chunkOf(text: string): string {
  return Buffer.byteLength(text).toString(16) + LINE_END + text + LINE_END;
}

/** A part as it is for a server that makes the frames around it. */
export function contentOf(part: Part): string | Uint8Array {
  return part instanceof SharedPart ? part.bytes : part;
}
