import { MESSAGES, METHODS } from "./contract.js";
import type { Sizes } from "./measure.js";

/** What was measured of one plugin's code. */
export interface SizeResult extends Sizes {
  peer: string;
  /** Of `tsc --noEmit`. */
  checkMs: number;
  /** Of all modules. */
  importMs: number;
}

type Key = Exclude<keyof SizeResult, "peer">;

const whole = (value: number): string => Math.round(value).toLocaleString("en");
const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(1)} KB`;
const milliseconds = (ms: number): string => `${ms.toFixed(0)} ms`;

const columns: readonly { head: string; key: Key; show: (value: number) => string }[] = [
  { head: "TypeScript, lines", key: "lines", show: whole },
  { head: "JavaScript", key: "bytes", show: kilobytes },
  { head: "gzip", key: "gzipBytes", show: kilobytes },
  { head: "gzip, each file", key: "gzipEachBytes", show: kilobytes },
  { head: "brotli", key: "brotliBytes", show: kilobytes },
  { head: "tsc --noEmit", key: "checkMs", show: milliseconds },
  { head: "import", key: "importMs", show: milliseconds },
  { head: "one message, bundled, gzip", key: "bundleGzipBytes", show: kilobytes },
  { head: "for a browser", key: "browserBundleGzipBytes", show: kilobytes },
];

/** A number of callwire's code that must not be more than a limit, or than so many times protobuf-es's. */
interface Goal {
  key: Key;
  most: number;
  beside?: "protobuf-es";
}

const goals: readonly Goal[] = [
  { key: "lines", most: 80_000 },
  { key: "gzipBytes", most: 100_000 },
  { key: "checkMs", most: 2, beside: "protobuf-es" },
  { key: "importMs", most: 0.6, beside: "protobuf-es" },
  { key: "bundleGzipBytes", most: 6000 },
  { key: "browserBundleGzipBytes", most: 6000 },
];

/** The numbers as a table, and what is wanted of callwire's. */
export function asText(results: readonly SizeResult[]): string {
  const rows = [
    ["", ...columns.map(({ head }) => head)],
    ...results.map((result) => [result.peer, ...columns.map(({ key, show }) => show(result[key]))]),
  ];
  return [
    `${whole(MESSAGES)} messages of ten fields, ${METHODS} methods; Node.js ${process.versions.node}`,
    aligned(rows),
    aligned(goals.map((goal) => judged(goal, results)).filter((row) => row !== undefined)),
  ].join("\n\n");
}

function judged({ key, most, beside }: Goal, results: readonly SizeResult[]): string[] | undefined {
  const valueOf = (peer: string): number | undefined => results.find((result) => result.peer === peer)?.[key];
  const { head, show } = columns.find((column) => column.key === key)!;
  const ours = valueOf("callwire");
  const theirs = beside === undefined ? undefined : valueOf(beside);
  if (ours === undefined || (beside !== undefined && theirs === undefined)) return undefined;
  const value = theirs === undefined ? ours : ours / theirs;
  const shown = theirs === undefined ? show : (ratio: number) => `${ratio.toFixed(2)} × ${beside}`;
  return [head, `≤ ${shown(most)}`, shown(value), value <= most ? "met" : "NOT MET"];
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    row
      .map((text, column) => text.padEnd(widths[column]!))
      .join("  ")
      .trimEnd();
  return rows.map(line).join("\n");
}
