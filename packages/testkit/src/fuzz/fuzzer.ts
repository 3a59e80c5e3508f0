import { setImmediate as turn } from "node:timers/promises";
import { asBytes } from "./corpus.js";
import { Coverage, type Feature, type FileCoverage } from "./coverage.js";
import type { FuzzSession, FuzzTarget } from "./fuzz-target.js";
import { mutate } from "./mutate.js";
import { Random } from "./random.js";
import { shrink } from "./shrink.js";

/** Options for {@link fuzz}. */
export interface FuzzOptions {
  seconds: number;
  /** A run with the same seed and corpus begins alike. */
  seed: number;
  corpus: readonly Buffer[];
  /** Hears of each input before it is run: the one that never comes back is known by that. */
  onInput: (input: Buffer) => void;
  /** Collects garbage. */
  collect: () => void;
}

/** The outcome of a run. */
export interface FuzzReport {
  inputs: number;
  /** The inputs to keep: few, that together cover all that the run has covered. */
  corpus: Buffer[];
  files: FileCoverage[];
  /** The most statements that an input executed for each of its bytes, beyond the target's `base`. */
  stepsPerByte: number;
  /** Live memory after the first part of the run and at its end, in bytes. */
  heldBytes: [before: number, after: number];
  failure: { input: Buffer; error: Error } | undefined;
}

/** The part of the time after which memory is looked at first. */
const WARM_UP = 0.3;
/** The memory that a run may hold beyond its warm-up: its own lists and compiled code are in it. */
export const MAX_GROWTH_BYTES = 16 * 1024 * 1024;
/** Inputs between two turns of the event loop, where the target itself waits for none. */
const INPUTS_A_TURN = 500;
/** Tries to shorten an input that fails, and one that is kept. */
const SHRINK_FAILURE = 3000;
const SHRINK_KEPT = 400;

// A fuzzer of our own, over the counters of istanbul: jest brings those, each input has its own counts of them, and they bound
// its work. Jazzer.js 4 needs a newer C library than Debian 12 has, and earlier versions of it fetch theirs at install.

/** Runs inputs that lead to new places of the sources, and others like them, until the time is over or one fails. */
export async function fuzz(target: FuzzTarget, options: FuzzOptions): Promise<FuzzReport> {
  await using run = await Run.open(target, options);
  const failure = await run.search();
  return { ...(await run.report()), failure };
}

class Run implements AsyncDisposable {
  readonly #target: FuzzTarget;
  readonly #options: FuzzOptions;
  readonly #random: Random;
  readonly #coverage: Coverage;
  readonly #kept: Buffer[] = [];
  #session: FuzzSession;
  #inputs = 0;
  #stepsPerByte = 0;
  #keptBytes = 0;
  #heldBefore = 0;

  private constructor(target: FuzzTarget, options: FuzzOptions, session: FuzzSession) {
    this.#target = target;
    this.#options = options;
    this.#session = session;
    this.#random = new Random(options.seed);
    this.#coverage = new Coverage(target.covers);
  }

  static async open(target: FuzzTarget, options: FuzzOptions): Promise<Run> {
    const run = new Run(target, options, await target.open());
    // The sources' own beginning is no merit of an input.
    run.#coverage.take();
    return run;
  }

  async search(): Promise<FuzzReport["failure"]> {
    const { seconds, corpus } = this.#options;
    const { seeds, dictionary, pieces, maxBytes } = this.#target;
    const began = performance.now();
    const end = began + 1000 * seconds;
    const warm = began + 1000 * seconds * WARM_UP;
    const mutations = {
      random: this.#random,
      others: this.#kept,
      dictionary: asBytes(dictionary),
      pieces,
      maxBytes,
    };
    for (const input of [...corpus, ...asBytes(seeds())]) {
      const failure = await this.#try(input, true);
      if (failure !== undefined) return failure;
    }
    while (performance.now() < end) {
      const failure = await this.#try(mutate(this.#choose(), mutations), false);
      if (failure !== undefined) return failure;
      if (this.#inputs % INPUTS_A_TURN === 0) await turn();
      if (this.#heldBefore === 0 && performance.now() > warm) this.#heldBefore = await this.#held();
    }
    return undefined;
  }

  async report(): Promise<Omit<FuzzReport, "failure">> {
    const after = await this.#held();
    const files = this.#coverage.files();
    return {
      inputs: this.#inputs,
      files,
      stepsPerByte: this.#stepsPerByte,
      heldBytes: [this.#heldBefore, after],
      corpus: await this.#minimise(),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.close?.();
  }

  /** Recent inputs more often than old ones: behind them lies what is not known yet. */
  #choose(): Buffer {
    const { length } = this.#kept;
    const recent = Math.min(length, 20);
    return this.#kept[
      this.#random.below(3) === 0 ? length - 1 - this.#random.below(recent) : this.#random.below(length)
    ]!;
  }

  async #try(input: Buffer, keep: boolean): Promise<FuzzReport["failure"]> {
    const error = await this.#failureOf(input);
    this.#inputs++;
    if (error !== undefined) {
      const shorter = await shrink(
        input,
        async (each) => (await this.#failureOf(each)) !== undefined,
        SHRINK_FAILURE,
      );
      return { input: shorter, error: (await this.#failureOf(shorter)) ?? error };
    }
    const { isNew } = this.#last;
    if (!isNew && !keep) return undefined;
    this.#kept.push(input);
    this.#keptBytes += input.length;
    return undefined;
  }

  #last = { steps: 0, isNew: false };

  /** Runs one input. A session in which one has failed is not used again. */
  async #failureOf(input: Buffer, features?: Feature[]): Promise<Error | undefined> {
    const { base, perByte } = this.#target.maxSteps;
    this.#options.onInput(input);
    try {
      const running = this.#session.run(input);
      if (running !== undefined) await running;
      const { steps } = (this.#last = this.#coverage.take(features));
      const bound = base + perByte * input.length;
      if (this.#inputs > 0)
        this.#stepsPerByte = Math.max(this.#stepsPerByte, (steps - base) / Math.max(input.length, 1));
      // The first input pays for what is made once.
      if (steps > bound && this.#inputs > 0)
        throw new Error(`${steps} statements for ${input.length} bytes; at most ${bound} are allowed`);
      return undefined;
    } catch (error) {
      await this.#session.close?.();
      this.#session = await this.#target.open();
      this.#coverage.take();
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  /** Live memory without the inputs that the run itself keeps, in bytes. */
  async #held(): Promise<number> {
    for (let time = 0; time < 3; time++) {
      await turn();
      this.#options.collect();
    }
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers - this.#keptBytes;
  }

  /** Few inputs that together hit all the counters, each shortened while it hits what it is kept for. */
  async #minimise(): Promise<Buffer[]> {
    const placesOf = async (input: Buffer): Promise<Set<number>> => {
      const features: Feature[] = [];
      await this.#failureOf(input, features);
      return new Set(features.map((feature) => Math.floor(feature / 256)));
    };
    const covered = new Set<number>();
    const result: Buffer[] = [];
    for (const input of this.#kept.toSorted((a, b) => a.length - b.length)) {
      const added = [...(await placesOf(input))].filter((place) => !covered.has(place));
      if (added.length === 0) continue;
      const shorter = await shrink(
        input,
        async (each) => {
          const places = await placesOf(each);
          return added.every((place) => places.has(place));
        },
        SHRINK_KEPT,
      );
      for (const place of await placesOf(shorter)) covered.add(place);
      result.push(shorter);
    }
    return result;
  }
}
