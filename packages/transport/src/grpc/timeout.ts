/** Milliseconds in each unit of `grpc-timeout`. */
const unitMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

/** Reads `grpc-timeout` (gRPC over HTTP/2, "Timeout"): milliseconds, or undefined if it is malformed. */
export function parseTimeout(value: string): number | undefined {
  const unit = unitMs[value.charAt(value.length - 1)];
  return unit !== undefined && /^\d{1,8}.$/.test(value) ? Number(value.slice(0, -1)) * unit : undefined;
}

/**
 * Writes `grpc-timeout`: at most 8 digits, in milliseconds or the smallest unit above that takes them. Rounded up, so that
 * the server does not give up before the client does; never zero for a time that is left.
 */
export function formatTimeout(ms: number): string {
  if (ms <= 0) return "0m";
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
