import { codecPoints } from "./codec-points.js";
import { productPoints } from "./product-points.js";
import { ratio, times, type Lookup, type Point } from "./points.js";
import type { Result } from "./results.js";

/** One thing that is wanted, and what was measured. */
export interface Verdict {
  point: string;
  /** "reported" where the number is shown and nothing is wanted of it. */
  wanted: string;
  /** "not measured" where a part of it is not there. */
  measured: string;
  met: boolean | undefined;
}

/** The goals of the transport. */
const points: readonly Point[] = [
  times("1 unary, 64 in flight", "unary-64", "rest", 5),
  times("1 unary, 64 in flight (goal)", "unary-64", "rest", 10),
  times("1 unary, 64 in flight", "unary-64", "nice-grpc", 30),
  times("2 unary, 1 in flight", "unary-1", "rest", 1),
  times("3 server alone, calls/CPU s", "load", "rest", 8),
  times("3 server alone, calls/CPU s", "load", "grpc-js", 20),
  times("3 server alone, calls/CPU s", "load", "grpc-go", 3),
  times("4 server-stream", "server-stream", "ndjson", 2),
  times("4 server-stream", "server-stream", "nice-grpc", 8),
  times("4 client-stream", "client-stream", "nice-grpc", 15),
  times("4 bidi", "bidi", "nice-grpc", 15),
  {
    point: "5 memory of an idle watch (RSS)",
    wanted: "≤ 3 KB",
    value: (of) => of("watch", "callwire")?.rssPerStream,
    meets: (value) => value <= 3072,
    show: (value) => `${(value / 1024).toFixed(2)} KB`,
  },
  times("5 watch, events/s", "watch", "grpc-go", 1),
  {
    point: "5 watch, p99",
    wanted: "≤ 1 × grpc-go",
    value: (of) => ratio(of("watch", "callwire")?.p99Us, of("watch", "grpc-go")?.p99Us),
    meets: (value) => value <= 1,
  },
  times("5 1 MiB messages down", "mib-download", "bare", 0.7),
  times("5 1 MiB messages up", "mib-upload", "bare", 0.7),
  times("5 1 MiB messages, both ways", "mib-exchange", "bare", 0.7),
];

/** Compares the results with what is wanted. */
export function judge(results: readonly Result[]): Verdict[] {
  const of: Lookup = (work, peer) =>
    results.find((result) => result.work === work && result.peer === peer)?.median;
  return [...points, ...codecPoints, ...productPoints].map(({ point, wanted, value, meets, show }) => {
    const number = value(of);
    if (number === undefined) return { point, wanted, measured: "not measured", met: undefined };
    return { point, wanted, measured: show?.(number) ?? `${number.toFixed(2)} ×`, met: meets?.(number) };
  });
}
