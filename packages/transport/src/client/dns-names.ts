import { lookup as systemLookup } from "node:dns/promises";
import { timerMs } from "../http2/timers.js";
import type { AddressListener, AddressSource } from "./name-watch.js";
import type { Resolution } from "./resolver.js";

/** The shortest interval between lookups that nobody asks for, in milliseconds. */
const MIN_INTERVAL_MS = 10;

/** Looks a name up: as `lookup` of node:dns/promises, with `all`. `family` is 0 for both. */
export type Lookup = (
  host: string,
  options: { all: true; order: "verbatim"; family: 0 | 4 | 6 },
) => Promise<readonly { address: string }[]>;

/** When {@link dnsNames} looks a name up, and for how long. All in milliseconds; `Infinity` for never. */
export interface DnsTimes {
  /** The least time between two lookups that succeed. */
  minIntervalMs: number;
  /** The time after a lookup at which the next one follows, unasked. */
  intervalMs: number;
  /** The time that a lookup may take. */
  timeoutMs: number;
}

/**
 * The addresses of a name by the system's resolver, in its order (RFC 6724). A name is looked up again when its channel asks, and
 * at intervals.
 */
export function dnsNames(
  host: string,
  port: number,
  times: DnsTimes,
  lookup: Lookup = systemLookup,
): AddressSource {
  return (listener) => new DnsWatch(host, port, times, lookup, listener);
}

class DnsWatch implements Resolution {
  readonly #host: string;
  readonly #port: number;
  readonly #times: DnsTimes;
  readonly #lookup: Lookup;
  readonly #listener: AddressListener;
  /** Counts the lookups: one that was given up does not end the wait for the next one. */
  #lookups = 0;
  #isLooking = false;
  #isStopped = false;
  #foundAt = -Infinity;
  #nextTimer: NodeJS.Timeout | undefined;
  #limitTimer: NodeJS.Timeout | undefined;

  constructor(host: string, port: number, times: DnsTimes, lookup: Lookup, listener: AddressListener) {
    this.#host = host;
    this.#port = port;
    this.#times = times;
    this.#lookup = lookup;
    this.#listener = listener;
    void this.#look();
  }

  refresh(): void {
    if (this.#isLooking) return;
    this.#lookIn(this.#foundAt + this.#times.minIntervalMs - performance.now());
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#nextTimer);
    clearTimeout(this.#limitTimer);
  }

  #lookIn(waitMs: number): void {
    clearTimeout(this.#nextTimer);
    if (waitMs <= 0) void this.#look();
    else if (waitMs !== Infinity) {
      this.#nextTimer = setTimeout(() => void this.#look(), timerMs(waitMs)).unref();
    }
  }

  async #look(): Promise<void> {
    const lookup = ++this.#lookups;
    const { timeoutMs } = this.#times;
    clearTimeout(this.#nextTimer);
    this.#isLooking = true;
    if (timeoutMs !== Infinity) {
      this.#limitTimer = setTimeout(() => {
        this.#over(lookup);
        this.#listener.onError(new Error(`DNS has not answered for ${this.#host} within ${timeoutMs} ms`));
      }, timerMs(timeoutMs)).unref();
    }
    try {
      const found = await lookUpBoth(this.#host, this.#lookup);
      if (this.#isStopped) return;
      if (found.length > 0) this.#foundAt = performance.now();
      this.#over(lookup);
      // Addresses that come late are addresses.
      this.#listener.onAddresses(found.map((address) => ({ host: address, port: this.#port })));
    } catch (error) {
      if (this.#isStopped || !this.#isLooking || lookup !== this.#lookups) return;
      this.#over(lookup);
      this.#listener.onError(error as Error);
    }
  }

  #over(lookup: number): void {
    if (lookup !== this.#lookups) return;
    this.#isLooking = false;
    clearTimeout(this.#limitTimer);
    this.#lookIn(Math.max(this.#times.intervalMs, MIN_INTERVAL_MS));
  }
}

/** Both families at once; if that fails, each by itself: an error of one does not fail the other (RFC 8305, section 3). */
async function lookUpBoth(host: string, lookup: Lookup): Promise<string[]> {
  const find = async (family: 0 | 4 | 6) => {
    const found = await lookup(host, { all: true, order: "verbatim", family });
    return found.map(({ address }) => address);
  };
  try {
    return await find(0);
  } catch (error) {
    const each = await Promise.allSettled([find(6), find(4)]);
    const found = each.flatMap((result) => (result.status === "fulfilled" ? result.value : []));
    if (found.length === 0) throw error;
    return found;
  }
}
