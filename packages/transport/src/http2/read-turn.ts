// One read of a socket can bring thousands of calls, and there are many sockets. So reading has turns: all connections
// together have some time in a turn of the event loop, and each of them begins a read in it.

/** The time that connections read in one turn of the event loop before other events have theirs, in milliseconds. */
const MAX_TURN_MS = 10;
/** The number of frames between two looks at the clock. */
export const FRAMES_PER_LOOK = 32;

/** When the turn ends, by the clock of `performance.now()`; 0 before anything long is read. */
let until = 0;
let frames = 0;
let isOver = false;
let waiting: (() => void)[] = [];

/** A connection begins to read what may be long. */
export function beginRead(now: number): void {
  if (until !== 0) return;
  until = now + MAX_TURN_MS;
  setImmediate(onTurnEnd);
}

/** Counts a frame that was read. True if the rest should wait for {@link readLater}. */
export function isReadOver(): boolean {
  if (++frames % FRAMES_PER_LOOK === 0) isOver ||= until !== 0 && performance.now() >= until;
  return isOver && frames % FRAMES_PER_LOOK === 0;
}

/** True if connections have read for long enough in this turn, as far as the clock was looked at. */
export function isReadTurnOver(now: number): boolean {
  return until !== 0 && now >= until;
}

/** Calls back in the next turn, in the order of these calls. */
export function readLater(goOn: () => void): void {
  if (until === 0) beginRead(performance.now());
  waiting.push(goOn);
}

function onTurnEnd(): void {
  until = 0;
  isOver = false;
  const all = waiting;
  waiting = [];
  for (const goOn of all) goOn();
}
