/** A deadline of which so little has passed goes out as the timeout that it was set by: a share of it, and milliseconds. */
const NEARLY_ALL = 0.01;
const NEARLY_ALL_MS = 20;

/** A time so little over a whole number counts as that number, in milliseconds: sums of times are not exact. */
const ROUNDING_MS = 1e-6;

/** The time that is left as it was last written, in whole milliseconds, and its text: most calls of a client have the same. */
let lastMs = 0;
let lastText = "0m";

/** Milliseconds in a unit of `grpc-timeout`, by its character's code. */
function unitMs(unit: number): number | undefined {
  switch (unit) {
    case 0x6d /* m */:
      return 1;
    case 0x53 /* S */:
      return 1000;
    case 0x4d /* M */:
      return 60_000;
    case 0x48 /* H */:
      return 3_600_000;
    case 0x75 /* u */:
      return 1e-3;
    case 0x6e /* n */:
      return 1e-6;
    default:
      return undefined;
  }
}

/** Reads `grpc-timeout` (gRPC over HTTP/2, "Timeout"): milliseconds, or undefined if it is malformed. */
export function parseTimeout(value: string): number | undefined {
  const last = value.length - 1;
  if (last < 1 || last > 8) return undefined;
  let count = 0;
  for (let i = 0; i < last; i++) {
    const digit = value.charCodeAt(i) - 0x30;
    if (!(digit >= 0 && digit <= 9)) return undefined;
    count = count * 10 + digit;
  }
  const unit = unitMs(value.charCodeAt(last));
  return unit === undefined ? undefined : count * unit;
}

/**
 * Writes `grpc-timeout` for a call whose deadline is `leftMs` away. While nearly all of the timeout that the call was given
 * is left, the timeout itself goes out: 99 %, and all but 20 ms. That text repeats from call to call, and the server gives
 * up later than the client by that little, never sooner.
 *
 * @param timeoutMs The time that the call was given; `Infinity` if that is not known.
 */
export function remainingTimeout(leftMs: number, timeoutMs = Infinity): string {
  const passed = timeoutMs - leftMs;
  return formatTimeout(
    passed > 0 && passed <= Math.min(timeoutMs * NEARLY_ALL, NEARLY_ALL_MS) ? timeoutMs : leftMs,
  );
}

/**
 * Writes `grpc-timeout`: at most 8 digits, in milliseconds or the smallest unit above that takes them. Rounded up, so that
 * the server does not give up before the client does; never zero for a time that is left.
 */
export function formatTimeout(ms: number): string {
  const wholeMs = ms > 0 ? Math.max(Math.ceil(ms - ROUNDING_MS), 1) : 0;
  if (wholeMs !== lastMs) {
    lastText = format(wholeMs);
    lastMs = wholeMs;
  }
  return lastText;
}

function format(ms: number): string {
  for (const [unit, size] of [
    ["m", 1],
    ["S", 1000],
    ["M", 60_000],
  ] as const) {
    const count = Math.ceil(ms / size);
    if (count < 1e8) return `${count}${unit}`;
  }
  return `${Math.min(Math.ceil(ms / 3_600_000), 99_999_999)}H`;
}
