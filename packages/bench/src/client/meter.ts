import { performance } from "node:perf_hooks";
import type { JobResult } from "./job.js";

/** One latency in so many is kept. */
const SAMPLE_EVERY = 8;

/** The interval of checks for progress. */
const SHORT_MS = 5;

/** Counts what is done from the end of a warm-up to the end of a measurement. */
export class Meter {
  /** True if the work is to end. */
  done = false;
  /** The counts while measuring. */
  #count = 0;
  #measuring = false;
  readonly #latenciesMs: number[] = [];

  /** Counts something that is done. */
  add(amount: number): void {
    if (this.#measuring) this.#count += amount;
  }

  /** Counts a call that began at this time of `performance.now()`. */
  addCall(beganMs: number): void {
    if (!this.#measuring) return;
    if (this.#count++ % SAMPLE_EVERY === 0) this.#latenciesMs.push(performance.now() - beganMs);
  }

  /** Measures while the workers work, each until the meter is done. Rejects with what the first worker fails with. */
  async measure(
    warmupMs: number,
    measureMs: number,
    workers: readonly (() => Promise<void>)[],
  ): Promise<JobResult> {
    const work = Promise.all(workers.map((worker) => worker()));
    await Promise.race([work, delay(warmupMs)]);
    this.#measuring = true;
    const cpuBefore = process.cpuUsage();
    const began = performance.now();
    await Promise.race([work, delay(measureMs)]);
    // A slow peer has not done anything yet, if the time is short.
    while (this.#count === 0) await Promise.race([work, delay(SHORT_MS)]);
    const seconds = (performance.now() - began) / 1000;
    this.#measuring = false;
    const cpu = process.cpuUsage(cpuBefore);
    this.done = true;
    await work;
    return {
      rate: this.#count / seconds,
      ...percentiles(this.#latenciesMs),
      clientCpuUs: (cpu.user + cpu.system) / this.#count,
    };
  }
}

/** The middle and the 99th percentile, in microseconds; sorts what it is given. */
export function percentiles(latenciesMs: number[] | Float64Array): { p50Us: number; p99Us: number } {
  latenciesMs.sort((a, b) => a - b);
  const at = (share: number): number => 1000 * (latenciesMs[Math.floor(latenciesMs.length * share)] ?? 0);
  return { p50Us: at(0.5), p99Us: at(0.99) };
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
