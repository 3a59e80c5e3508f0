import { WatcherTooSlow } from "./errors.js";
import type { Change } from "./user-store.js";

/** What a watcher asks of its feed. */
export interface Feed<Event> {
  /** Position of the newest change that watchers may see. */
  readonly last: number;
  /** Watchers at this position, or beyond it, find everything in memory. */
  readonly reachesBackTo: number;
  /** The change at a position in memory; undefined beyond the newest. */
  changeAt(position: number): Change | undefined;
  /** What watchers get of the change at a position in memory. */
  eventAt(position: number): Event;
  /** What watchers get of a change that is in memory no longer. */
  toEvent(change: Change): Event;
  heartbeat(position: number): Event;
  /** Changes after a position, from the store. @throws {PositionTooOld} */
  readChanges(after: number): Promise<readonly Change[]>;
  /** From now on, the watcher is told of changes and of silence; until it is told, or leaves. */
  await(watcher: Watcher<Event>): void;
  leave(watcher: Watcher<Event>): void;
}

/** What of a feed a watcher wants to see. */
export interface WatcherOptions<Event> {
  readonly feed: Feed<Event>;
  /** Numbers of the departments; undefined is all. */
  readonly departments: ReadonlySet<number> | undefined;
  /** Everything up to it was seen. */
  readonly position: number;
  readonly signal: AbortSignal | undefined;
}

/** Who waits in {@link Watcher.next}. */
interface Waiter<Event> {
  resolve(result: IteratorResult<Event, undefined>): void;
  reject(error: unknown): void;
}

/**
 * One who watches: a place in the log, and the iterator over what comes after it. It is no generator, and it has neither
 * a timer nor a promise but the one that is waited for: ten thousand of them idle most of the time.
 *
 * For one reader, who waits for each result before asking for the next. It has ended once it has thrown, or
 * {@link return} was called, which takes effect at once, also while the reader waits.
 */
export class Watcher<Event> implements AsyncIterableIterator<Event, undefined> {
  readonly departments: ReadonlySet<number> | undefined;
  /** Everything up to here was seen, or is not wanted. */
  position: number;
  /** When it began to wait, by the feed's clock. */
  waitsSince = 0;
  readonly #feed: Feed<Event>;
  readonly #signal: AbortSignal | undefined;
  #phase: "new" | "behind" | "live" | "ended" = "new";
  #waiter: Waiter<Event> | undefined;
  /** Why it ended, for the next call to throw, if nobody waited to be told. */
  #failure: { readonly error: unknown } | undefined;
  /** Changes that were read from the store, and how many of them were given. */
  #read: readonly Change[] | undefined;
  #given = 0;

