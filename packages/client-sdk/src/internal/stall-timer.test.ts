import { expect, test } from "@jest/globals";
import { StallTimer } from "./stall-timer.js";

/** The time until a stall, in milliseconds. */
const STALL_MS = 20;

/** Lets the event loop stand still until that time is over, then does this where sockets would be read. */
async function whenRead(what: () => void): Promise<void> {
  await new Promise<void>((resolve) => {
    setTimeout(() => {
      what();
      setImmediate(() => setImmediate(resolve));
    }, STALL_MS);
    for (const until = performance.now() + STALL_MS + 5; performance.now() < until;);
  });
}

test.each<[string, (timer: StallTimer) => void]>([
  ["owes nothing by then", (timer) => timer.owesNothing()],
  ["has done something by then", (timer) => timer.owes()],
  ["is done with", (timer) => timer.end()],
])("a server whose word waited to be read has not stalled: it %s", async (_, read) => {
  let stalled = 0;
  const timer = new StallTimer(STALL_MS, () => stalled++);
  await whenRead(() => read(timer));
  timer.end();
  expect(stalled).toBe(0);
});
