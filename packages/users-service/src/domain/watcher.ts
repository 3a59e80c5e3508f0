import { WatcherTooSlow } from "./errors.js";
import type { Change } from "./user-store.js";
import type { Queued } from "./watcher-queue.js";

/** The part of its feed that a watcher needs. */
export interface Feed<Event> {
  /** Position of the newest change that watchers may see. */
  readonly last: number;
  /** Watchers at this position, or beyond it, find everything in memory. */
  readonly reachesBackTo: number;
  /** The change at a position in memory; undefined beyond the newest. */
  changeAt(position: number): Change | undefined;
  /** The event of the change at a position in memory. */
  eventAt(position: number): Event;
  /** The event of a change that is no longer in memory. */
  toEvent(change: Change): Event;
  heartbeat(position: number): Event;
  /** Changes after a position, from the store. @throws {PositionTooOld} */
  readChanges(after: number): Promise<readonly Change[]>;
  /** The watcher waits from now on: it is told of a change that it wants, or of silence, once. */
  await(watcher: Watcher<Event>): void;
  leave(watcher: Watcher<Event>): void;
}

/** A watching call: its signal ends a wait. It is read only for a reader that waits in {@link Watcher.next}. */
export interface WatchCaller {
  readonly signal: AbortSignal;
}

/** The part of a feed that a watcher wants to see. */
export interface WatcherOptions<Event> {
  readonly feed: Feed<Event>;
  /** Numbers of the departments; undefined is all. */
  readonly departments: ReadonlySet<number> | undefined;
  /** Everything up to it was seen. */
  readonly position: number;
  readonly caller: WatchCaller | undefined;
}

type Result<Event> = IteratorResult<Event, undefined>;

/** A reader that waits in {@link Watcher.next}. */
interface Waiter<Event> {
  resolve(result: Result<Event>): void;
  reject(error: unknown): void;
}

/**
 * One who watches: a place in the log, and the iterator over what comes after it. Ten thousand of them idle most of the
 * time, so it is no generator, and has no timer. A reader that knows {@link nextNow} and {@link onReady}, as the transport
 * does, needs no promise and no listener for it either.
 *
 * For one reader, who waits for each result before asking for the next. It has ended once it has thrown, or
 * {@link return} was called, which takes effect at once, also while the reader waits.
 */
export class Watcher<Event> implements AsyncIterableIterator<Event, undefined>, Queued<Watcher<Event>> {
  readonly departments: ReadonlySet<number> | undefined;
  /** Everything up to here was seen, or is not wanted. */
  position: number;
  /** When it began to wait, by the feed's clock. */
  waitsSince = 0;
  before: Watcher<Event> | undefined;
  after: Watcher<Event> | undefined;
  readonly #feed: Feed<Event>;
  readonly #caller: WatchCaller | undefined;
  #phase: "new" | "behind" | "live" | "ended" = "new";
  /** True if the feed, or what is read from the store, will tell it. */
  #waits = false;
  #waiter: Waiter<Event> | undefined;
  #wakeReader: (() => void) | undefined;
  /** Listened to from the first {@link next} on. */
  #signal: AbortSignal | undefined;
  /** The next event, if it was found already. */
  #held: Result<Event> | undefined;
  /** Why it ended, for the next call to throw. */
  #failure: { readonly error: unknown } | undefined;
  /** Changes that were read from the store, and how many of them were given. */
  #read: readonly Change[] | undefined;
  #given = 0;

