/** The longest time that a timer of Node.js takes, 24.8 days in milliseconds: longer ones would fire at once. */
export const MAX_TIMER_MS = 0x7fff_ffff;

/** A time in milliseconds as a timer takes it. `Infinity`, and all that is longer, becomes {@link MAX_TIMER_MS}. */
export function timerMs(ms: number): number {
  return Math.min(ms, MAX_TIMER_MS);
}

/**
 * Runs what a peer's silence leads to, when what has come of it has been read. Where the event loop stood still, for a breakpoint, long
 * work or a machine that was paused, timers run before sockets are read: the peer's word may have been there for long.
 */
export function afterReads(run: () => void): NodeJS.Immediate {
  return setImmediate(run);
}
