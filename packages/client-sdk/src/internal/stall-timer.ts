/**
 * Notices that a server makes no progress: it owes something, and does nothing for the whole time. Progress is a number that
 * is written; one timer looks at it when the time could be over. It keeps no process alive: that is the call's socket's part.
 */
export class StallTimer {
  readonly #timeoutMs: number;
  readonly #onStalled: () => void;
  #timer: NodeJS.Timeout | undefined;
  #look: NodeJS.Immediate | undefined;
  #owedSince: number;

  /** Begins at once: the server owes something. {@link end} ends it. */
  constructor(timeoutMs: number, onStalled: () => void) {
    this.#timeoutMs = timeoutMs;
    this.#onStalled = onStalled;
    this.#owedSince = performance.now();
    this.#arm(timeoutMs);
  }

  /** The server has done something, or from now on owes something. */
  owes(): void {
    this.#owedSince = performance.now();
  }

  /** It is this side's turn. */
  owesNothing(): void {
    this.#owedSince = Infinity;
  }

  /** Lets go of the timer. */
  end(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#look);
  }

  #arm(afterMs: number): void {
    // Where the event loop stood still, timers run before sockets are read: what the server has done counts first.
    const onTime = () => (this.#look = setImmediate(() => this.#check()));
    // A timer takes no more than this.
    this.#timer = setTimeout(onTime, Math.min(Math.ceil(afterMs), 2 ** 31 - 1));
    this.#timer.unref();
  }

  #check(): void {
    const leftMs =
      this.#owedSince === Infinity ? this.#timeoutMs : this.#owedSince + this.#timeoutMs - performance.now();
    if (leftMs <= 0) this.#onStalled();
    else this.#arm(leftMs);
  }
}
