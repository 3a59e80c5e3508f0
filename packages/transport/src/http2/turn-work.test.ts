import { expect, test } from "@jest/globals";
import { TurnWork } from "./turn-work.js";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Work of so many steps, each of which takes a part of a millisecond by a clock of its own; notes those that are done. */
function setUp() {
  let now = 1000;
  const done: number[] = [];
  const work = new TurnWork(() => now);
  const step = (which: number): void => {
    now += 0.5;
    done.push(which);
  };
  return { work, done, step, range: (count: number) => Array.from({ length: count }, (_, at) => at) };
}

test("work of many steps is done in order, a few steps in each turn", async () => {
  const { work, done, step, range } = setUp();
  const all = work.each(range(100), step);
  let before = 0;
  for (let turns = 0; done.length < 100; turns++) {
    expect(done.length - before).toBeLessThanOrEqual(8);
    expect(turns).toBeLessThan(100);
    before = done.length;
    await turn();
  }
  await all;
  expect(done).toEqual(range(100));
});

test("a few steps are done at once; those of others in the same turn wait for the next one", async () => {
  const { work, done, step, range } = setUp();
  const first = work.each(range(8), step);
  expect(done).toEqual(range(8));
  const second = work.each([100], step);
  const third = work.each([200], step);
  expect(done).toHaveLength(8);
  await Promise.all([first, second, third]);
  expect(done.slice(8)).toEqual([100, 200]);
});

test("what the steps make others do counts", async () => {
  let now = 1000;
  const work = new TurnWork(() => now);
  let done = 0;
  const all = work.each(Array.from({ length: 40 }), () => {
    done++;
    // It takes no time itself, and its promise half a millisecond.
    void Promise.resolve().then(() => (now += 0.5));
  });
  expect(done).toBe(8);
  await turn();
  // Those of the call and, at most, those of one turn.
  expect(done).toBeLessThanOrEqual(16);
  await all;
  expect(done).toBe(40);
});

test("it may be asked for by its own steps, and what a step throws is told to that work alone", async () => {
  const { work, done, step } = setUp();
  let inner: Promise<void> | undefined;
  const failing = work.each([1], () => {
    inner = work.each([7], step);
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  await inner;
  expect(done).toEqual([7]);
  await work.each([], step);
});

test("one that fails keeps no other from its own, and its error is told at the end", async () => {
  const { work, done, step } = setUp();
  const failing = work.each([1, 2, 3], (one) => {
    if (one === 3) step(one);
    else throw new Error(`not ${one}`);
  });
  await expect(failing).rejects.toThrow("not 1");
  expect(done).toEqual([3]);
});