  constructor({ feed, departments, position, caller }: WatcherOptions<Event>) {
    this.#feed = feed;
    this.departments = departments;
    this.position = position;
    this.#caller = caller;
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
  next(): Promise<Result<Event>> {
    try {
      this.#listen();
      const result = this.#take();
      if (result !== undefined) {
        return Promise.resolve(result);
      }
    } catch (error) {
      return Promise.reject(error);
    }
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
      this.#wait();
    });
  }

  /** The next event, if it is there already; undefined if it must be waited for. Throws as {@link next} does. */
  nextNow(): Result<Event> | undefined {
    const result = this.#take();
    if (result === undefined && this.#wakeReader !== undefined && !this.#waits) {
      this.#wait();
    }
    return result;
  }

  /** Has `wake` called whenever there is something after {@link nextNow} returned undefined. */
  onReady(wake: () => void): void {
    this.#wakeReader = wake;
  }

  return(): Promise<Result<Event>> {
    const result = { done: true, value: undefined } as const;
    this.#end()?.resolve(result);
    return Promise.resolve(result);
  }

  throw(error: unknown): Promise<Result<Event>> {
    this.#end()?.reject(error);
    return Promise.reject(error);
  }

  /** Ends it at the abort of its signal. */
  handleEvent(): void {
    this.#fail(this.#signal?.reason);
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

  /** Tells it that there is something to take; it waits no more. */
  tell(): void {
    this.#waits = false;
    const waiter = this.#waiter;
    if (waiter === undefined) {
      this.#wakeReader?.();
      return;
    }
    this.#waiter = undefined;
    try {
      waiter.resolve(this.#take()!);
    } catch (error) {
      waiter.reject(error);
    }
  }

  /** Tells it that there is a heartbeat to take. */
  beat(): void {
    this.#held = this.#heartbeat();
    this.tell();
  }

  #take(): Result<Event> | undefined {
    const held = this.#held;
    if (held !== undefined) {
      this.#held = undefined;
      return held;
    }
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

  /** The first heartbeat confirms the position; one that is too old must not be confirmed. */
  #begin(): Result<Event> | undefined {
    if (this.#isBehind()) {
      return undefined;
    }
    this.#phase = "live";
    return this.#heartbeat();
  }

  #nextRead(): Result<Event> | undefined {
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

  #nextLive(): Result<Event> | undefined {
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

  #heartbeat(): Result<Event> {
    return { done: false, value: this.#feed.heartbeat(this.position) };
  }

  /** True if it needs changes that are no longer in memory. */
  #isBehind(): boolean {
    return this.position < this.#feed.reachesBackTo;
  }

  #wait(): void {
    this.#waits = true;
    if (this.#phase === "live") {
      this.#feed.await(this);
    } else {
      void this.#catchUp();
    }
  }

  /** Reads changes from the store until there is one to take. */
  async #catchUp(): Promise<void> {
    try {
      for (;;) {
        const read = await this.#feed.readChanges(this.position);
        if (this.#phase === "ended") {
          return;
        }
        this.#read = read;
        this.#given = 0;
        if (this.#phase === "new") {
          // The entries that were read show that the position is not too old.
          this.#phase = "behind";
          this.#held = this.#heartbeat();
        } else {
          this.#held = this.#take();
        }
        if (this.#held !== undefined) {
          this.tell();
          return;
        }
        if (!this.#isBehind()) {
          this.#feed.await(this);
          return;
        }
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  /** A reader that waits for promises is ended by the signal alone: nobody calls {@link return} while it waits. */
  #listen(): void {
    if (this.#signal === undefined && this.#caller !== undefined && this.#phase !== "ended") {
      this.#signal = this.#caller.signal;
      this.#signal.throwIfAborted();
      this.#signal.addEventListener("abort", this);
    }
  }

  #fail(error: unknown): void {
    if (this.#phase !== "ended") {
      this.#failure = { error };
      const waiter = this.#end();
      if (waiter === undefined) {
        this.#wakeReader?.();
      } else {
        waiter.reject(error);
      }
    }
  }

  /** Returns who waits. */
  #end(): Waiter<Event> | undefined {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    this.#phase = "ended";
    this.#waits = false;
    this.#held = undefined;
    this.#read = undefined;
    this.#signal?.removeEventListener("abort", this);
    this.#feed.leave(this);
    return waiter;
  }
}
