import { setImmediate } from "node:timers/promises";

import { WatcherTooSlow } from "./errors.js";
import { Recent } from "./recent.js";
import { ResumeTokens } from "./resume-token.js";
import type { Change, ChangeType, UserStore } from "./user-store.js";
import type { User } from "./user.js";

/** What a watcher sees. One object for all watchers: do not change it. */
export type UserEvent = UserChanged | Heartbeat;

/** A user was created, updated or deleted. */
export interface UserChanged {
  readonly type: ChangeType;
  /** The user after the change, or as it last was. */
  readonly user: User;
  /** Names the position right after this change. */
  readonly resumeToken: string;
  readonly time: Date;
}

/** A sign of life, and of how far the watcher has seen the log. */
export interface Heartbeat {
  readonly type: "heartbeat";
  readonly resumeToken: string;
  readonly time: Date;
}

/** Options for {@link ChangeFeed}. */
export interface ChangeFeedOptions {
  store: UserStore;
  /** How long a watcher waits for a change until it is sent a heartbeat, in milliseconds. Default: 15,000. */
  heartbeatMs?: number;
  /** How many changes are kept in memory; a watcher that falls behind by more is too slow. Default: 10,000. */
  windowSize?: number;
  /** The time in milliseconds since 1970. Default: `Date.now`. */
  clock?: () => number;
}

/** What one watcher wants to see. */
export interface WatchOptions {
  /** Numbers of the departments; undefined is all. */
  departments?: ReadonlySet<number> | undefined;
  /** Where to go on; undefined or empty is from now on. */
  resumeToken?: string | undefined;
}

/** How many changes a watcher that comes back reads from the store at a time. */
const READ_SIZE = 500;

/** A change, in the form in which watchers get it. */
interface Entry {
  readonly change: Change;
  readonly event: UserChanged;
}

/** Place of a watcher: everything up to this position it has seen, or does not want to. */
interface Place {
  position: number;
  readonly departments: ReadonlySet<number> | undefined;
}

/**
 * Tells watchers of the changes of a store, each once and in order. All share one window of the newest changes; a
 * watcher is no more than its place in it, so ten thousand idle ones cost little and a slow one costs nothing. One that
 * comes back from before the window reads the store until it reaches the window.
 */
export class ChangeFeed {
  readonly #store: UserStore;
  readonly #heartbeatMs: number;
  readonly #clock: () => number;
  readonly #tokens: ResumeTokens;
  readonly #window: Recent<Entry>;
  /** The watchers that have seen everything, each with what wakes it. */
  readonly #waiting = new Map<Place, () => void>();

  constructor({ store, heartbeatMs = 15_000, windowSize = 10_000, clock = Date.now }: ChangeFeedOptions) {
    this.#store = store;
    this.#heartbeatMs = heartbeatMs;
    this.#clock = clock;
    this.#tokens = new ResumeTokens(store.identity.logId);
    this.#window = new Recent(store.lastPosition, windowSize);
    store.onCommit((changes) => this.#announce(changes));
  }

  /**
   * Yields a heartbeat at once, then every change that matches, and a heartbeat after each `heartbeatMs` of silence, until
   * the signal aborts. A change matches if its user was, or now is, in one of the departments.
   *
   * Only the signal ends it while it waits: calling `return` takes effect at the next event.
   *
   * @throws {InvalidFields} if the resume token is not of this log.
   * @throws {PositionTooOld} if the changes after the resume token are no longer kept.
   * @throws {WatcherTooSlow} if the events are taken so slowly that changes left the window unseen.
   * @throws the signal's reason.
   */
  async *watch(
    { departments, resumeToken }: WatchOptions,
    signal?: AbortSignal,
  ): AsyncGenerator<UserEvent, never> {
    signal?.throwIfAborted();
    const { last } = this.#window;
    const place: Place = {
      departments,
      position: resumeToken ? this.#tokens.decode(resumeToken, last) : last,
    };
    if (this.#isBehind(place)) {
      // So that a position that is too old is never confirmed.
      await this.#store.readChanges(place.position, 1);
      signal?.throwIfAborted();
    }
    yield this.#heartbeat(place);
    while (this.#isBehind(place)) {
      const changes = await this.#store.readChanges(place.position, READ_SIZE);
      for (const change of changes) {
        signal?.throwIfAborted();
        place.position = change.position;
        if (matches(place, change)) {
          yield this.#toEvent(change);
        }
      }
      // Others have their turn, however many changes there are that do not match.
      await setImmediate();
    }
    for (;;) {
      signal?.throwIfAborted();
      if (this.#isBehind(place)) {
        throw new WatcherTooSlow();
      }
      const event = this.#next(place);
      if (event !== undefined) {
        yield event;
      } else if (!(await this.#news(place, signal))) {
        yield this.#heartbeat(place);
      }
    }
  }

  #announce(changes: readonly Change[]): void {
    for (const change of changes) {
      this.#window.push({ change, event: this.#toEvent(change) });
    }
    for (const [place, wake] of this.#waiting) {
      if (changes.some((change) => matches(place, change))) {
        wake();
      } else {
        place.position = this.#window.last;
      }
    }
  }

  /** Whether a watcher needs changes that are no longer in the window. */
  #isBehind(place: Place): boolean {
    return place.position < this.#window.reachesBackTo;
  }

  /** Goes on to the next change in the window that matches; undefined at its end. */
  #next(place: Place): UserChanged | undefined {
    for (;;) {
      const entry = this.#window.at(place.position + 1);
      if (entry === undefined) {
        return undefined;
      }
      place.position++;
      if (matches(place, entry.change)) {
        return entry.event;
      }
    }
  }

  /** Waits, at the end of the window, for a change that matches: true; or for so long that a heartbeat is due: false. */
  #news(place: Place, signal: AbortSignal | undefined): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
        this.#waiting.delete(place);
      };
      const onAbort = (): void => {
        end();
        reject(signal?.reason as Error);
      };
      const timer = setTimeout(() => {
        end();
        resolve(false);
      }, this.#heartbeatMs).unref();
      signal?.addEventListener("abort", onAbort);
      this.#waiting.set(place, () => {
        end();
        resolve(true);
      });
    });
  }

  #toEvent({ type, user, position, time }: Change): UserChanged {
    return { type, user, resumeToken: this.#tokens.encode(position), time };
  }

  #heartbeat({ position }: Place): Heartbeat {
    return { type: "heartbeat", resumeToken: this.#tokens.encode(position), time: new Date(this.#clock()) };
  }
}

function matches({ departments }: Place, { user, previousDepartment }: Change): boolean {
  return departments === undefined || departments.has(user.department) || departments.has(previousDepartment);
}
