import { availableParallelism, cpus, release, totalmem } from "node:os";
import type { CodecTimes } from "../codec/codec.js";
import type { Sample } from "../run/measure.js";
import type { RunOptions } from "../run/options.js";
import { pinned } from "../run/programs.js";
import { versions } from "./versions.js";

/** The result of one piece of work for one peer: the median of all rounds for each number. */
export type Measured = Partial<Sample & CodecTimes> & { rate: number };

/** One line of the results. */
export interface Result {
  work: string;
  unit: string;
  peer: string;
  median: Measured;
  /** The rates of all rounds, in their order. */
  rates: readonly number[];
}

/** The results of a run. */
export interface Report {
  date: string;
  machine: { cpu: string; cores: number; memoryBytes: number; kernel: string; pinned: boolean };
  versions: Record<string, string>;
  settings: RunOptions;
  results: readonly Result[];
  /** The peers that took no part, and why. */
  absent: readonly string[];
}

/** Where and with what the measurements were taken. */
export function describe(
  settings: RunOptions,
  results: readonly Result[],
  absent: readonly string[],
): Report {
  return {
    date: new Date().toISOString(),
    machine: {
      cpu: cpus()[0]?.model ?? "unknown",
      cores: availableParallelism(),
      memoryBytes: totalmem(),
      kernel: release(),
      pinned,
    },
    versions: versions(),
    settings,
    results,
    absent,
  };
}

/** The medians of all rounds of one piece of work for one peer. */
export function summarize(rounds: readonly Measured[]): { median: Measured; rates: number[] } {
  const keys = Object.keys(rounds[0]!) as (keyof Measured)[];
  const entries = keys.map((key) => [key, median(rounds.map((round) => round[key] ?? 0))] as const);
  return {
    median: Object.fromEntries(entries) as unknown as Measured,
    rates: rounds.map(({ rate }) => rate),
  };
}

/** The middle one; of an even number the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
