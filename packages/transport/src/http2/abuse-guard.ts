import { ConnectionError, ErrorCode } from "./errors.js";
import { TokenBucket, type Rate } from "./token-bucket.js";

/**
 * Limits on what costs a peer little and us much. Legitimate use stays far below: 3,000 cancelled calls in a
 * second are normal, and so is a PING for each round trip while data flows.
 */
export interface AbuseLimits {
  /** Streams that the peer reset (CVE-2023-44487). Default: 10,000 at once, 5,000 a second. */
  resetsReceived: Rate;
  /** Streams that the peer made us reset, by breaking the rules (CVE-2025-8671). Default: 500 at once, 100 a second. */
  resetsProvoked: Rate;
  /** Streams that the peer opened over the limit of SETTINGS. Default: 10,000 at once, 1,000 a second. */
  refusedStreams: Rate;
  /** PING frames. Default: 5,000 at once, 1,000 a second. */
  pings: Rate;
  /** SETTINGS frames, and acknowledgements of none. Default: 100 at once, 10 a second. */
  settings: Rate;
  /** PRIORITY, GOAWAY, answers to no PING, and frames of types that we do not know. Default: 2,000 at once, 500 a second. */
  ignoredFrames: Rate;
  /** DATA frames that carry nothing and end nothing. Default: 1,000 at once, 100 a second. */
  emptyData: Rate;
  /** WINDOW_UPDATE frames. Default: 50,000 at once, 50,000 a second. */
  windowUpdates: Rate;
}

/** The defaults of {@link AbuseLimits}. */
export const defaultAbuseLimits: AbuseLimits = {
  resetsReceived: { burst: 10_000, perSecond: 5_000 },
  resetsProvoked: { burst: 500, perSecond: 100 },
  refusedStreams: { burst: 10_000, perSecond: 1_000 },
  pings: { burst: 5_000, perSecond: 1_000 },
  settings: { burst: 100, perSecond: 10 },
  ignoredFrames: { burst: 2_000, perSecond: 500 },
  emptyData: { burst: 1_000, perSecond: 100 },
  windowUpdates: { burst: 50_000, perSecond: 50_000 },
};

/** Holds one connection's peer to {@link AbuseLimits}. */
export class AbuseGuard {
  /** The time in milliseconds by the clock of `performance.now()`, read once for each read of the socket. */
  now = performance.now();
  readonly #limits: AbuseLimits;
  readonly #buckets = new Map<keyof AbuseLimits, TokenBucket>();

  constructor(limits: AbuseLimits) {
    this.#limits = limits;
  }

  /** @throws {ConnectionError} ENHANCE_YOUR_CALM if this was once too often. */
  count(what: keyof AbuseLimits): void {
    let bucket = this.#buckets.get(what);
    if (!bucket) {
      bucket = new TokenBucket(this.#limits[what]);
      this.#buckets.set(what, bucket);
    }
    if (!bucket.take(this.now)) throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, `too many: ${what}`);
  }
}
