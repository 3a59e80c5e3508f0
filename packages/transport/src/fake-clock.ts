// The entry point @callwire/transport/testing.
import { inProcessWrites } from "./server/in-process-socket.js";
import { deadlines } from "./http2/deadline-wheel.js";
import { FakeTimer, realTimers } from "./fake-timer.js";

/** A clock that stands still until a test lets time pass. Disposing of it gives the process its own clock back. */
export interface FakeClock extends Disposable {
  /** The time that has passed by it, in milliseconds. */
  readonly elapsedMs: number;
  /**
   * Lets time pass, in milliseconds: deadlines pass and timers run in their order, each at its own time. Before each of them and at
   * the end the event loop turns until nothing moves, so that calls within the process get to where they are going. Resolves when all that is over.
   *
   * @throws {RangeError} if the time is negative or no number.
   */
  advance(ms: number): Promise<void>;
}

/** The turns of the event loop without a word within the process after which every call there waits for something else. */
const QUIET_TURNS = 5;
/** The most turns: streams may have no end. */
const MAX_TURNS = 1_000;

const realDate = Date;
const realNow = performance.now.bind(performance);
/** The time that fake clocks have skipped: time never goes back, as deadlines that are there rely on it. */
let skippedMs = 0;
let isRunning = false;

/**
 * Takes over the time of this process, until it is disposed of: `performance.now`, `Date`, `setTimeout` and `setInterval`, and so all
 * deadlines, retries, keepalives and heartbeats of both sides. `setImmediate`, promises, sockets and `node:timers/promises` are as
 * ever. Timers that were set before it run by the real time; timers that wait when it ends go on as real ones.
 *
 * Make it before the calls and clients that it is for. It works with every test runner; do not mix it with the runner's own.
 *
 * @throws {Error} if there is one already.
 */
export function fakeClock(): FakeClock {
  if (isRunning) throw new Error("fakeClock: another one has not been disposed of");
  isRunning = true;
  const timers = new Set<FakeTimer>();
  // Whole milliseconds, so that a timer's rounding is none.
  const startMs = Math.ceil(performance.now());
  let nowMs = startMs;
  const dateMs = realDate.now();
  const now = () => nowMs;
  const dateNow = () => dateMs + nowMs - startMs;
  const make =
    (repeats: boolean) =>
    (run: (...args: unknown[]) => void, afterMs = 1, ...args: unknown[]) =>
      new FakeTimer(() => run(...args), { afterMs, repeats, timers, now });
  const clear = (real: (timer: NodeJS.Timeout) => void) => (timer: NodeJS.Timeout | FakeTimer) => {
    if (timer instanceof FakeTimer) timer.close();
    else real(timer);
  };
  performance.now = now;
  Object.assign(globalThis, {
    Date: fakeDate(dateNow),
    setTimeout: make(false),
    setInterval: make(true),
    // These stay when the clock has ended: its timers are still about.
    clearTimeout: clear(realTimers.clearTimeout),
    clearInterval: clear(realTimers.clearInterval),
  });

  return {
    get elapsedMs() {
      return nowMs - startMs;
    },
    async advance(ms) {
      if (!(ms >= 0 && ms < Infinity)) throw new RangeError(`advance: ms is ${ms}: it must be at least 0`);
      const untilMs = nowMs + ms;
      await settle();
      for (let dueMs = nextDue(timers); dueMs <= untilMs; dueMs = nextDue(timers)) {
        nowMs = Math.max(nowMs, dueMs);
        deadlines.passAll(nowMs);
        const due = Array.from(timers).filter(({ atMs }) => atMs <= nowMs);
        for (const timer of due) if (timers.has(timer)) timer.fire();
        await settle();
      }
      nowMs = untilMs;
    },
    [Symbol.dispose]() {
      if (!isRunning || performance.now !== now) return;
      isRunning = false;
      Object.assign(globalThis, {
        Date: realDate,
        setTimeout: realTimers.setTimeout,
        setInterval: realTimers.setInterval,
      });
      for (const timer of timers) timer.becomeReal();
      skippedMs = Math.max(skippedMs, nowMs - realNow());
      performance.now = () => realNow() + skippedMs;
    },
  };
}

/** When the first timer or deadline is due; `Infinity` if none is. */
function nextDue(timers: ReadonlySet<FakeTimer>): number {
  let first = deadlines.earliestMs;
  for (const { atMs } of timers) first = Math.min(first, atMs);
  return first;
}

/** Lets the event loop turn until nothing moves within the process. */
async function settle(): Promise<void> {
  let quiet = 0;
  for (let turns = 0, seen = inProcessWrites(); quiet < QUIET_TURNS && turns < MAX_TURNS; turns++) {
    await new Promise((resolve) => setImmediate(resolve));
    const now = inProcessWrites();
    quiet = now === seen ? quiet + 1 : 0;
    seen = now;
  }
}

/** A Date whose present is another. */
function fakeDate(now: () => number): DateConstructor {
  return new Proxy(realDate, {
    apply: () => new realDate(now()).toString(),
    construct: (target, args, newTarget) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as Date,
    get: (target, name, receiver) =>
      name === "now" ? now : (Reflect.get(target, name, receiver) as unknown),
  });
}
