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
