import { TurnWork } from "../http2/turn-work.js";

/** The calls of a channel that begin, fail or end in one go, where there are many. */
const CALLS_AT_ONCE = 64;

/** The others of all channels. They do not wait behind what servers of this process do in turns. */
const turns = new TurnWork();

/** Does the steps, each for a call: the first ones at once, and the others in the next turns of the event loop. */
export function doForCalls(steps: Iterator<unknown>, onDone: () => void = () => {}): void {
  for (let done = 0; done < CALLS_AT_ONCE; done++) if (steps.next().done === true) return onDone();
  void turns.do(steps).then(onDone);
}
