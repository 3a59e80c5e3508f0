import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "@jest/globals";
import { CallScope, type ScopedCall } from "./call-scope.js";

/** A scope with so many calls, and those that have ended. */
function scopeOf(count: number) {
  const scope = new CallScope();
  const ended = new Set<ScopedCall>();
  for (let at = 0; at < count; at++) {
    const call: ScopedCall = {
      scopeNext: undefined,
      scopePrevious: undefined,
      onClientClosed() {
        ended.add(call);
        scope.remove(call);
        // Takes half a millisecond.
        const until = performance.now() + 0.5;
        while (performance.now() < until);
      },
    };
    scope.add(call);
  }
  return { scope, ended };
}

test("a few calls end as their client is closed", () => {
  const { scope, ended } = scopeOf(10);
  let isOver = false;
  scope.close(() => (isOver = true));
  expect([ended.size, isOver, scope.isClosed]).toEqual([10, true, true]);
});

test("of many, the first ones do, and the others in the next turns of the event loop", async () => {
  const { scope, ended } = scopeOf(300);
  let endedThen: number | undefined;
  scope.close(() => (endedThen = ended.size));
  let most = ended.size;
  for (let before = ended.size; ended.size < 300; before = ended.size) {
    await turn();
    most = Math.max(most, ended.size - before);
  }
  await turn();
  expect(most).toBeLessThan(200);
  expect([endedThen, scope.isClosed]).toEqual([300, true]);
});
