/** The most bytes of a frame before its data (RFC 6455, section 5.2): two, eight of the length, and four of the mask. */
const MAX_HEAD = 14;
const FINAL = 0x80;
const CONTROL = 0x08;
const MASKED = 0x80;

/** Follows the frames of a client, to know how much of a message has come that is not whole: `ws` keeps it, and says nothing of it. */
export class FrameProgress {
  /** The bytes of a message that is not whole, and of a frame that is not, with their heads. */
  unfinished = 0;
  readonly #head = new DataView(new ArrayBuffer(MAX_HEAD));
  /** The bytes of the head that have come; all of it while its data come. */
  #headBytes = 0;
  /** The bytes of data that the frame still has. */
  #left = 0;
  /** The bytes of the frame that have come. */
  #frameBytes = 0;

  /** Takes what has come. True if a message has become whole. */
  take(chunk: Uint8Array): boolean {
    let isWhole = false;
    for (let at = 0; at < chunk.length;) {
      const taken = this.#left > 0 ? this.#takeData(chunk.length - at) : this.#takeHead(chunk[at]!);
      at += taken;
      this.#frameBytes += taken;
      this.unfinished += taken;
      if (this.#left === 0 && this.#headBytes === this.#headLength()) isWhole = this.#onFrame() || isWhole;
    }
    return isWhole;
  }

  #takeData(available: number): number {
    const taken = Math.min(this.#left, available);
    this.#left -= taken;
    return taken;
  }

  #takeHead(byte: number): number {
    this.#head.setUint8(this.#headBytes++, byte);
    if (this.#headBytes === this.#headLength()) this.#left = this.#dataLength();
    return 1;
  }

  #headLength(): number {
    if (this.#headBytes < 2) return MAX_HEAD;
    const second = this.#head.getUint8(1);
    const length = second & ~MASKED;
    return 2 + (length === 127 ? 8 : length === 126 ? 2 : 0) + (second & MASKED ? 4 : 0);
  }

  #dataLength(): number {
    const length = this.#head.getUint8(1) & ~MASKED;
    if (length < 126) return length;
    return length === 126 ? this.#head.getUint16(2) : Number(this.#head.getBigUint64(2));
  }

  /** A frame is whole. True if a message is, too. */
  #onFrame(): boolean {
    const first = this.#head.getUint8(0);
    const isControl = (first & CONTROL) !== 0;
    // A frame of control may stand between those of a message (section 5.4).
    if (isControl) this.unfinished -= this.#frameBytes;
    const isWhole = !isControl && (first & FINAL) !== 0;
    if (isWhole) this.unfinished = 0;
    this.#headBytes = 0;
    this.#frameBytes = 0;
    return isWhole;
  }
}
