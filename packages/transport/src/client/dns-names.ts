import { lookup as systemLookup } from "node:dns/promises";
import { timerMs } from "../http2/timers.js";
import type { AddressSource } from "./name-watch.js";

/** Looks a name up: as `lookup` of node:dns/promises, with `all`. `family` is 0 for both. */
export type Lookup = (
  host: string,
  options: { all: true; order: "verbatim"; family: 0 | 4 | 6 },
) => Promise<readonly { address: string }[]>;

/**
 * The addresses of a name by the system's resolver, in its order (RFC 6724). A name is looked up again when its channel asks.
 *
 * @param minIntervalMs The least time between two lookups that succeed, in milliseconds.
 */
export function dnsNames(
  host: string,
  port: number,
  minIntervalMs: number,
  lookup: Lookup = systemLookup,
): AddressSource {
  return (listener) => {
    let isLooking = false;
    let stopped = false;
    let foundAt = -Infinity;
    let timer: NodeJS.Timeout | undefined;
    const look = async () => {
      clearTimeout(timer);
      timer = undefined;
      isLooking = true;
      try {
        const found = await lookUpBoth(host, lookup);
        if (found.length > 0) foundAt = performance.now();
        isLooking = false;
        if (!stopped) listener.onAddresses(found.map((address) => ({ host: address, port })));
      } catch (error) {
        isLooking = false;
        if (!stopped) listener.onError(error as Error);
      }
    };
    void look();
    return {
      refresh() {
        if (isLooking) return;
        const wait = foundAt + minIntervalMs - performance.now();
        if (wait <= 0) void look();
        else timer ??= setTimeout(() => void look(), timerMs(wait)).unref();
      },
      stop() {
        stopped = true;
        clearTimeout(timer);
      },
    };
  };
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
