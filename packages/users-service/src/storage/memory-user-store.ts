import { randomBytes } from "node:crypto";

import { compareCursors, cursorOf } from "../domain/cursor.js";
import { PositionTooOld } from "../domain/errors.js";
import { matchesFilter } from "../domain/filter.js";
import { Recent } from "../domain/recent.js";
import type {
  Change,
  DoneRequest,
  ListQuery,
  ListResult,
  StoreIdentity,
  Transaction,
  UserStore,
} from "../domain/user-store.js";
import { emailKey, type User } from "../domain/user.js";

/** Options for {@link MemoryUserStore}. */
export interface MemoryUserStoreOptions {
  /** The number of changes that the log keeps. Default: 1,000,000. */
  retainedChanges?: number;
}

/** Keeps everything in memory, for tests and trials: it is gone when the process ends. */
export class MemoryUserStore implements UserStore {
  readonly identity: StoreIdentity = { logId: randomBytes(8), tokenKey: randomBytes(32) };
  readonly #users = new Map<string, User>();
  readonly #idsByEmailKey = new Map<string, string>();
  /** In the order in which they were done. */
  readonly #requests = new Map<string, DoneRequest>();
  readonly #log: Recent<Change>;
  readonly #listeners: ((changes: readonly Change[]) => void)[] = [];
  #sequence = 0;
  #closed = false;

  constructor({ retainedChanges = 1_000_000 }: MemoryUserStoreOptions = {}) {
    this.#log = new Recent(0, retainedChanges);
  }

  get lastPosition(): number {
    return this.#log.last;
  }

  get(id: string): User | undefined {
    this.#throwIfClosed();
    return this.#users.get(id);
  }

  async list({ filter, order, after, limit }: ListQuery): Promise<ListResult> {
    this.#throwIfClosed();
    const all = [...this.#users.values()].filter(
      (user) => filter === undefined || matchesFilter(filter, user),
    );
    const sorted = all.map((user) => ({ user, cursor: cursorOf(user, order) }));
    sorted.sort((a, b) => compareCursors(order, a.cursor, b.cursor));
    const rest = after ? sorted.filter(({ cursor }) => compareCursors(order, cursor, after) > 0) : sorted;
    return { users: rest.slice(0, limit).map(({ user }) => user), totalCount: all.length };
  }

  async readChanges(after: number, limit: number): Promise<readonly Change[]> {
    this.#throwIfClosed();
    if (after < this.#log.reachesBackTo) {
      throw new PositionTooOld();
    }
    const changes: Change[] = [];
    for (let position = after + 1; changes.length < limit; position++) {
      const change = this.#log.at(position);
      if (change === undefined) {
        break;
      }
      changes.push(change);
    }
    return changes;
  }

  async write<T>(work: (transaction: Transaction) => T): Promise<T> {
    this.#throwIfClosed();
    const undo: (() => void)[] = [];
    const changes: Change[] = [];
    let result: T;
    try {
      result = work(this.#transaction(undo, changes));
    } catch (error) {
      for (const step of undo.toReversed()) {
        step();
      }
      throw error;
    }
    for (const change of changes) {
      this.#log.push(change);
    }
    if (changes.length > 0) {
      for (const listener of this.#listeners) {
        listener(changes);
      }
    }
    return result;
  }

  onCommit(listener: (changes: readonly Change[]) => void): void {
    this.#listeners.push(listener);
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  /** @param undo Gets what takes back each step. */
  #transaction(undo: (() => void)[], changes: Change[]): Transaction {
    const set = <K, V>(map: Map<K, V>, key: K, value: V): void => {
      undo.push(restoring(map, key));
      map.set(key, value);
    };
    const remove = <K, V>(map: Map<K, V>, key: K): void => {
      undo.push(restoring(map, key));
      map.delete(key);
    };
    const forgetEmail = (id: string): void => {
      const before = this.#users.get(id);
      if (before !== undefined) {
        remove(this.#idsByEmailKey, emailKey(before.email));
      }
    };
    return {
      get: (id) => this.#users.get(id),
      findIdByEmailKey: (key) => this.#idsByEmailKey.get(key),
      insert: (fields) => {
        if (this.#idsByEmailKey.has(emailKey(fields.email))) {
          return undefined;
        }
        const user = { ...fields, sequence: ++this.#sequence };
        set(this.#users, user.id, user);
        set(this.#idsByEmailKey, emailKey(user.email), user.id);
        return user;
      },
      replace: (user) => {
        forgetEmail(user.id);
        set(this.#users, user.id, user);
        set(this.#idsByEmailKey, emailKey(user.email), user.id);
      },
      remove: (id) => {
        forgetEmail(id);
        remove(this.#users, id);
      },
      findRequest: (requestId) => this.#requests.get(requestId),
      saveRequest: (request) => {
        remove(this.#requests, request.requestId);
        set(this.#requests, request.requestId, request);
      },
      forgetRequests: (time, limit) => {
        let left = limit;
        for (const [requestId, request] of this.#requests) {
          if (request.time.getTime() >= time.getTime() || left-- === 0) {
            break;
          }
          remove(this.#requests, requestId);
        }
      },
      append: (change) => {
        changes.push({ ...change, position: this.#log.last + changes.length + 1 });
      },
    };
  }

  #throwIfClosed(): void {
    if (this.#closed) {
      throw new Error("The store is closed");
    }
  }
}

/** Makes a function that puts back the value that a map now has for a key. */
function restoring<K, V>(map: Map<K, V>, key: K): () => void {
  if (!map.has(key)) {
    return () => map.delete(key);
  }
  const before = map.get(key) as V;
  return () => map.set(key, before);
}
