import { TurnWork } from "../http2/turn-work.js";

/** The calls of a channel that begin, fail or end in one go, where there are many. */
export const CALLS_AT_ONCE = 64;

/**
 * Does it for the others of all channels, a few in each turn of the event loop. They do not wait behind what servers of this process do
 * in turns.
 */
export const callWork = new TurnWork();
