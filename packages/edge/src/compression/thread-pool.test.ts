import { describe, expect, test } from "@jest/globals";
import { inThreads, MAX_WORKING, pieceTurn } from "./thread-pool.js";

describe("what is compressed", () => {
  test("takes a part of the threads, in the order in which it came, also if some of it fails", async () => {
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    const works = Array.from({ length: MAX_WORKING + 2 }, (_, index) =>
      inThreads(() => {
        begun.push(index);
        return new Promise<number>((resolve, reject) =>
          ends.push(() => (index === 0 ? reject(new Error("broken")) : resolve(index))),
        );
      }),
    );
    const results = Promise.allSettled(works);
    expect(begun).toHaveLength(MAX_WORKING);
    for (let index = 0; index < works.length; index++) {
      ends[index]!();
      await works[index]!.catch(() => {});
      expect(begun).toHaveLength(Math.min(MAX_WORKING + index + 1, works.length));
    }
    expect(begun).toEqual(works.map((_, index) => index));
    expect((await results).map(({ status }) => status)).toEqual([
      "rejected",
      ...Array<string>(works.length - 1).fill("fulfilled"),
    ]);
    // None is missing afterwards.
    expect(await Promise.all([1, 2].map((value) => inThreads(() => Promise.resolve(value))))).toEqual([1, 2]);
  });
});

describe("what is decompressed piece by piece", () => {
  test("begins a few pieces in each turn of the event loop", async () => {
    let turn = 0;
    const countTurns = (): void => {
      turn++;
      immediate = setImmediate(countTurns);
    };
    let immediate = setImmediate(countTurns);
    const turns = await Promise.all(
      Array.from({ length: 3 * MAX_WORKING }, async () => {
        await pieceTurn();
        return turn;
      }),
    );
    clearImmediate(immediate);
    for (const each of new Set(turns)) expect(turns.filter((of) => of === each)).toHaveLength(MAX_WORKING);
  });
});
