import { setImmediate as nextTurn } from "node:timers/promises";

import { Recent } from "./recent.js";
import { ResumeTokens } from "./resume-token.js";
import type { UserEvent } from "./user-event.js";
import type { Change, UserStore } from "./user-store.js";
import { WatcherQueue } from "./watcher-queue.js";
import { Watcher, type Feed, type WatchCaller } from "./watcher.js";

export type { Heartbeat, UserChanged, UserEvent } from "./user-event.js";

/** The longest time that a timer takes, in milliseconds: it would fire at once for a longer one. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Options for {@link ChangeFeed}. */
export interface ChangeFeedOptions<Event = UserEvent> {
  store: UserStore;
  /** The time that a watcher waits for a change until it gets a heartbeat, in milliseconds. Default: 15,000. */
  heartbeatMs?: number;
  /** The number of changes that are kept in memory; a watcher that falls behind by more is too slow. Default: 10,000. */
  windowSize?: number;
  /** The time in milliseconds since 1970. Default: `Date.now`. */
  clock?: () => number;
  /** Makes what watchers get of an event, once for all of them. Default: the event itself. */
  present?: (event: UserEvent) => Event;
}

/** The wishes of one watcher. */
export interface WatchOptions {
  /** Numbers of the departments; undefined is all. */
  departments?: ReadonlySet<number> | undefined;
  /** Where to go on; undefined or empty is from now on. */
  resumeToken?: string | undefined;
}

/** The number of changes that a returning watcher reads from the store at a time. */
const READ_SIZE = 500;
/** The number of watchers that are visited between two looks at the clock. */
const TOLD_AT_ONCE = 32;
/** The time for visits to watchers in one turn of the event loop, in milliseconds. */
const MAX_TURN_MS = 5;

/** A change in memory, and what watchers get of it once one has asked. */
interface Entry<Event> {
  readonly change: Change;
  event: Event | undefined;
}

/**
 * Tells watchers of the changes of a store, each once and in order. All share one window of the newest changes; a
 * watcher is no more than its place in it, so ten thousand idle ones cost little and a slow one costs nothing. One that
 * comes back from before the window reads the store until it reaches the window.
 *
 * Watchers are told in rounds, a few between two looks at the clock: whoever calls meanwhile has its turn, and who was told
 * and asks for more stands behind those that were not.
 */
export class ChangeFeed<Event = UserEvent> {
  readonly #store: UserStore;
  readonly #heartbeatMs: number;
  readonly #clock: () => number;
  readonly #present: (event: UserEvent) => Event;
  readonly #tokens: ResumeTokens;
  readonly #window: Recent<Entry<Event>>;
  /** The watchers that wait, in the order in which they began to. */
  readonly #waiting = new WatcherQueue<Watcher<Event>>();
  /** Position of the newest change when a walk along {@link #waiting} last began: who waits will have been told of it. */
  #walkedFor: number;
  readonly #feed: Feed<Event>;
  /** Goes off when the first of {@link #waiting} is due for a heartbeat. */
  #timer: NodeJS.Timeout | undefined;
  #telling = false;
  #lastBeat: { readonly position: number; readonly time: number; readonly event: Event } | undefined;

  constructor({
    store,
    heartbeatMs = 15_000,
    windowSize = 10_000,
    clock = Date.now,
    present = (event) => event as Event,
  }: ChangeFeedOptions<Event>) {
    this.#store = store;
    this.#heartbeatMs = heartbeatMs;
    this.#clock = clock;
    this.#present = present;
    this.#tokens = new ResumeTokens(store.identity.logId);
    this.#window = new Recent(store.lastPosition, windowSize);
    this.#walkedFor = store.lastPosition;
    this.#feed = this.#forWatchers();
    store.onCommit((changes) => this.#announce(changes));
  }

  /**
   * Begins to watch. The watcher gets a heartbeat at once, then every change that matches, and a heartbeat after each
   * `heartbeatMs` of silence, until it is ended or the caller's signal aborts. A change matches if its user was, or now is, in one of
   * the departments.
   *
   * @throws {InvalidFields} if the resume token is not of this log.
   */
  watch({ departments, resumeToken }: WatchOptions, caller?: WatchCaller): Watcher<Event> {
    const { last } = this.#window;
    const position = resumeToken ? this.#tokens.decode(resumeToken, last) : last;
    return new Watcher({ feed: this.#feed, departments, position, caller });
  }

  #announce(changes: readonly Change[]): void {
    for (const change of changes) {
      this.#window.push({ change, event: undefined });
    }
    this.#tell();
  }

  /** Begins a round, unless there is one, which will come to what is new too. */
  #tell(): void {
    if (!this.#telling && this.#waiting.first !== undefined) {
      this.#telling = true;
      void this.#round();
    }
  }

  async #round(): Promise<void> {
    let turnEnds = performance.now() + MAX_TURN_MS;
    for (;;) {
      // After the microtasks of those that were told.
      await Promise.resolve();
      if (performance.now() > turnEnds) {
        await nextTurn();
        turnEnds = performance.now() + MAX_TURN_MS;
      }
      if (!this.#tellSome()) {
        this.#telling = false;
        return;
      }
    }
  }

