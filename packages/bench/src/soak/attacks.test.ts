import { expect, test } from "@jest/globals";
import { attackRounds, runAttacks } from "./attack-run.js";
import { problemsOf, tableLine, type AttackRow } from "./attack-table.js";

test("attacks alone and in pair leave nothing behind, and callers beside them get their answers", async () => {
  const rows: AttackRow[] = [];
  const problems = await runAttacks({
    seconds: 3,
    only: ["calls that are reset at once", "bodies over HTTP/2 that never end"],
    // A loaded machine is slow by itself; the soak by hand looks at times.
    slowerMs: 60_000,
    leftBytes: 16_000_000,
    onRow: (row) => rows.push(row),
  });
  expect(problems).toEqual([]);
  expect(rows.map(({ attack }) => attack)).toEqual([
    "calls that are reset at once",
    "bodies over HTTP/2 that never end",
    "calls that are reset at once + bodies over HTTP/2 that never end",
  ]);
  for (const { before, during, after } of rows) {
    for (const { answered, residentBytes } of [before, during, after]) {
      expect([answered > 0, residentBytes > 0]).toEqual([true, true]);
    }
  }
}, 60_000);

test("each attack comes alone first, then each pair once", () => {
  expect(attackRounds(["a", "b", "c"])).toEqual([["a"], ["b"], ["c"], ["a", "b"], ["a", "c"], ["b", "c"]]);
});

test("a row says what is wrong", () => {
  const part = { answered: 100, failures: [], p99Us: 2000, residentBytes: 50e6, descriptors: 30 };
  const state = {
    liveBytes: 10e6,
    descriptors: 30,
    unhandledRejections: [],
    connectionsOpen: 4,
    callsOpen: 2,
  };
  const row: AttackRow = { attack: "a", before: part, during: part, after: part, states: [state, state] };
  const bounds = { slowerMs: 50, leftBytes: 1e6 };
  expect(problemsOf(row, bounds)).toEqual([]);
  expect(tableLine(row)).toMatch(/^a +2\.0 → 2\.0 → 2\.0 +50 → 50 → 50 +30 → 30 → 30$/);
  const bad: AttackRow = {
    ...row,
    during: { ...part, answered: 0, failures: ["UNAVAILABLE"], p99Us: 53_000 },
    states: [
      state,
      {
        liveBytes: 12e6,
        descriptors: 31,
        unhandledRejections: ["Error"],
        connectionsOpen: 5,
        callsOpen: 100,
      },
    ],
  };
  expect(problemsOf(bad, bounds)).toEqual([
    "a: the callers' p99 is 53.0 ms, and was 2.0 ms",
    "a: no call of the callers was answered",
    "a: a caller has failed with UNAVAILABLE",
    "a: 12 MB are alive, and 10 MB were",
    "a: 31 descriptors are open, and 30 were",
    "a: 5 connections are open, and 4 were",
    "a: 98 calls have not ended",
    "a: unhandled: Error",
  ]);
});
