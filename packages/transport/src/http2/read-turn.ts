// One read of a socket can bring thousands of calls, and there are many sockets. So reading has turns: all connections
// together have some time in a turn of the event loop, and each of them begins a read in it.

/** The time that connections read in one turn of the event loop before other events have theirs, in milliseconds. */
const MAX_TURN_MS = 5;
/** The number of frames between two looks at the clock. */
const FRAMES_PER_LOOK = 8;

/** When the turn ends, by the clock of `performance.now()`; 0 before anything long is read. */
let until = 0;
let frames = 0;
let isOver = false;
let waiting: (() => void)[] = [];
/** The first of them that still waits. */
let first = 0;

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

/** Calls back in a later turn, in the order of these calls. It must not throw. */
export function readLater(goOn: () => void): void {
  if (until === 0) beginRead(performance.now());
  waiting.push(goOn);
}

function onTurnEnd(): void {
  until = 0;
  isOver = false;
  goOnWithNext();
}

/** Lets those who wait go on, one after the other, while there is time. The turn has begun again if there is none. */
function goOnWithNext(): void {
  if (first === waiting.length) {
    waiting = [];
    first = 0;
  } else if (!isReadTurnOver(performance.now())) {
    waiting[first++]!();
    // What it has made others do counts too: their promises come first.
    queueMicrotask(afterPromises);
  }
}

function afterPromises(): void {
  process.nextTick(goOnWithNext);
}
