import { AsyncResource } from "node:async_hooks";

/** The timers of Node.js that fake ones stand in for. */
export const realTimers = { setTimeout, setInterval, clearTimeout, clearInterval };

/** A timer of a fake clock, with the methods of Node.js' own. When the clock has ended, a real one goes on in its place. */
export class FakeTimer {
  /** When it is due, by the clock. */
  atMs: number;
  readonly #everyMs: number | undefined;
  readonly #afterMs: number;
  readonly #run: () => void;
  readonly #timers: Set<FakeTimer>;
  readonly #now: () => number;
  #real: NodeJS.Timeout | undefined;
  #isRef = true;

  /** @param timers Those that wait; it stands there from now on. */
  constructor(
    run: () => void,
    {
      afterMs,
      repeats,
      timers,
      now,
    }: { afterMs: number; repeats: boolean; timers: Set<FakeTimer>; now: () => number },
  ) {
    // As Node.js has it: what no timer can wait for is a millisecond.
    this.#afterMs = afterMs >= 1 && afterMs <= 2 ** 31 - 1 ? Math.trunc(afterMs) : 1;
    this.#everyMs = repeats ? this.#afterMs : undefined;
    this.#run = AsyncResource.bind(run);
    this.#timers = timers;
    this.#now = now;
    this.atMs = now() + this.#afterMs;
    timers.add(this);
  }

  /** Runs it, and has it wait again if it repeats. */
  fire(): void {
    this.#timers.delete(this);
    if (this.#everyMs !== undefined) {
      this.atMs += this.#everyMs;
      this.#timers.add(this);
    }
    this.#run();
  }

  /** Hands over to a real timer. */
  becomeReal(): void {
    this.#timers.delete(this);
    const begin = () => {
      if (this.#everyMs === undefined) return this.#run();
      this.#real = realTimers.setInterval(this.#run, this.#everyMs);
      this.#applyRef();
      this.#run();
    };
    this.#real = realTimers.setTimeout(begin, Math.max(this.atMs - this.#now(), 0));
    this.#applyRef();
  }

  close(): this {
    this.#timers.delete(this);
    // One function clears both kinds.
    if (this.#real !== undefined) realTimers.clearTimeout(this.#real);
    return this;
  }

  refresh(): this {
    if (this.#real !== undefined) this.#real.refresh();
    else {
      this.atMs = this.#now() + this.#afterMs;
      this.#timers.add(this);
    }
    return this;
  }

  ref(): this {
    this.#isRef = true;
    this.#applyRef();
    return this;
  }

  unref(): this {
    this.#isRef = false;
    this.#applyRef();
    return this;
  }

  hasRef(): boolean {
    return this.#isRef;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #applyRef(): void {
    if (this.#isRef) this.#real?.ref();
    else this.#real?.unref();
  }
}
