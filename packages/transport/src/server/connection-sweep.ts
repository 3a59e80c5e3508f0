import type { Http2Stream } from "../http2/stream.js";

/** A connection that a sweep looks at. */
export interface SweptConnection {
  readonly streams: { values(): Http2Stream[] };
  /** Does what is due, of the connection itself. */
  sweep(now: number): void;
  /** Does what is due, of one of its streams. */
  sweepStream(stream: Http2Stream, now: number): void;
}

/** The steps in which all connections, as they are now, and all their streams are looked at. A server has a hundred thousand of them. */
export function* sweepSteps(connections: Iterable<SweptConnection>): Generator<undefined> {
  for (const connection of Array.from(connections)) {
    connection.sweep(performance.now());
    yield;
    for (const stream of connection.streams.values()) {
      connection.sweepStream(stream, performance.now());
      yield;
    }
  }
}
