/** The bytes that the connections of a process keep waiting in memory, all together. */
export class SharedBytes {
  total = 0;
  connections = 0;
}

/** The count for all servers of this process: its memory is one. */
export const serverBytes = new SharedBytes();

/**
 * The bytes that one connection keeps waiting in memory: received and not taken by a reader, decompressed, or waiting to
 * be sent. They count for all connections together, too. Over that limit, only connections with more than an equal share
 * of it must do without more: who fills the memory does not take it from the others.
 */
export class BufferedBytes {
  own = 0;
  readonly #shared: SharedBytes;
  readonly #max: number;

  /** @param max The most bytes of all connections together. */
  constructor(shared: SharedBytes = new SharedBytes(), max = Infinity) {
    this.#shared = shared;
    this.#max = max;
    shared.connections++;
  }

  /** True if this connection may keep no more. */
  get isOver(): boolean {
    return this.#exceeds(this.#max);
  }

  /** True if this connection should receive less, before it {@link isOver}. */
  get isNear(): boolean {
    return this.#exceeds(this.#max / 2);
  }

  /** Counts more bytes. */
  add(bytes: number): void {
    this.own += bytes;
    this.#shared.total += bytes;
  }

  /** Counts fewer: it is no `add` of what is negative, as -0 would make both counts floating-point numbers. */
  remove(bytes: number): void {
    this.own -= bytes;
    this.#shared.total -= bytes;
  }

  /** The connection is over. */
  close(): void {
    this.remove(this.own);
    this.#shared.connections--;
  }

  #exceeds(max: number): boolean {
    const { connections, total } = this.#shared;
    return total > max && this.own > max / connections;
  }
}
