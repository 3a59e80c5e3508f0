import { performance } from "node:perf_hooks";

/** One line on a terminal that says how far a run is, or a line for each step elsewhere. */
export class Progress {
  readonly #total: number;
  readonly #began = performance.now();
  readonly #terminal = process.stderr.isTTY;
  #step = 0;

  constructor(total: number) {
    this.#total = total;
  }

  /** The next step begins. */
  next(what: string): void {
    const left = ((performance.now() - this.#began) / this.#step) * (this.#total - this.#step);
    const time = this.#step === 0 ? "" : `, ${Math.ceil(left / 1000)} s left`;
    const line = `${++this.#step}/${this.#total} ${what}${time}`;
    process.stderr.write(this.#terminal ? `\r\x1b[K${line}` : `${line}\n`);
  }

  /** Something that stays to be read. */
  say(line: string): void {
    process.stderr.write(this.#terminal ? `\r\x1b[K${line}\n` : `${line}\n`);
  }

  end(): void {
    if (this.#terminal) process.stderr.write("\r\x1b[K");
  }
}
