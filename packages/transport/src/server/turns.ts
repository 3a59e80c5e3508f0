import type { Output } from "../http2/output.js";
import { setImmediate } from "../turn.js";

// One event can wake thousands of handlers in one turn of the event loop, and one handler can have messages without end.
// So a turn has a length; who has more to send then waits for the next turn, behind all others.

/** The most messages of all streams that wait for the turn's end. */
export const MESSAGES_PER_FLUSH = 1024;
/** The time that streams may send in one turn of the event loop before other events have theirs, in milliseconds. */
export const MAX_TURN_MS = 5;
/** The number of messages that are sent between two looks at the clock. */
const MESSAGES_PER_LOOK = 8;

/** Something that goes on in a later turn. It must not throw. */
export interface TurnWaiter {
  onTurn(): void;
}

let messages = 0;
/** When the turn ends, by the clock of `performance.now()`. */
let until = 0;
let over = false;
let scheduled = false;
/** The connections with messages that were not sent before the turn's end. */
const unsent = new Set<Output>();
let lastUnsent: Output | undefined;
let waiters: TurnWaiter[] = [];
/** The first of them that still waits. */
let first = 0;

/** True if streams have sent for long enough in this turn. */
export function isTurnOver(): boolean {
  return over;
}

/** Counts a message that was sent. */
export function countSent(): void {
  if (messages === 0) {
    until = performance.now() + MAX_TURN_MS;
    schedule();
  }
  messages++;
  if (messages % MESSAGES_PER_LOOK === 0 && performance.now() >= until) over = true;
}

/**
 * Counts a message that was written for a stream. Connections send what is little at the turn's end: their clients would
 * have nothing to do before the last handler has run. So all connections send what they have whenever
 * {@link MESSAGES_PER_FLUSH} messages wait.
 */
export function countMessage(output: Output): void {
  countSent();
  if (output !== lastUnsent) {
    lastUnsent = output;
    unsent.add(output);
  }
  // A connection that is alone fills its buffers by itself.
  if (messages % MESSAGES_PER_FLUSH === 0 && unsent.size > 1) flush();
}

/** Calls `onTurn` in a later turn, after those who asked before. */
export function waitForTurn(waiter: TurnWaiter): void {
  waiters.push(waiter);
  schedule();
}

function schedule(): void {
  if (scheduled) return;
  scheduled = true;
  setImmediate(onTurnEnd);
}

function onTurnEnd(): void {
  scheduled = false;
  messages = 0;
  over = false;
  forget();
  while (first < waiters.length && !isTurnOver()) waiters[first++]!.onTurn();
  if (first < waiters.length) schedule();
  else if (first > 0) {
    waiters = [];
    first = 0;
  }
}

function flush(): void {
  for (const each of unsent) each.flush();
  forget();
}

function forget(): void {
  unsent.clear();
  lastUnsent = undefined;
}
