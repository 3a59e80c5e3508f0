import type { Output } from "../http2/output.js";

/** How many messages of all streams wait at most for the turn's end. */
export const MESSAGES_PER_FLUSH = 1024;

const unsent = new Set<Output>();
let messages = 0;

/**
 * Counts a message that was written for a stream. One event can wake thousands of handlers in one turn of the event loop,
 * and connections send what is little at its end: their clients would have nothing to do before the last handler has run.
 * So all connections send what they have whenever {@link MESSAGES_PER_FLUSH} messages wait.
 */
export function countMessage(output: Output): void {
  if (messages === 0) setImmediate(reset);
  messages++;
  unsent.add(output);
  // A connection that is alone fills its buffers by itself.
  if (messages % MESSAGES_PER_FLUSH !== 0 || unsent.size === 1) return;
  for (const each of unsent) each.flush();
  unsent.clear();
}

function reset(): void {
  messages = 0;
  unsent.clear();
}
