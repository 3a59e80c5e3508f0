import { expect, test } from "@jest/globals";
import type { Http2Stream } from "../http2/stream.js";
import { sweepSteps, type SweptConnection } from "./connection-sweep.js";

/** A connection of so many streams, which notes what was looked at. */
function connection(name: string, count: number, seen: string[]): SweptConnection {
  const streams = Array.from({ length: count }, (_, id) => ({ id }) as Http2Stream);
  return {
    streams: { values: () => streams.slice() },
    sweep: () => void seen.push(name),
    sweepStream: ({ id }) => void seen.push(`${name}${id}`),
  };
}

test("each connection and each of its streams is a step", () => {
  const seen: string[] = [];
  const steps = sweepSteps([connection("a", 2, seen), connection("b", 0, seen), connection("c", 1, seen)]);
  for (let count = 1; steps.next().done !== true; count++) expect(seen).toHaveLength(count);
  expect(seen).toEqual(["a", "a0", "a1", "b", "c", "c0"]);
});

test("connections that end meanwhile, or come, do not matter", () => {
  const seen: string[] = [];
  const all = new Set([connection("a", 0, seen), connection("b", 0, seen)]);
  const steps = sweepSteps(all);
  steps.next();
  all.clear();
  all.add(connection("c", 0, seen));
  while (steps.next().done !== true);
  expect(seen).toEqual(["a", "b"]);
});
