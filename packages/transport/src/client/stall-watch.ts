import { deadlines, type DeadlineEntry, type DeadlineLinks } from "../http2/deadline-wheel.js";
import { afterReads } from "../http2/timers.js";

/** The part of a call that a {@link StallWatch} looks at. */
export interface Stallable {
  /** Since when the server must do something, by the clock of `performance.now()`; Infinity while it need not. */
  readonly owedSince: number;
  /** Another number each time the server has done something. */
  readonly progress: number;
  /** The server has done nothing for the whole time. */
  onStalled(timeoutMs: number): void;
}

/**
 * Ends a call whose server makes no progress. It looks again when the time could be over, and takes what it finds to have
 * happened just then: a call that stalls after some progress ends after twice the time at the latest.
 */
export class StallWatch implements DeadlineEntry {
  deadlineMs: number;
  deadlineBefore: DeadlineLinks | undefined;
  deadlineAfter: DeadlineLinks | undefined;
  readonly #target: Stallable;
  readonly #timeoutMs: number;
  #progress = 0;
  #progressAt = -Infinity;
  #look: NodeJS.Immediate | undefined;

  /** Begins to watch; {@link stop} ends it. */
  constructor(target: Stallable, timeoutMs: number) {
    this.#target = target;
    this.#timeoutMs = timeoutMs;
    this.deadlineMs = performance.now() + timeoutMs;
    deadlines.add(this);
  }

  stop(): void {
    deadlines.remove(this);
    clearImmediate(this.#look);
  }

  onDeadline(): void {
    this.#look = afterReads(() => this.#check());
  }

  #check(): void {
    const now = performance.now();
    const { owedSince, progress } = this.#target;
    if (progress !== this.#progress) {
      this.#progress = progress;
      this.#progressAt = now;
    }
    const since = owedSince === Infinity ? now : Math.max(owedSince, this.#progressAt);
    if (now - since >= this.#timeoutMs) {
      this.#target.onStalled(this.#timeoutMs);
      return;
    }
    this.deadlineMs = since + this.#timeoutMs;
    deadlines.add(this);
  }
}
