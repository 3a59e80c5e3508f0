import { isMessageTurnOver } from "@callwire/transport/client";

/**
 * Counts a message of a body that was there at once. A promise of the next turn of the event loop, if readers have had this one for
 * long enough: of short messages, one part of a body may have hundreds of thousands.
 */
export function nextTurn(): Promise<void> | undefined {
  return isMessageTurnOver() ? new Promise((resolve) => setImmediate(resolve)) : undefined;
}
