import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "@jest/globals";
import { Watches } from "./watches.js";

test("of many streams that stall together, a few hear of it in each turn of the event loop", async () => {
  const COUNT = 500;
  const watches = new Watches();
  const stalled = new Set<object>();
  const since = performance.now() - 1000;
  for (let at = 0; at < COUNT; at++) {
    const watch = {
      waitingSince: since,
      stallTimeoutMs: 1,
      onStalled() {
        stalled.add(watch);
        watch.waitingSince = Infinity;
      },
      onClosed() {},
    };
    watches.add(watch);
  }
  let most = 0;
  for (let before = 0; stalled.size < COUNT; before = stalled.size) {
    await turn();
    most = Math.max(most, stalled.size - before);
  }
  expect(most).toBeLessThanOrEqual(64);
  watches.close();
});

test("a stream has not stalled whose event waited to be read when the time was over", async () => {
  const watches = new Watches();
  let stalled = 0;
  const watch = {
    waitingSince: performance.now() - 1000,
    stallTimeoutMs: 1,
    onStalled: () => void stalled++,
    onClosed() {},
  };
  watches.add(watch);
  // As when the event loop stood still: sockets are read behind timers that are due.
  await new Promise<void>((resolve) => {
    setTimeout(() => {
      watch.waitingSince = Infinity;
      setImmediate(resolve);
    }, 1);
    for (const until = performance.now() + 5; performance.now() < until;);
  });
  expect(stalled).toBe(0);
  watches.close();
});
