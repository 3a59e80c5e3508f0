import type { Socket } from "node:net";
import { Duplex } from "node:stream";

/** One end of a connection within the process, with what a connection needs of a socket. */
class InProcessSocket extends Duplex {
  other: InProcessSocket | undefined;
  /** Tells the other end that what it wrote has been taken. */
  #taken: (() => void) | undefined;

  constructor() {
    super({ allowHalfOpen: false, highWaterMark: 64 * 1024 });
  }

  override _read(): void {
    const taken = this.#taken;
    this.#taken = undefined;
    taken?.();
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    const { other } = this;
    if (other === undefined || other.destroyed) done();
    // Copied, as by a real one: the writer's memory is used again.
    else if (other.push(Buffer.from(chunk))) setImmediate(done);
    else other.#taken = done;
  }

  override _final(done: () => void): void {
    this.other?.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const { other } = this;
    this.other = undefined;
    if (other !== undefined && !other.destroyed) setImmediate(() => other.destroy());
    done(error);
  }

  setNoDelay(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
}

/** The two ends of a connection within the process. */
export function createInProcessSocket(): [Socket, Socket] {
  const one = new InProcessSocket();
  const other = new InProcessSocket();
  one.other = other;
  other.other = one;
  return [one as unknown as Socket, other as unknown as Socket];
}
