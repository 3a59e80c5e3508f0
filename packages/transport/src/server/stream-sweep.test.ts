import { expect, test } from "@jest/globals";
import type { Http2Stream } from "../http2/stream.js";
import { STREAMS_PER_TURN, StreamSweep, type SweptConnection } from "./stream-sweep.js";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A connection of so many streams, which notes those that were looked at. */
function connection(count: number) {
  const streams = Array.from({ length: count }, (_, id) => ({ id }) as Http2Stream);
  const seen: number[] = [];
  const swept: SweptConnection = {
    streams: { values: () => streams.slice() },
    sweepStream: ({ id }) => void seen.push(id),
  };
  return { swept, seen };
}

test("all streams of all connections are looked at once, a few in each turn", async () => {
  const connections = [connection(3), connection(5 * STREAMS_PER_TURN), connection(0), connection(1)];
  const sweep = new StreamSweep();
  const seen = (): number => connections.reduce((sum, each) => sum + each.seen.length, 0);
  sweep.begin(connections.map(({ swept }) => swept));
  for (let turns = 1; turns <= 7; turns++) {
    expect(seen()).toBeLessThanOrEqual((turns + 1) * STREAMS_PER_TURN);
    // Another one begins when this one is done.
    sweep.begin(connections.map(({ swept }) => swept));
    await turn();
  }
  expect(seen()).toBeGreaterThanOrEqual(5 * STREAMS_PER_TURN + 4);
  expect(new Set(connections[1]!.seen).size).toBe(5 * STREAMS_PER_TURN);
});

test("one with nothing to look at does not go on", () => {
  const sweep = new StreamSweep();
  sweep.begin([]);
  const one = connection(1);
  sweep.begin([one.swept]);
  sweep.begin([one.swept]);
  expect(one.seen.length).toBeGreaterThan(0);
});
