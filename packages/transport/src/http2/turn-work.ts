import { nextTick, queueMicrotask, setImmediate } from "../turn.js";

/** The time that work may take in one turn of the event loop before other events have theirs, in milliseconds. */
const MAX_TURN_MS = 2;
/** The number of steps between two looks at the clock. */
const STEPS_PER_LOOK = 8;

/** Work that has begun, and who waits for its end. */
interface Task {
  readonly steps: Iterator<unknown>;
  readonly onDone: () => void;
  readonly onFault: (error: unknown) => void;
}

/**
 * Does work of many steps, a few in each turn of the event loop: a server has thousands of connections, and to close them all takes
 * a while. All of it shares a turn's time, in the order in which it came.
 */
export class TurnWork {
  readonly #tasks: Task[] = [];
  /** When the turn's time is over, by the clock; 0 before anything is done in it. */
  #until = 0;
  /** True while promises have their turn between two steps. */
  #goesOn = false;
  readonly #now: () => number;

  /** @param now The clock, in milliseconds. Default: `performance.now()`. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * Does the steps, up to each `yield`: the first ones at once, if there is time in this turn. Resolves when all are done.
   *
   * @throws {unknown} what a step throws; those behind it are not done.
   */
  do(steps: Iterator<unknown>): Promise<void> {
    return new Promise((onDone, onFault) => {
      this.#tasks.push({ steps, onDone, onFault });
      if (!this.#goesOn && this.#tasks.length === 1) this.#begin();
    });
  }

  /**
   * Does `step` for each of them, as they are now; as {@link do} otherwise.
   *
   * @throws {unknown} what a step threw first, after all are done: one that fails keeps no other from its own.
   */
  each<T>(all: Iterable<T>, step: (one: T) => void): Promise<void> {
    return this.do(stepsOf(Array.from(all), step));
  }

  #begin(): void {
    if (this.#until === 0) {
      this.#until = this.#now() + MAX_TURN_MS;
      setImmediate(this.#onTurnEnd);
    }
    this.#goOn();
  }

  readonly #onTurnEnd = (): void => {
    this.#until = 0;
    if (this.#tasks.length > 0 && !this.#goesOn) this.#begin();
  };

  readonly #goOn = (): void => {
    this.#goesOn = this.#now() < this.#until;
    for (let steps = 0; this.#goesOn && steps < STEPS_PER_LOOK; steps++) this.#goesOn = this.#step();
    // What the steps have made others do counts too: their promises come first.
    if (this.#goesOn) queueMicrotask(this.#afterPromises);
  };

  readonly #afterPromises = (): void => nextTick(this.#goOn);

  /** Does the next step. False if there is none. */
  #step(): boolean {
    const task = this.#tasks[0];
    if (task === undefined) return false;
    let isDone: boolean | undefined = true;
    try {
      isDone = task.steps.next().done;
      if (isDone === true) task.onDone();
    } catch (error) {
      task.onFault(error);
    }
    if (isDone === true) this.#tasks.shift();
    return true;
  }
}

function* stepsOf<T>(all: readonly T[], step: (one: T) => void): Generator<undefined> {
  let fault: { error: unknown } | undefined;
  for (const one of all) {
    try {
      step(one);
    } catch (error) {
      fault ??= { error };
    }
    yield;
  }
  if (fault !== undefined) throw fault.error;
}

/** The work of this process. */
export const turnWork = new TurnWork();
