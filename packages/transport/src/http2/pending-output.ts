import type { HeaderFields } from "../hpack/header-fields.js";

/** The bytes that a peer must take of what waits for it, from time to time, if not all of it. */
export const MIN_PROGRESS_BYTES = 16 * 1024;

/** A link of a {@link PendingLine}. */
interface Link {
  before: Link;
  after: Link;
}

/** The data that a stream waits to send, for want of credit or because the socket is full. It stands in one line. */
export class PendingOutput<Stream> implements Link {
  before: Link = this;
  after: Link = this;
  readonly stream: Stream;
  readonly chunks: Uint8Array[];
  bytes: number;
  /** Ends the stream once the chunks are sent: by the last DATA frame, or by these trailers. */
  end: "data" | HeaderFields | undefined;
  /** Fields after those of the trailers. */
  endFields: readonly string[] | undefined;
  /** The line that it stands in. */
  line: PendingLine<Stream> | undefined;
  /** What was left when the peer had last taken enough of it, and when that was seen. */
  #bytesSeen = Infinity;
  #seenAt = 0;

  constructor(stream: Stream, chunk: Uint8Array, end: "data" | undefined) {
    this.stream = stream;
    this.chunks = [chunk];
    this.bytes = chunk.length;
    this.end = end;
  }

  /**
   * True if the peer has taken hardly anything for so long, as far as it was asked here.
   *
   * @param now By the clock of `performance.now()`.
   */
  isStuck(now: number, timeoutMs: number): boolean {
    if (this.#bytesSeen - this.bytes < MIN_PROGRESS_BYTES) return now - this.#seenAt >= timeoutMs;
    this.#bytesSeen = this.bytes;
    this.#seenAt = now;
    return false;
  }
}

/**
 * Outputs that wait for the same thing, in the order of their turns. A ring of links, where a Set would do, but for its
 * holes: a Set whose first members come and go walks over more and more of them, and keeps what was in them.
 */
export class PendingLine<Stream> implements Link {
  before: Link = this;
  after: Link = this;
  /** The number of outputs in the line. */
  size = 0;

  get first(): PendingOutput<Stream> | undefined {
    return this.after === this ? undefined : (this.after as PendingOutput<Stream>);
  }

  /** Puts an output at the end of this line, and takes it out of the one where it stood. */
  push(pending: PendingOutput<Stream>): void {
    pending.line?.remove(pending);
    pending.line = this;
    this.size++;
    const last = this.before;
    pending.before = last;
    pending.after = this;
    last.after = this.before = pending;
  }

  /** Removes an output, which stands in this line. */
  remove(pending: PendingOutput<Stream>): void {
    pending.before.after = pending.after;
    pending.after.before = pending.before;
    pending.before = pending.after = pending;
    pending.line = undefined;
    this.size--;
  }
}
