import { setImmediate } from "../turn.js";

// A reader takes messages that are there one after the other, without a turn of the event loop in between: of short ones
// millions may have come before it began. So its reading has turns, too.

/** The time that readers may take messages in one turn of the event loop before others have theirs, in milliseconds. */
const MAX_TURN_MS = 5;
/** The number of messages that are taken between two looks at the clock. */
const READS_PER_LOOK = 128;

let reads = 0;
/** When the turn ends, by the clock of `performance.now()`; 0 before it is looked at. */
let until = 0;

/** Counts a message that was there at once. True if the reader, of whichever stream, should get it in the next turn. */
export function isMessageTurnOver(): boolean {
  if (++reads % READS_PER_LOOK !== 0) return false;
  const now = performance.now();
  if (until === 0) {
    until = now + MAX_TURN_MS;
    setImmediate(onTurnEnd);
    return false;
  }
  return now >= until;
}

function onTurnEnd(): void {
  until = 0;
}
