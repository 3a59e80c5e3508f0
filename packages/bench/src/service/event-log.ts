import type { UserEvent } from "@callwire/contracts/users";

/** The first event of a watcher, so that its client knows that it watches. */
const confirmation: UserEvent = {
  eventType: "heartbeat",
  user: undefined,
  resumeToken: "0",
  eventTime: undefined,
};

/** A log of events that watchers follow. All share the log and one promise: a watcher that waits costs its own frame alone. */
export class EventLog {
  readonly #events: UserEvent[] = [];
  readonly #listeners = new Set<(event: UserEvent) => void>();
  #watchers = 0;
  #grown = withResolvers();

  /** Adds an event, made for its position from 1 on, unless nobody watches. */
  append(make: (position: number) => UserEvent): void {
    if (this.#watchers === 0 && this.#listeners.size === 0) return;
    const event = make(this.#events.length + 1);
    this.#events.push(event);
    const { resolve } = this.#grown;
    this.#grown = withResolvers();
    resolve();
    for (const listener of this.#listeners) listener(event);
  }

  /** All events from now on, after one that confirms the position; for servers whose handlers are generators. */
  async *follow(): AsyncGenerator<UserEvent, void, undefined> {
    let position = this.#events.length;
    this.#watchers++;
    try {
      yield confirmation;
      for (;;) {
        while (position < this.#events.length) yield this.#events[position++]!;
        await this.#grown.promise;
      }
    } finally {
      this.#watchers--;
    }
  }

  /** The same for servers whose handlers are callbacks; the function that it returns ends it. */
  subscribe(listener: (event: UserEvent) => void): () => void {
    listener(confirmation);
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
