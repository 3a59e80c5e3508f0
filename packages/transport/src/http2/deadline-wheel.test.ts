import { afterEach, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { DeadlineWheel, SLOT_MS, type DeadlineEntry, type DeadlineLinks } from "./deadline-wheel.js";

const DAY_MS = 24 * 3_600_000;

class Entry implements DeadlineEntry {
  deadlineBefore: DeadlineLinks | undefined;
  deadlineAfter: DeadlineLinks | undefined;
  passedAt: number[] = [];
  deadlineMs: number;
  readonly #then: (entry: Entry) => void;

  constructor(deadlineMs: number, then: (entry: Entry) => void = () => {}) {
    this.deadlineMs = deadlineMs;
    this.#then = then;
  }

  get isLinked(): boolean {
    return this.deadlineAfter !== undefined;
  }

  onDeadline(): void {
    this.passedAt.push(performance.now());
    this.#then(this);
  }
}

describe("a deadline wheel, in time of its own", () => {
  beforeEach(() => {
    jest.useFakeTimers({ now: 0 });
    // The clock need not begin at a slot's beginning.
    jest.advanceTimersByTime(1003);
  });
  afterEach(() => {
    // In this order: some mocks are of the fake clock.
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  function expectInTime(entry: Entry): void {
    expect(entry.passedAt).toHaveLength(1);
    expect(entry.passedAt[0]).toBeGreaterThanOrEqual(entry.deadlineMs);
    // A timer of whole milliseconds adds up to one.
    expect(entry.passedAt[0]).toBeLessThan(Math.max(entry.deadlineMs, 1003) + SLOT_MS + 1);
  }

  it("passes each deadline once, never early, and within a slot", () => {
    const wheel = new DeadlineWheel();
    const now = performance.now();
    const entries = [0, 0.25, 1, 7.9, 8, 8.1, 100, 999.5, 8191, 8192, 8193, 8200, 30_000].map(
      (ms) => new Entry(now + ms),
    );
    for (const entry of entries) wheel.add(entry);
    jest.advanceTimersByTime(31_000);
    for (const entry of entries) {
      expectInTime(entry);
      expect(entry.isLinked).toBe(false);
    }
  });

  it("passes what is over already, soon", () => {
    const wheel = new DeadlineWheel();
    const entries = [-Infinity, -5, 0, performance.now() - 1].map((at) => new Entry(at));
    for (const entry of entries) wheel.add(entry);
    expect(entries.every(({ passedAt }) => passedAt.length === 0)).toBe(true);
    jest.advanceTimersByTime(SLOT_MS + 1);
    for (const entry of entries) expectInTime(entry);
  });

  it("waits beyond its own length and beyond the longest timer", () => {
    let skippedMs = 0;
    const wheel = new DeadlineWheel(() => performance.now() + skippedMs);
    const now = performance.now();
    const entries = [1 / 24, 24.8, 24.9, 25, 26].map((days) => new Entry(now + days * DAY_MS));
    for (const entry of entries) wheel.add(entry);
    const passed = (): number[] => entries.map(({ passedAt }) => passedAt.length);
    jest.advanceTimersByTime(3_599_999);
    expect(passed()).toEqual([0, 0, 0, 0, 0]);
    jest.advanceTimersByTime(1 + SLOT_MS);
    expect(passed()).toEqual([1, 0, 0, 0, 0]);
    // The process did not run for most of the time: suspended, or busy.
    skippedMs = 25 * DAY_MS - 3_600_000 - 60_000;
    jest.advanceTimersByTime(10_000);
    expect(passed()).toEqual([1, 1, 1, 0, 0]);
    jest.advanceTimersByTime(now + 25 * DAY_MS - 1 - skippedMs - performance.now());
    expect(passed()).toEqual([1, 1, 1, 0, 0]);
    jest.advanceTimersByTime(1 + SLOT_MS);
    expect(passed()).toEqual([1, 1, 1, 1, 0]);
  });

  it("passes all that came due while the process was busy", () => {
    let skippedMs = 0;
    const wheel = new DeadlineWheel(() => performance.now() + skippedMs);
    const entries = [10, 30, 500, 3000, 9000].map((ms) => new Entry(performance.now() + ms));
    for (const entry of entries) wheel.add(entry);
    skippedMs = 3000;
    jest.advanceTimersByTime(10 + SLOT_MS);
    expect(entries.map(({ passedAt }) => passedAt.length)).toEqual([1, 1, 1, 1, 0]);
  });

  it("goes on where a test's clock, which begins at zero, takes the place of the other one", () => {
    let aheadMs = 150_000;
    const wheel = new DeadlineWheel(() => performance.now() + aheadMs);
    const before = new Entry(performance.now() + aheadMs + 10_000);
    wheel.add(before);
    aheadMs = 0;
    const entries = [10, 30, 500, 9000, 60_000].map((ms) => new Entry(performance.now() + ms));
    for (const entry of entries) wheel.add(entry);
    jest.advanceTimersByTime(61_000);
    for (const entry of entries) expectInTime(entry);
    expect(before.passedAt).toEqual([]);
    aheadMs = 150_000;
    jest.advanceTimersByTime(20_000);
    expect(before.passedAt).toHaveLength(1);
  });

  it("does not add what has no deadline", () => {
    const wheel = new DeadlineWheel();
    const entries = [new Entry(Infinity), new Entry(Number.NaN)];
    for (const entry of entries) {
      wheel.add(entry);
      expect(entry.isLinked).toBe(false);
      wheel.remove(entry);
    }
    expect(jest.getTimerCount()).toBe(0);
  });

  it("takes a deadline that nobody lives to see", () => {
    const wheel = new DeadlineWheel();
    const entry = new Entry(Number.MAX_VALUE);
    wheel.add(entry);
    jest.advanceTimersByTime(60_000);
    expect(entry.passedAt).toEqual([]);
    expect(entry.isLinked).toBe(true);
  });

  it("does not pass what was removed, and then has no timer", () => {
    const wheel = new DeadlineWheel();
    const now = performance.now();
    const entries = Array.from({ length: 100 }, (_, i) => new Entry(now + 20 + (i % 3) * 8));
    for (const entry of entries) wheel.add(entry);
    const removed = entries.filter((_, i) => i % 2 === 0);
    for (const entry of removed) wheel.remove(entry);
    for (const entry of removed) wheel.remove(entry);
    jest.advanceTimersByTime(100);
    for (const [i, { passedAt }] of entries.entries()) expect(passedAt).toHaveLength(i % 2);
    expect(jest.getTimerCount()).toBe(0);
  });

  it("has a timer again after it was empty for long", () => {
    const wheel = new DeadlineWheel();
    for (const ms of [5, 50, 20_000]) {
      jest.advanceTimersByTime(123_457);
      const entry = new Entry(performance.now() + ms);
      wheel.add(entry);
      jest.advanceTimersByTime(ms + SLOT_MS + 1);
      expectInTime(entry);
    }
  });

  it("wakes for the nearest deadline, whatever came before it", () => {
    const wheel = new DeadlineWheel();
    const now = performance.now();
    const far = new Entry(now + 5000);
    const near = new Entry(now + 50);
    wheel.add(far);
    wheel.add(near);
    jest.advanceTimersByTime(60);
    expectInTime(near);
    jest.advanceTimersByTime(5000);
    expectInTime(far);
  });

  it("wakes no more than once a round for what is far away", () => {
    const wheel = new DeadlineWheel();
    const wakes = jest.spyOn(globalThis, "setTimeout");
    wheel.add(new Entry(performance.now() + DAY_MS));
    jest.advanceTimersByTime(3_600_000);
    expect(wakes.mock.calls.length).toBeLessThan(3_600_000 / 8000);
  });

  it("follows a deadline that was put off", () => {
    const wheel = new DeadlineWheel();
    const entry = new Entry(performance.now() + 10);
    wheel.add(entry);
    entry.deadlineMs += 500;
    jest.advanceTimersByTime(400);
    expect(entry.passedAt).toEqual([]);
    jest.advanceTimersByTime(200);
    expectInTime(entry);
    const never = new Entry(performance.now() + 10);
    wheel.add(never);
    never.deadlineMs = Infinity;
    jest.advanceTimersByTime(100);
    expect(never.isLinked).toBe(false);
    expect(never.passedAt).toEqual([]);
  });

  it("lets a deadline add and remove others", () => {
    const wheel = new DeadlineWheel();
    const at = performance.now() + 20;
    const third = new Entry(at);
    const again = new Entry(at);
    const first = new Entry(at, () => {
      wheel.remove(third);
      again.deadlineMs = performance.now() + 20;
      wheel.add(again);
    });
    for (const entry of [first, new Entry(at), third]) wheel.add(entry);
    jest.advanceTimersByTime(30);
    expect(third.passedAt).toEqual([]);
    expect(again.passedAt).toEqual([]);
    jest.advanceTimersByTime(30);
    expectInTime(again);
  });

  it("does not stop at one that throws", () => {
    const warning = jest.spyOn(process, "emitWarning").mockImplementation(() => {});
    const wheel = new DeadlineWheel();
    const at = performance.now() + 20;
    const entries = [
      new Entry(at, () => {
        throw new Error("a fault");
      }),
      new Entry(at),
    ];
    for (const entry of entries) wheel.add(entry);
    jest.advanceTimersByTime(30);
    for (const entry of entries) expectInTime(entry);
    expect(warning).toHaveBeenCalledTimes(1);
  });

  it("gives other events a turn while thousands pass", () => {
    const wheel = new DeadlineWheel();
    const at = performance.now() + 20;
    let passed = 0;
    // Each takes a tenth of a millisecond: in one turn they would take half a second.
    let spent = 0;
    const pass = (): void => {
      passed++;
      spent += 0.1;
    };
    const entries = Array.from({ length: 5000 }, () => new Entry(at, pass));
    const clock = performance.now.bind(performance);
    jest.spyOn(performance, "now").mockImplementation(() => clock() + spent);
    for (const entry of entries) wheel.add(entry);
    for (let turns = 0; passed < entries.length; turns++) {
      const before = { passed, spent };
      jest.advanceTimersToNextTimer();
      expect(spent - before.spent).toBeLessThan(10);
      expect(turns).toBeLessThan(1000);
    }
    expect(entries.every(({ passedAt }) => passedAt.length === 1)).toBe(true);
  });

  it("does as a list of deadlines would, for any mix", () => {
    const wheel = new DeadlineWheel();
    let seed = 1;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return (seed >>> 8) % below;
    };
    const all: Entry[] = [];
    const removed = new Set<Entry>();
    for (let round = 0; round < 3000; round++) {
      const entry = new Entry(performance.now() + random(4) ** random(8) + random(8) / 8);
      wheel.add(entry);
      all.push(entry);
      const other = all[random(all.length)]!;
      if (random(2) === 0 && other.passedAt.length === 0) {
        wheel.remove(other);
        removed.add(other);
      }
      jest.advanceTimersByTime(random(12));
    }
    jest.advanceTimersByTime(100_000);
    for (const entry of all) {
      if (removed.has(entry)) expect(entry.passedAt).toEqual([]);
      else {
        expect(entry.passedAt).toHaveLength(1);
        expect(entry.passedAt[0]).toBeGreaterThanOrEqual(entry.deadlineMs);
        expect(entry.passedAt[0]! - entry.deadlineMs).toBeLessThan(2 * SLOT_MS);
      }
    }
    expect(jest.getTimerCount()).toBe(0);
  });
});

describe("a deadline wheel, in real time", () => {
  it("passes deadlines in their order, none early", async () => {
    const wheel = new DeadlineWheel();
    const now = performance.now();
    const passed: Entry[] = [];
    await new Promise<void>((resolve) => {
      const entries = [60, 1, 30, 5].map(
        (ms) =>
          new Entry(now + ms, (entry) => {
            passed.push(entry);
            if (passed.length === 4) resolve();
          }),
      );
      for (const entry of entries) wheel.add(entry);
    });
    expect(passed.map(({ deadlineMs }) => Math.round(deadlineMs - now))).toEqual([1, 5, 30, 60]);
    for (const { passedAt, deadlineMs } of passed) expect(passedAt[0]).toBeGreaterThanOrEqual(deadlineMs);
  });
});
