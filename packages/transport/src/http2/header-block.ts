import { ConnectionError, ErrorCode } from "./errors.js";

/**
 * The most bytes of one header block before it is decoded, whatever it decodes to. Larger ones end the connection; the call
 * of one that is over `maxHeaderListSize` only is answered, and a proxy has many callers on one connection.
 */
export const MAX_HEADER_BLOCK_BYTES = 256 * 1024;
/** The most CONTINUATION frames of one header block: the flood of CVE-2024-27316 has no end. */
export const MAX_CONTINUATIONS = 16;

/** Puts together a header block that does not fit in one frame (RFC 9113, section 6.10). */
export class HeaderBlock {
  /** The stream whose block is not complete; 0 if there is none. */
  streamId = 0;
  endStream = false;
  #parts: Buffer[] = [];
  #size = 0;

  begin(streamId: number, endStream: boolean, part: Buffer): void {
    this.streamId = streamId;
    this.endStream = endStream;
    this.#parts = [];
    this.#size = 0;
    this.#add(part);
  }

  /** @throws {ConnectionError} ENHANCE_YOUR_CALM if the block is too long, or cut in too many pieces. */
  continue(part: Buffer): void {
    if (this.#parts.length > MAX_CONTINUATIONS) {
      throw new ConnectionError(
        ErrorCode.ENHANCE_YOUR_CALM,
        `more than ${MAX_CONTINUATIONS} CONTINUATION frames`,
      );
    }
    this.#add(part);
  }

  /** The whole block. */
  finish(): Buffer {
    this.streamId = 0;
    const block = Buffer.concat(this.#parts);
    this.#parts = [];
    return block;
  }

  #add(part: Buffer): void {
    this.#size += part.length;
    if (this.#size > MAX_HEADER_BLOCK_BYTES) {
      throw new ConnectionError(
        ErrorCode.ENHANCE_YOUR_CALM,
        `a header block over ${MAX_HEADER_BLOCK_BYTES} bytes`,
      );
    }
    this.#parts.push(Buffer.from(part));
  }
}
