import { availableParallelism } from "node:os";

// node:zlib works in the threads of the process: four, by default, for all that it does beside the event loop, and the event loop
// needs a processor too. So compressing takes a part of them, whatever clients send or ask for.

/** The most that works at once. */
export const MAX_WORKING = Math.min(Math.max(availableParallelism() - 1, 1), 3);

let working = 0;
const waiting: (() => void)[] = [];

/** Does work in the threads, after what came before. */
export async function inThreads<T>(work: () => Promise<T>): Promise<T> {
  if (working < MAX_WORKING) working++;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next === undefined) working--;
    else next();
  }
}

let pieces = 0;
const waitingPieces: (() => void)[] = [];

/**
 * Resolves when a stream may have its next piece decompressed, of 16 KiB at most. Whether it is taken depends on a client, so nobody
 * else waits for its end: as many as may work at once begin in each turn of the event loop.
 */
export function pieceTurn(): Promise<void> | undefined {
  if (pieces++ === 0) setImmediate(onTurnEnd);
  if (pieces <= MAX_WORKING) return undefined;
  return new Promise((resolve) => waitingPieces.push(resolve));
}

function onTurnEnd(): void {
  pieces = Math.min(waitingPieces.length, MAX_WORKING);
  if (pieces > 0) setImmediate(onTurnEnd);
  for (const resolve of waitingPieces.splice(0, MAX_WORKING)) resolve();
}
