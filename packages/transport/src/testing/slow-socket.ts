import { Duplex } from "node:stream";

/** A socket that takes a write at once or, like the kernel's when it is full, keeps its bytes and takes them later. */
export class SlowSocket extends Duplex {
  full = false;
  readonly taken: Buffer[] = [];
  readonly #held: { bytes: Buffer; done: () => void }[] = [];

  constructor() {
    super({ highWaterMark: 1 << 30 });
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.full) this.#held.push({ bytes, done });
    else {
      this.taken.push(Buffer.from(bytes));
      done();
    }
  }

  override _read(): void {}

  release(): void {
    this.full = false;
    for (const { bytes, done } of this.#held.splice(0)) {
      this.taken.push(Buffer.from(bytes));
      done();
    }
  }
}
