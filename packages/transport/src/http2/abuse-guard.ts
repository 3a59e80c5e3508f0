import { ConnectionError, ErrorCode } from "./errors.js";
import { TokenBucket, type Rate } from "./token-bucket.js";

/**
 * Limits on what costs a peer little and us much. Real peers stay far below, also behind a proxy that puts many callers on
 * one connection. `Infinity` as a burst is no limit.
 */
export interface AbuseLimits {
  /**
   * Streams that a client reset (CVE-2023-44487). A server's resets are bounded by the client's own calls, and are not
   * counted. Default: 30,000 at once, 10,000 a second.
   */
  resetsReceived: Rate;
  /**
   * Streams that a client made us reset, by breaking the rules (CVE-2025-8671). Default: 10,000 at once, 5,000 a second.
   */
  resetsProvoked: Rate;
  /** Streams that the peer opened over the limit of SETTINGS. Default: 10,000 at once, 1,000 a second. */
  refusedStreams: Rate;
  /** PING frames; PINGs that follow what we have sent do not count. Default: 5,000 at once, 1,000 a second. */
  pings: Rate;
  /** SETTINGS frames, and acknowledgements of none. Default: 100 at once, 10 a second. */
  settings: Rate;
  /**
   * PRIORITY, GOAWAY, answers to no PING, and frames of types that we do not know, beside as many others: browsers send one
   * or two with each request. Default: 2,000 at once, 500 a second.
   */
  ignoredFrames: Rate;
  /**
   * DATA frames that carry nothing and end nothing, beside as many others: Apache sends one in each answer. Default: 1,000
   * at once, 100 a second.
   */
  emptyData: Rate;
  /** WINDOW_UPDATE frames. Default: 50,000 at once, 50,000 a second. */
  windowUpdates: Rate;
  /**
   * Frames of streams that are over, which are ignored (RFC 9113, section 5.1). Of a server's, four for each call do not
   * count. A header block, which must be decoded, counts once for each 64 bytes of its list. DATA of streams that we reset are
   * bounded by their windows. Default: 50,000 at once, 50,000 a second.
   */
  lateFrames: Rate;
}

/** The defaults of {@link AbuseLimits}. */
export const defaultAbuseLimits: AbuseLimits = {
  resetsReceived: { burst: 30_000, perSecond: 10_000 },
  resetsProvoked: { burst: 10_000, perSecond: 5_000 },
  refusedStreams: { burst: 10_000, perSecond: 1_000 },
  pings: { burst: 5_000, perSecond: 1_000 },
  settings: { burst: 100, perSecond: 10 },
  ignoredFrames: { burst: 2_000, perSecond: 500 },
  emptyData: { burst: 1_000, perSecond: 100 },
  windowUpdates: { burst: 50_000, perSecond: 50_000 },
  lateFrames: { burst: 50_000, perSecond: 50_000 },
};

/** The part of a late header list that costs as much as a late frame without one, in bytes. */
const LATE_HEADER_BYTES = 64;

/** What a late header block counts for among {@link AbuseLimits.lateFrames}. */
export function lateHeaderCount({ size }: { readonly size: number }): number {
  return Math.max(1, Math.ceil(size / LATE_HEADER_BYTES));
}

/** Holds one connection's peer to {@link AbuseLimits}. */
export class AbuseGuard {
  /** The time in milliseconds by the clock of `performance.now()`, read once for each read of the socket. */
  now = performance.now();
  readonly #limits: AbuseLimits;
  readonly #buckets = new Map<keyof AbuseLimits, TokenBucket>();
  /** The times that {@link countBeside} was called, by what was counted. */
  readonly #seen = new Map<keyof AbuseLimits, number>();

  constructor(limits: AbuseLimits) {
    this.#limits = limits;
  }

  /**
   * @param times What it counts for. Default: 1.
   * @throws {ConnectionError} ENHANCE_YOUR_CALM if this was once too often.
   */
  count(what: keyof AbuseLimits, times = 1): void {
    let bucket = this.#buckets.get(what);
    if (!bucket) {
      bucket = new TokenBucket(this.#limits[what]);
      this.#buckets.set(what, bucket);
    }
    if (!bucket.take(this.now, times))
      throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, `too many: ${what}`);
  }

  /**
   * Counts what is no abuse beside other frames: only what goes over their number.
   *
   * @param frames The number of frames that have come, this one included.
   * @throws {ConnectionError} As {@link count}.
   */
  countBeside(what: keyof AbuseLimits, frames: number): void {
    const seen = (this.#seen.get(what) ?? 0) + 1;
    this.#seen.set(what, seen);
    if (seen * 2 > frames) this.count(what);
  }
}
