import { deadlines, type DeadlineEntry, type DeadlineLinks } from "@callwire/transport/client";

/** A time after which a function is called, unless it is over before. It stands in the wheel of all deadlines: a timer costs more. */
export class TimeLimit implements DeadlineEntry {
  readonly deadlineMs: number;
  deadlineBefore: DeadlineLinks | undefined;
  deadlineAfter: DeadlineLinks | undefined;
  readonly #onPassed: () => void;

  /** @param timeoutMs In milliseconds; `Infinity` for never. */
  constructor(timeoutMs: number, onPassed: () => void) {
    this.deadlineMs = performance.now() + timeoutMs;
    this.#onPassed = onPassed;
    deadlines.add(this);
  }

  onDeadline(): void {
    this.#onPassed();
  }

  clear(): void {
    deadlines.remove(this);
  }
}