  /** Tells a few watchers; returns false if there was nobody left to tell. */
  #tellSome(): boolean {
    const { last, reachesBackTo } = this.#window;
    const now = performance.now();
    for (let count = 0; count < TOLD_AT_ONCE; count++) {
      const watcher = this.#waiting.walk();
      if (watcher !== undefined) {
        if (watcher.position < reachesBackTo || watcher.hasNews()) {
          this.#leave(watcher);
          watcher.tell();
        }
      } else if (this.#walkedFor < last) {
        this.#walkedFor = last;
        this.#waiting.startWalk();
      } else if (!this.#beat(now)) {
        this.#setTimer();
        return false;
      }
    }
    return true;
  }

  /** Sends a heartbeat to who has waited longest, if one is due; returns whether it was. */
  #beat(now: number): boolean {
    const { first } = this.#waiting;
    if (first === undefined || first.waitsSince + this.#heartbeatMs > now) {
      return false;
    }
    this.#leave(first);
    first.beat();
    return true;
  }

  /** @param watcher Has seen all that there is. */
  #await(watcher: Watcher<Event>): void {
    watcher.waitsSince = performance.now();
    this.#waiting.push(watcher);
    this.#setTimer();
  }

  #leave(watcher: Watcher<Event>): void {
    this.#waiting.remove(watcher);
    if (this.#waiting.first === undefined) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
  }

  /** One timer for all: whoever has waited longest is the first to be due. */
  #setTimer(): void {
    const { first } = this.#waiting;
    if (this.#timer === undefined && first !== undefined) {
      const dueInMs = Math.max(1, Math.ceil(first.waitsSince + this.#heartbeatMs - performance.now()));
      this.#timer = setTimeout(
        () => {
          this.#timer = undefined;
          this.#tell();
        },
        Math.min(dueInMs, MAX_TIMER_MS),
      ).unref();
    }
  }

  #heartbeat(position: number): Event {
    const time = this.#clock();
    if (this.#lastBeat?.position !== position || this.#lastBeat.time !== time) {
      const resumeToken = this.#tokens.encode(position);
      const event = this.#present({ type: "heartbeat", resumeToken, time: new Date(time) });
      this.#lastBeat = { position, time, event };
    }
    return this.#lastBeat.event;
  }

  #toEvent({ type, user, position, time }: Change): Event {
    return this.#present({ type, user, resumeToken: this.#tokens.encode(position), time });
  }

  #eventAt(position: number): Event {
    const entry = this.#window.at(position)!;
    return (entry.event ??= this.#toEvent(entry.change));
  }

  async #readChanges(after: number): Promise<readonly Change[]> {
    // Others have their turn, however many changes there are that do not match.
    await nextTurn();
    // The store may have newer ones, which will be announced when the disk has them.
    return this.#store.readChanges(after, Math.min(READ_SIZE, this.#window.last - after));
  }

  #forWatchers(): Feed<Event> {
    const window = this.#window;
    return {
      get last() {
        return window.last;
      },
      get reachesBackTo() {
        return window.reachesBackTo;
      },
      changeAt: (position) => window.at(position)?.change,
      eventAt: (position) => this.#eventAt(position),
      toEvent: (change) => this.#toEvent(change),
      heartbeat: (position) => this.#heartbeat(position),
      readChanges: (after) => this.#readChanges(after),
      await: (watcher) => this.#await(watcher),
      leave: (watcher) => this.#leave(watcher),
    };
  }
}
