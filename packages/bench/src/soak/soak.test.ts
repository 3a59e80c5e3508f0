import { expect, test } from "@jest/globals";
import { runSoak } from "./run.js";

test("six seconds of resets, cancels, deadlines, half-closed sockets and kills leave nothing behind", async () => {
  const { problems, outcomes, connectionsHarmed, kills } = await runSoak({
    seconds: 6,
    // Code that is compiled while the test runs lives in the heap too; ten minutes forgive nothing.
    slackBytes: 4_000_000,
    onProgress: () => {},
  });
  expect(problems).toEqual([]);
  expect(connectionsHarmed).toBeGreaterThan(0);
  expect(kills).toBeGreaterThan(0);
  for (const [outcome, count] of Object.entries(outcomes))
    expect([outcome, count > 0]).toEqual([outcome, true]);
}, 60_000);