  constructor({ feed, departments, position, signal }: WatcherOptions<Event>) {
    this.#feed = feed;
    this.departments = departments;
    this.position = position;
    this.#signal = signal;
    signal?.throwIfAborted();
    signal?.addEventListener("abort", this);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /**
   * Resolves to the next event.
   * @throws {PositionTooOld} if the changes after the position are no longer kept.
   * @throws {WatcherTooSlow} if the events are taken so slowly that changes left the memory unseen.
   * @throws the signal's reason.
   */
  next(): Promise<IteratorResult<Event, undefined>> {
    try {
      const result = this.nextNow();
      if (result !== undefined) {
        return Promise.resolve(result);
      }
    } catch (error) {
      return Promise.reject(error);
    }
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
      if (this.#phase === "live") {
        this.#feed.await(this);
      } else {
        void this.#catchUp();
      }
    });
  }

  /** The next event, if it is there already; undefined if {@link next} would wait. Throws as it does. */
  nextNow(): IteratorResult<Event, undefined> | undefined {
    switch (this.#phase) {
      case "new":
        return this.#begin();
      case "behind":
        return this.#nextRead();
      case "live":
        return this.#nextLive();
      case "ended":
        if (this.#failure !== undefined) {
          throw this.#failure.error;
        }
        return { done: true, value: undefined };
    }
  }

  return(): Promise<IteratorResult<Event, undefined>> {
    const waiter = this.#end();
    const result = { done: true, value: undefined } as const;
    waiter?.resolve(result);
    return Promise.resolve(result);
  }

  throw(error: unknown): Promise<IteratorResult<Event, undefined>> {
    this.fail(error);
    return Promise.reject(error);
  }

  /** Ends it; who waits, or asks next, gets the error. */
  fail(error: unknown): void {
    if (this.#phase !== "ended") {
      const waiter = this.#end();
      if (waiter === undefined) {
        this.#failure = { error };
      }
      waiter?.reject(error);
    }
  }

  /** Ends it at the abort of its signal. */
  handleEvent(): void {
    this.fail(this.#signal?.reason);
  }

  matches({ user, previousDepartment }: Change): boolean {
    const { departments } = this;
    return (
      departments === undefined || departments.has(user.department) || departments.has(previousDepartment)
    );
  }

  /** Goes on to the next wanted change in memory: returns whether there is one, which is right after the position. */
  hasNews(): boolean {
    for (;;) {
      const change = this.#feed.changeAt(this.position + 1);
      if (change === undefined || this.matches(change)) {
        return change !== undefined;
      }
      this.position++;
    }
  }

  /** Gives who waits the change that {@link hasNews} has found, or what else comes next. */
  wake(): void {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    try {
      const result = this.nextNow();
      if (result !== undefined) {
        waiter?.resolve(result);
      }
    } catch (error) {
      waiter?.reject(error);
    }
  }

  /** Gives who waits a heartbeat. */
  beat(): void {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.resolve({ done: false, value: this.#feed.heartbeat(this.position) });
  }

  /** The first heartbeat confirms the position; one that is too old must not be confirmed. */
  #begin(): IteratorResult<Event, undefined> | undefined {
    if (this.#isBehind()) {
      return undefined;
    }
    this.#phase = "live";
    return { done: false, value: this.#feed.heartbeat(this.position) };
  }

  #nextRead(): IteratorResult<Event, undefined> | undefined {
    for (let change; (change = this.#read?.[this.#given]) !== undefined;) {
      this.#given++;
      this.position = change.position;
      if (this.matches(change)) {
        return { done: false, value: this.#feed.toEvent(change) };
      }
    }
    this.#read = undefined;
    if (this.#isBehind()) {
      return undefined;
    }
    this.#phase = "live";
    return this.#nextLive();
  }

  #nextLive(): IteratorResult<Event, undefined> | undefined {
    if (this.#isBehind()) {
      this.#end();
      throw new WatcherTooSlow();
    }
    if (!this.hasNews()) {
      return undefined;
    }
    this.position++;
    return { done: false, value: this.#feed.eventAt(this.position) };
  }

  /** Whether it needs changes that are no longer in memory. */
  #isBehind(): boolean {
    return this.position < this.#feed.reachesBackTo;
  }

  /** Reads changes from the store until there is one for who waits. */
  async #catchUp(): Promise<void> {
    try {
      for (;;) {
        const read = await this.#feed.readChanges(this.position);
        // It may have ended meanwhile.
        if (this.#waiter === undefined) {
          return;
        }
        this.#read = read;
        this.#given = 0;
        if (this.#phase === "new") {
          // What was read shows that the position is not too old.
          this.#phase = "behind";
          this.beat();
          return;
        }
        const result = this.nextNow();
        if (result !== undefined) {
          const waiter = this.#waiter;
          this.#waiter = undefined;
          waiter.resolve(result);
          return;
        }
        if (!this.#isBehind()) {
          this.#feed.await(this);
          return;
        }
      }
    } catch (error) {
      this.fail(error);
    }
  }

  /** Returns who waits. */
  #end(): Waiter<Event> | undefined {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    this.#phase = "ended";
    this.#read = undefined;
    this.#signal?.removeEventListener("abort", this);
    this.#feed.leave(this);
    return waiter;
  }
}
