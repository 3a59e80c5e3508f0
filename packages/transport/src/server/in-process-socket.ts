import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { setImmediate } from "../turn.js";

/** The bytes that one end takes in before the other one's writes must wait: as the system's buffer is for a socket. */
const BUFFER_BYTES = 64 * 1024;

let writes = 0;

/** How often something was written within this process: a clock of tests waits until it stands still. */
export function inProcessWrites(): number {
  return writes;
}

/**
 * One end of a connection within the process, with what a connection needs of a socket. What is written arrives in a later
 * turn, in order, also if the writer is destroyed right after: neither end ever runs inside the other one's call.
 */
class InProcessSocket extends Duplex {
  other: InProcessSocket | undefined;
  /** Bytes that are on their way here. */
  #coming = 0;
  /** Tells the other end that there is room for more. */
  #taken: (() => void) | undefined;

  constructor() {
    super({ allowHalfOpen: false, highWaterMark: BUFFER_BYTES });
  }

  override _read(): void {
    const taken = this.#taken;
    this.#taken = undefined;
    taken?.();
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    const { other } = this;
    writes++;
    if (other === undefined || other.destroyed) {
      done();
      return;
    }
    // Copied, as by a real one: the writer's memory is used again.
    const bytes = Buffer.from(chunk);
    other.#coming += bytes.length;
    setImmediate(() => other.#arrive(bytes));
    if (other.#coming + other.readableLength < BUFFER_BYTES) done();
    else other.#taken = done;
  }

  override _final(done: () => void): void {
    this.#endOther();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#endOther();
    this.other = undefined;
    done(error);
  }

  #arrive(bytes: Buffer): void {
    this.#coming -= bytes.length;
    if (!this.destroyed) this.push(bytes);
  }

  /** Behind all that is on its way. */
  #endOther(): void {
    const { other } = this;
    setImmediate(() => {
      if (other !== undefined && !other.destroyed) other.push(null);
    });
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
