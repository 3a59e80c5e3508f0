import { nextTick, queueMicrotask, setImmediate } from "../turn.js";

// One read of a socket can bring thousands of calls, and there are many sockets. So reading has turns: all connections
// together have some time in a turn of the event loop, and each of them begins a read in it.

/** The time that connections read in one turn of the event loop before other events have theirs, in milliseconds. */
const MAX_TURN_MS = 5;
/** The number of frames between two looks at the clock. */
export const FRAMES_PER_LOOK = 8;
/** The time for which little reads go without a turn, in milliseconds. */
const LITTLE_MS = 1;

/** When the turn ends, by the clock of `performance.now()`; 0 before anything long is read. */
let until = 0;
let frames = 0;
let isOver = false;
/** When a turn was begun for little last. */
let littleAt = 0;

/** Those who wait, in the order in which they came. */
class Waiting {
  #all: (() => void)[] = [];
  /** The first that still waits. */
  #first = 0;

  add(goOn: () => void): void {
    this.#all.push(goOn);
  }

  /** Lets the first of them go on. False if there is none. */
  next(): boolean {
    if (this.#first < this.#all.length) {
      this.#all[this.#first++]!();
      return true;
    }
    this.#all = [];
    this.#first = 0;
    return false;
  }
}

/** Those with little to read go first: what waits behind them is long, and they are not to wait for all of it. */
const withLittle = new Waiting();
const withMuch = new Waiting();
/** True until one of those that have much has gone on in this turn: it does so, however many have little. */
let mayMuchGoOn = false;

/** A connection begins to read. */
export function beginRead(now: number): void {
  if (until !== 0) return;
  until = now + MAX_TURN_MS;
  setImmediate(onTurnEnd);
}

/** A connection begins to read a little. One call after the other need not pay for a turn each. */
export function beginLittle(now: number): void {
  if (until !== 0 || now - littleAt < LITTLE_MS) return;
  littleAt = now;
  beginRead(now);
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

/** Calls back in a later turn, in the order of these calls; those with little to read go first. It must not throw. */
export function readLater(goOn: () => void, isLittle = false): void {
  if (until === 0) beginRead(performance.now());
  (isLittle ? withLittle : withMuch).add(goOn);
}

function onTurnEnd(): void {
  until = 0;
  isOver = false;
  mayMuchGoOn = true;
  goOnWithNext();
}

/** Lets those who wait go on, one after the other, while there is time. The turn has begun again if there is none. */
function goOnWithNext(): void {
  const isTime = !isReadTurnOver(performance.now());
  if (!(isTime && withLittle.next())) {
    if (!(isTime || mayMuchGoOn) || !withMuch.next()) return;
    mayMuchGoOn = false;
  }
  // What it has made others do counts too: their promises come first.
  queueMicrotask(afterPromises);
}

function afterPromises(): void {
  nextTick(goOnWithNext);
}
