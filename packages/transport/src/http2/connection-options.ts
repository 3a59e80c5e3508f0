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
   * The bytes that may wait for the handlers of a connection before the peer gets no new credit for the connection. As many
   * more may be kept of incomplete messages that are longer than half a stream's window; further ones wait. Default 64 MiB.
   */
  maxUnreadBytes: number;
  /**
   * The number of bytes that may wait to be sent before a peer that goes on sending, and does not read what it is answered, is cut
   * off with ENHANCE_YOUR_CALM. DATA waits for the peer long before, at 256 KiB. Default 4 MiB.
   */
  maxQueuedBytes: number;
  /**
   * The time, in milliseconds, that the peer may take for its first steps: its preface, the acknowledgement of our
   * SETTINGS, the rest of a header block, the answer to the PING of a GOAWAY. Default 10,000.
   */
  handshakeTimeoutMs: number;
  /** Limits on what costs the peer little. See {@link AbuseLimits} for the defaults. */
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
  abuse: defaultAbuseLimits,
};
