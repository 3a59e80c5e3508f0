import type { RequestStreamHooks } from "../internal/request-stream.js";
import { StallTimer } from "../internal/stall-timer.js";

/**
 * Whose turn it is in a call that streams its requests: `stalled` is called when it is the server's for too long. A source
 * that gives nothing, and a reader who reads nothing, do not count.
 */
export class RequestStall implements Partial<RequestStreamHooks> {
  readonly #timer: StallTimer;
  readonly #responseStream: boolean;
  /** True if the source has a request to give. */
  #sourceWaits = false;
  #sourceEnded = false;
  /** True if a response is waited for. */
  #readerWaits = true;

  constructor(timeoutMs: number, responseStream: boolean, stalled: () => void) {
    this.#timer = new StallTimer(timeoutMs, stalled);
    this.#responseStream = responseStream;
  }

  readonly onWanted = (): void => {
    this.#sourceWaits = true;
    this.#update();
  };

  readonly onGiven = (last: boolean): void => {
    this.#sourceWaits = false;
    this.#sourceEnded = last;
    this.#update();
  };

  /** The caller waits for a response, or has been given one. */
  onWaiting(waits: boolean): void {
    this.#readerWaits = waits;
    this.#update();
  }

  end(): void {
    this.#timer.end();
  }

  #update(): void {
    // A server that has all requests owes a stream of answers nothing, but the one answer of the other shape.
    const owes = !this.#sourceWaits && this.#readerWaits && !(this.#sourceEnded && this.#responseStream);
    if (owes) this.#timer.owes();
    else this.#timer.owesNothing();
  }
}
