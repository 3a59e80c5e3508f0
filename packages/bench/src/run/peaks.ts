import { residentBytes, type RunningProgram } from "./programs.js";

/** The interval of the checks, in milliseconds. */
const INTERVAL_MS = 100;

/** Looks at the memory of both sides for as long as it lives. */
export class Peaks implements Disposable {
  readonly #server: number[] = [];
  readonly #client: number[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor({ server, client }: { server: RunningProgram; client: RunningProgram }) {
    this.#timer = setInterval(() => {
      this.#server.push(residentBytes(server.pid));
      this.#client.push(residentBytes(client.pid));
    }, INTERVAL_MS);
  }

  /** The most memory of the second half of the time, for each byte at most of the first half. */
  ratios(): { serverPeakRatio: number; clientPeakRatio: number } {
    return { serverPeakRatio: peakRatio(this.#server), clientPeakRatio: peakRatio(this.#client) };
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

function peakRatio(bytes: readonly number[]): number {
  const half = Math.ceil(bytes.length / 2);
  return Math.max(...bytes.slice(half)) / Math.max(...bytes.slice(0, half));
}
