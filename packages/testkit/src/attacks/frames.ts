/** Cuts what comes into HTTP/2 frames (RFC 9113, section 4.1). */
export class Frames {
  #rest: Buffer = Buffer.alloc(0);

  /** Calls back for each frame that is whole. */
  read(chunk: Buffer, onFrame: (type: number, flags: number, id: number, payload: Buffer) => void): void {
    const all = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    while (all.length - at >= 9) {
      const end = at + 9 + all.readUIntBE(at, 3);
      if (end > all.length) break;
      onFrame(all[at + 3]!, all[at + 4]!, all.readUInt32BE(at + 5), all.subarray(at + 9, end));
      at = end;
    }
    this.#rest = all.subarray(at);
  }
}
