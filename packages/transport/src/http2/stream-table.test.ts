import { expect, test } from "@jest/globals";
import { StreamTable } from "./stream-table.js";
import type { Http2Stream } from "./stream.js";

const streamOf = (id: number): Http2Stream => ({ id }) as Http2Stream;

/** Numbers below `limit` that look random, and are the same in every run. */
function numbers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 0x1_0000_0000) * limit);
  };
}

test.each([1, 2, 3])("holds what a Map holds, whatever comes and goes (%i)", (seed) => {
  const random = numbers(seed);
  const table = new StreamTable();
  const model = new Map<number, Http2Stream>();
  let next = 1;
  for (let step = 0; step < 8000; step++) {
    // First it grows to thousands, then it shrinks again.
    if (random(100) < (step < 4000 ? 70 : 30)) {
      const stream = streamOf(next);
      // Ids that a peer leaves out, now and then many.
      next += 2 * (1 + (random(10) === 0 ? random(1 << 16) : 0));
      table.add(stream);
      model.set(stream.id, stream);
    } else if (model.size > 0) {
      const ids = Array.from(model.keys());
      const stream = model.get(ids[random(ids.length)]!)!;
      table.delete(stream);
      model.delete(stream.id);
    }
    const id = random(next);
    // Not thousands of calls of `expect`, which take much longer than the table does.
    if (table.get(id) !== model.get(id)) throw new Error(`step ${step}: another stream for id ${id}`);
  }
  expect(table.size).toBe(model.size);
  expect(table.toArray()).toEqual(Array.from(model.values()));
});

test("thousands of streams whose ids lie a power of two apart do not share slots", () => {
  const table = new StreamTable();
  const streams = Array.from({ length: 10_000 }, (_, index) => streamOf(1 + index * 65_536));
  let compared = 0;
  for (const { id } of streams) {
    // Looking for a stream compares ids until it is found.
    table.add(
      Object.defineProperty({}, "id", {
        get: () => {
          compared++;
          return id;
        },
      }) as Http2Stream,
    );
  }
  compared = 0;
  const found = streams.filter(({ id }) => table.get(id)?.id === id);
  expect(found).toHaveLength(streams.length);
  expect(compared).toBeLessThan(20 * streams.length);
});
