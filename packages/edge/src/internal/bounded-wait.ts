import type { WaitLimits } from "../http/held-bytes.js";
import { TimeLimit } from "./time-limit.js";

/**
 * Bounds the time and the memory of what waits for a client to take it.
 *
 * @param onOver Gives it up.
 * @returns Ends the wait.
 */
export function boundWait(bytes: number, { timeoutMs, held }: WaitLimits, onOver: () => void): () => void {
  const limit = new TimeLimit(timeoutMs, onOver);
  const hold = held.open(onOver);
  hold.set(bytes);
  return () => {
    limit.clear();
    hold.set(0);
  };
}
