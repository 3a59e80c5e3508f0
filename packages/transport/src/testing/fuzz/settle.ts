import { setImmediate as turn } from "node:timers/promises";

/** The turns of the event loop in which what an input has begun must be over. */
const MAX_TURNS = 20_000;

/** Waits, for a number of turns that is bounded. */
export async function settle(isOver: () => boolean, what: string): Promise<void> {
  for (let turns = 0; !isOver(); turns++) {
    if (turns === MAX_TURNS) throw new Error(`after ${MAX_TURNS} turns ${what}`);
    await turn();
  }
}

/** The parts of an input as it comes over the network: the byte says where it is cut, if at all. */
export function cut(control: number, bytes: Buffer): Buffer[] {
  if (control < 0x80) return [bytes];
  const size = 1 + Math.floor((bytes.length * (control & 0x7f)) / 0x7f);
  return [bytes.subarray(0, size), bytes.subarray(size)];
}
