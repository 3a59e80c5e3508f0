/** A stream that is resumed, as {@link Watches} knows it. */
export interface OpenWatch {
  /** Since when it waits for an event, by the clock of `performance.now()`; Infinity while it does not. */
  readonly waitingSince: number;
  /** The time that it may wait, in milliseconds. */
  readonly stallTimeoutMs: number;
  /** It has waited for so long. */
  onStalled(): void;
  /** Its client is closed. */
  onClosed(): void;
}

/** setTimeout takes no more. */
const MAX_TIMER_MS = 0x7fffffff;

/** The most streams that are found to stall in one turn of the event loop: an event for all of them may have been the last one. */
const MAX_STALLED_AT_ONCE = 64;

/**
 * Streams that are resumed: those of a client, or all that have none. One timer for all of them notices those that stall, by a number that each writes: an event costs
 * no timer.
 */
export class Watches {
  readonly #open = new Set<OpenWatch>();
  #isClosed = false;
  #timer: NodeJS.Timeout | undefined;
  /** When the timer runs, by the clock of `performance.now()`. */
  #timerAt = Infinity;

  get isClosed(): boolean {
    return this.#isClosed;
  }

  add(watch: OpenWatch): void {
    this.#open.add(watch);
    this.#lookAt(performance.now() + watch.stallTimeoutMs);
  }

  delete(watch: OpenWatch): void {
    if (this.#open.delete(watch) && this.#open.size === 0) this.#disarm();
  }

  /** Ends every watch. */
  close(): void {
    this.#isClosed = true;
    this.#disarm();
    for (const watch of this.#open) watch.onClosed();
    this.#open.clear();
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    this.#timerAt = Infinity;
  }

  #lookAt(at: number): void {
    // A wait without a limit needs no timer.
    if (at >= this.#timerAt || at === Infinity) return;
    clearTimeout(this.#timer);
    this.#timerAt = at;
    const afterMs = Math.ceil(at - performance.now());
    // Where the event loop stood still, timers run before sockets are read: an event that is there counts first.
    const onTime = () => setImmediate(() => this.#look());
    this.#timer = setTimeout(onTime, Math.min(Math.max(afterMs, 1), MAX_TIMER_MS));
  }

  #look(): void {
    this.#timerAt = Infinity;
    const now = performance.now();
    let next = Infinity;
    let stalled = 0;
    for (const watch of this.#open) {
      if (stalled === MAX_STALLED_AT_ONCE) {
        next = now;
        break;
      }
      // One that does not wait may begin to at once.
      const since = Math.min(watch.waitingSince, now);
      const at = since + watch.stallTimeoutMs;
      if (at > now) next = Math.min(next, at);
      else {
        stalled++;
        watch.onStalled();
        next = Math.min(next, now + watch.stallTimeoutMs);
      }
    }
    this.#lookAt(next);
  }
}
