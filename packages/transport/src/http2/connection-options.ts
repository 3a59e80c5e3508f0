import { defaultAbuseLimits, type AbuseLimits } from "./abuse-guard.js";

/** Options of a connection, of either side. */
export interface ConnectionOptions {
  /** The largest header list taken, in the size of RFC 9113, section 6.5.2. Default 16 KiB. */
  maxHeaderListSize: number;
  /** The receive window of a stream at first, in bytes. Default 256 KiB; it grows to `maxStreamWindow`. */
  streamWindow: number;
  /** The largest receive window of a stream, in bytes. Default 16 MiB, as grpc-go's. */
  maxStreamWindow: number;
  /** The receive window of the connection, in bytes, at least 65,535. Default 16 MiB. */
  connectionWindow: number;
  /**
   * The bytes that may wait for the readers of a connection. From a quarter on, SETTINGS shrink the windows of its streams to 4 KiB,
   * and only those whose readers wait get more; beyond, calls that still send what nobody reads end with RESOURCE_EXHAUSTED. As
   * many more may be kept of incomplete messages that are longer than half a stream's window, where further ones wait, and of
   * messages that were decompressed. Default 64 MiB.
   */
  maxUnreadBytes: number;
  /**
   * The number of bytes that may wait to be sent. Beyond it, a peer that goes on sending and does not read its answers is cut off
   * with ENHANCE_YOUR_CALM. DATA waits for the peer long before, at 256 KiB. Default 4 MiB.
   */
  maxQueuedBytes: number;
  /**
   * The time, in milliseconds, that the peer may take for its first steps: its preface, the acknowledgement of our
   * SETTINGS, the rest of a header block, the answer to the PING of a GOAWAY. Default 10,000.
   */
  handshakeTimeoutMs: number;
  /**
   * The time that the peer may take, when our side of the connection has ended, to read the rest and end its own, in
   * milliseconds. The connection is cut off then. Default 60,000; one that ends for an error has a second at most.
   */
  maxLingerMs: number;
  /** Limits on frames that cost the peer little. See {@link AbuseLimits} for the defaults. */
  abuse: AbuseLimits;
}

/** The defaults of {@link ConnectionOptions}. */
export const defaultConnectionOptions: ConnectionOptions = {
  maxHeaderListSize: 16 * 1024,
  streamWindow: 256 * 1024,
  maxStreamWindow: 16 * 1024 * 1024,
  connectionWindow: 16 * 1024 * 1024,
  maxUnreadBytes: 64 * 1024 * 1024,
  maxQueuedBytes: 4 * 1024 * 1024,
  handshakeTimeoutMs: 10_000,
  maxLingerMs: 60_000,
  abuse: defaultAbuseLimits,
};
