/** The least room that is made for parts that wait, in bytes: a client may send them one by one. */
const MIN_ROOM = 4096;

/** A reader that waits for a part. */
interface Waiter {
  resolve(result: IteratorResult<Buffer, undefined>): void;
  reject(error: unknown): void;
}

/** The body of a request, for one reader. What is not read waits here, within the stream's credit. */
export class RequestBody implements AsyncIterableIterator<Buffer, undefined> {
  readonly #onRead: (bytes: number) => void;
  /** What waits; the last one may have room. */
  #waiting: Buffer[] = [];
  /** The bytes of the last one that are taken. */
  #used = 0;
  #ended = false;
  #error: Error | undefined;
  #waiter: Waiter | undefined;

  /** @param onRead Gets the number of bytes that were read, or passed over. */
  constructor(onRead: (bytes: number) => void) {
    this.#onRead = onRead;
  }

  /** True if no more will come. */
  get hasEnded(): boolean {
    return this.#ended;
  }

  /** Adds a part, which is copied. */
  push(part: Buffer): void {
    if (part.length === 0) return;
    const waiter = this.#waiter;
    if (this.#ended) this.#onRead(part.length);
    else if (waiter !== undefined) {
      this.#waiter = undefined;
      this.#onRead(part.length);
      waiter.resolve({ done: false, value: Buffer.from(part) });
    } else this.#keep(part);
  }

  /** No more will come. */
  end(): void {
    this.#ended = true;
    this.#waiter?.resolve({ done: true, value: undefined });
    this.#waiter = undefined;
  }

  /** No more will come, and what waits is worth nothing. */
  fail(error: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#waiting = [];
    if (this.#waiter === undefined) this.#error = error;
    else this.#waiter.reject(error);
    this.#waiter = undefined;
  }

  next(): Promise<IteratorResult<Buffer, undefined>> {
    const first = this.#waiting.shift();
    if (first !== undefined) {
      const value = this.#waiting.length === 0 ? first.subarray(0, this.#used) : first;
      this.#onRead(value.length);
      return Promise.resolve({ done: false, value });
    }
    const error = this.#error;
    if (error !== undefined) {
      this.#error = undefined;
      return Promise.reject(error);
    }
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    if (this.#waiter !== undefined) return Promise.reject(new Error("the body of a request has one reader"));
    return new Promise((resolve, reject) => (this.#waiter = { resolve, reject }));
  }

  return(): Promise<IteratorResult<Buffer, undefined>> {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#error = undefined;
    for (const [index, part] of waiting.entries())
      this.#onRead(index === waiting.length - 1 ? this.#used : part.length);
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #keep(part: Buffer): void {
    const last = this.#waiting.at(-1);
    const room = last === undefined ? 0 : last.length - this.#used;
    if (last !== undefined) this.#used += part.copy(last, this.#used, 0, Math.min(room, part.length));
    if (part.length <= room) return;
    const rest = part.subarray(room);
    const next = Buffer.allocUnsafeSlow(Math.max(rest.length, MIN_ROOM));
    this.#used = rest.copy(next);
    this.#waiting.push(next);
  }
}
