import type { UserEvent } from "@callwire/contracts/users";
import type { ReadyIterator } from "@callwire/transport";

/** Events that are there already, one after the other: sent without a promise for each. */
export class Replay implements ReadyIterator<UserEvent> {
  readonly #events: Iterator<UserEvent, void, undefined>;

  constructor(events: Iterable<UserEvent, void, undefined>) {
    this.#events = events[Symbol.iterator]();
  }

  nextNow(): IteratorResult<UserEvent, void> {
    return this.#events.next();
  }

  next(): Promise<IteratorResult<UserEvent, void>> {
    return Promise.resolve(this.nextNow());
  }

  return(): Promise<IteratorResult<UserEvent, void>> {
    this.#events.return?.();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
