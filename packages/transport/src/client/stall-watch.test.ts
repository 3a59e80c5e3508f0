import { describe, expect, jest, test } from "@jest/globals";
import { StallWatch, type Stallable } from "./stall-watch.js";

/** A watch whose turns a test makes, by a clock that the test sets. */
function watchOf(timeoutMs: number) {
  let now = 1000;
  const clock = jest.spyOn(performance, "now").mockImplementation(() => now);
  const target = {
    owedSince: Infinity,
    progress: 0,
    stalled: [] as number[],
    onStalled: (ms: number) => void target.stalled.push(ms),
  } satisfies Stallable & { stalled: number[] };
  const watch = new StallWatch(target, timeoutMs);
  return {
    target,
    watch,
    /** The time when the watch looks next. */
    async look(): Promise<number> {
      now = watch.deadlineMs;
      watch.stop();
      watch.onDeadline();
      await new Promise((resolve) => setImmediate(resolve));
      return now;
    },
    set now(ms: number) {
      now = ms;
    },
    [Symbol.dispose]() {
      watch.stop();
      clock.mockRestore();
    },
  };
}

describe("a stall", () => {
  test("counts from when the server must do something", async () => {
    using room = watchOf(100);
    expect(await room.look()).toBe(1100);
    room.target.owedSince = 1150;
    expect(await room.look()).toBe(1200);
    expect(room.target.stalled).toEqual([]);
    expect(await room.look()).toBe(1250);
    expect(room.target.stalled).toEqual([100]);
  });

  test("is none where the server's progress waited to be read when the time was over", async () => {
    using room = watchOf(100);
    room.target.owedSince = 1000;
    room.now = room.watch.deadlineMs;
    room.watch.stop();
    room.watch.onDeadline();
    // As when the event loop stood still: sockets are read behind timers.
    room.target.progress = 1;
    await new Promise((resolve) => setImmediate(resolve));
    expect(room.target.stalled).toEqual([]);
  });

  test("is none of a call that ends at that time", async () => {
    using room = watchOf(100);
    room.target.owedSince = 1000;
    room.now = room.watch.deadlineMs;
    room.watch.onDeadline();
    room.watch.stop();
    await new Promise((resolve) => setImmediate(resolve));
    expect(room.target.stalled).toEqual([]);
  });

  test("is none while the server need do nothing, however long", async () => {
    using room = watchOf(100);
    for (let i = 0; i < 100; i++) await room.look();
    expect(room.target.stalled).toEqual([]);
  });

  test("is none while there is progress, and follows it by twice the time at most", async () => {
    using room = watchOf(100);
    room.target.owedSince = 1000;
    for (let i = 1; i <= 50; i++) {
      room.target.progress = i;
      await room.look();
    }
    expect(room.target.stalled).toEqual([]);
    const last = await room.look();
    expect(last).toBe(1000 + 51 * 100);
    expect(room.target.stalled).toEqual([100]);
  });
});
