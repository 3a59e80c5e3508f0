import type { Http2Stream } from "../http2/stream.js";

/** The streams that are looked at in one turn of the event loop, before others have theirs. */
export const STREAMS_PER_TURN = 512;

/** A connection whose streams a {@link StreamSweep} looks at. */
export interface SweptConnection {
  readonly streams: { values(): Http2Stream[] };
  sweepStream(stream: Http2Stream, now: number): void;
}

/** Looks at all streams of many connections, a few in each turn of the event loop: a server has a hundred thousand of them. */
export class StreamSweep {
  #connections: SweptConnection[] = [];
  #streams: Http2Stream[] = [];
  #connection: SweptConnection | undefined;

  /** Begins a sweep, unless one is under way. */
  begin(connections: Iterable<SweptConnection>): void {
    if (this.#connection !== undefined) return;
    this.#connections = Array.from(connections);
    this.#next();
    if (this.#connection !== undefined) this.#turn();
  }

  readonly #turn = (): void => {
    const now = performance.now();
    for (let looked = 0; looked < STREAMS_PER_TURN; looked++) {
      const stream = this.#streams.pop();
      if (stream !== undefined) this.#connection!.sweepStream(stream, now);
      else {
        this.#next();
        if (this.#connection === undefined) return;
      }
    }
    setImmediate(this.#turn).unref();
  };

  #next(): void {
    this.#connection = this.#connections.pop();
    this.#streams = this.#connection?.streams.values() ?? [];
  }
}
