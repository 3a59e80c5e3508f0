/** The longest time that a timer of Node.js takes, 24.8 days in milliseconds: longer ones would fire at once. */
export const MAX_TIMER_MS = 0x7fff_ffff;

/** A time in milliseconds as a timer takes it. `Infinity`, and all that is longer, becomes {@link MAX_TIMER_MS}. */
export function timerMs(ms: number): number {
  return Math.min(ms, MAX_TIMER_MS);
}
