/** The counters of one source file, as istanbul-lib-instrument keeps them. */
interface FileCounters {
  /** One for each statement. */
  s: Record<number, number>;
  /** One for each way of each branch. */
  b: Record<number, number[]>;
}

/** The covered part of a file. */
export interface FileCoverage {
  readonly path: string;
  readonly covered: number;
  readonly total: number;
}

/** A counter is known by how often it was hit, roughly: 1, 2, 3, 4 to 7, 8 to 15, 16 to 31, 32 to 127, and more. */
function bucketOf(hits: number): number {
  if (hits < 4) return 1 << (hits - 1);
  if (hits < 8) return 1 << 3;
  if (hits < 16) return 1 << 4;
  if (hits < 32) return 1 << 5;
  return hits < 128 ? 1 << 6 : 1 << 7;
}

/** The features of a run: a counter's place and its bucket, in one number. */
export type Feature = number;

/** Counts what the instrumented sources execute. Sources that were not instrumented count nothing. */
export class Coverage {
  readonly #files: { path: string; counters: FileCounters; statements: number; branches: number }[] = [];
  /** The buckets that were seen of each counter. */
  readonly #seen: Uint8Array;

  /** @param covers The parts of the paths of the sources that count. */
  constructor(covers: readonly string[]) {
    const all = (globalThis as { __coverage__?: Record<string, FileCounters> }).__coverage__ ?? {};
    let length = 0;
    for (const [path, counters] of Object.entries(all)) {
      if (!covers.some((part) => path.includes(part))) continue;
      const statements = Object.keys(counters.s).length;
      const branches = Object.keys(counters.b).length;
      this.#files.push({ path, counters, statements, branches });
      length += statements + Object.values(counters.b).reduce((sum, { length: ways }) => sum + ways, 0);
    }
    this.#seen = new Uint8Array(length);
  }

  /**
   * Takes the counters, and sets them to 0.
   *
   * @param features Gets every feature of the run. Default: nobody does, and it costs nothing.
   * @returns The number of statements that were executed, and if any counter was in a bucket for the first time.
   */
  take(features?: Feature[]): { steps: number; isNew: boolean } {
    const seen = this.#seen;
    let place = 0;
    let steps = 0;
    let isNew = false;
    const note = (hits: number): void => {
      const bucket = bucketOf(hits);
      features?.push(place * 256 + bucket);
      if ((seen[place]! & bucket) === 0) {
        seen[place]! |= bucket;
        isNew = true;
      }
    };
    for (const { counters, statements, branches } of this.#files) {
      const { s, b } = counters;
      for (let i = 0; i < statements; i++, place++) {
        const hits = s[i]!;
        if (hits === 0) continue;
        s[i] = 0;
        steps += hits;
        note(hits);
      }
      for (let i = 0; i < branches; i++) {
        const ways = b[i]!;
        for (let way = 0; way < ways.length; way++, place++) {
          const hits = ways[way]!;
          if (hits === 0) continue;
          ways[way] = 0;
          note(hits);
        }
      }
    }
    return { steps, isNew };
  }

  /** The coverage of each file, the least covered first. */
  files(): FileCoverage[] {
    let place = 0;
    const result = this.#files.map(({ path, counters, statements }) => {
      const total = statements + Object.values(counters.b).reduce((sum, { length }) => sum + length, 0);
      const covered = this.#seen.subarray(place, place + total).filter((buckets) => buckets > 0).length;
      place += total;
      return { path, covered, total };
    });
    return result.toSorted((a, b) => a.covered / a.total - b.covered / b.total);
  }
}
