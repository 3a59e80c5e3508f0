import type Database from "libsql";

import { compareCursors, cursorOf } from "../domain/cursor.js";
import { PositionTooOld } from "../domain/errors.js";
import type {
  Change,
  ListCaller,
  ListQuery,
  ListResult,
  StoreIdentity,
  Transaction,
  UserStore,
} from "../domain/user-store.js";
import type { User } from "../domain/user.js";
import { Checkpointer } from "./checkpointer.js";
import { IndexWalk } from "./index-walk.js";
import { matchingDepartments, planList } from "./list-plan.js";
import { ListPool, type ListLimits } from "./list-pool.js";
import { filterToSql, orderToSql } from "./list-sql.js";
import { storageError } from "./disk-full.js";
import { openDatabase, unusable, type OpenDatabase, type OpenDatabaseOptions } from "./open-database.js";
import { READ_COLUMNS, rowToChange, textToUsers, type ChangeRow } from "./rows.js";
import { SqliteTransaction } from "./sqlite-transaction.js";
import { UserReader } from "./user-reader.js";
import { WriteQueue, type Transactions } from "./write-queue.js";

/** Options for {@link SqliteUserStore}. */
export interface StoreOptions extends ListLimits {
  /** The number of changes that the log keeps; at least 1. Default: 1,000,000, which take about 300 MB. */
  retainedChanges?: number;
  /**
   * The number of users that are kept in memory, each with about 600 bytes, and what others keep as long as the user is here; 0 keeps
   * none. Default: 10,000.
   */
  maxCachedUsers?: number;
}

/** Options for {@link openSqliteUserStore}. */
export type SqliteUserStoreOptions = StoreOptions & OpenDatabaseOptions;

/**
 * Opens a store in a SQLite database, for this process alone.
 * @throws with a message that names the file, if it is in use, is no database, or is of a newer version.
 */
export function openSqliteUserStore(options: SqliteUserStoreOptions): UserStore {
  const opened = openDatabase(options);
  try {
    return new SqliteUserStore(opened, options);
  } catch (error) {
    opened.unlock();
    throw error instanceof RangeError ? error : unusable(options.path, error);
  }
}

/**
 * Keeps the users in a SQLite database. The driver is synchronous: a call holds the event loop for as long as it takes,
 * some microseconds for most. What may take longer is kept off the loop:
 *
 * - Many writes share a commit ({@link WriteQueue}). They are acknowledged when the log is synced, which runs beside the loop.
 * - Lists that no index serves, and checkpoints, run in threads.
 */
export class SqliteUserStore implements UserStore {
  readonly identity: StoreIdentity;
  readonly #opened: OpenDatabase;
  readonly #database: Database.Database;
  readonly #transaction: SqliteTransaction;
  readonly #reader: UserReader;
  readonly #walk: IndexWalk;
  readonly #pool: ListPool;
  readonly #checkpointer: Checkpointer;
  readonly #retainedChanges: number;
  readonly #listeners: ((changes: readonly Change[]) => void)[] = [];
  readonly #selectOldest: Database.Statement;
  readonly #selectChanges: Database.Statement;
  readonly #writes: WriteQueue;
  /** The number of users that each department has. Counted at the start, and kept with each write. */
  #totals: Map<number, number>;
  /** The same as of the last commit. */
  #committedTotals: Map<number, number>;
  #lastPosition: number;
  #oldestPosition: number;
  #closing: Promise<void> | undefined;

  constructor(
    opened: OpenDatabase,
    { retainedChanges = 1_000_000, maxCachedUsers = 10_000, ...limits }: StoreOptions = {},
  ) {
    if (!(retainedChanges >= 1)) {
      // The newest change is what tells the last position.
      throw new RangeError(`At least one change must be kept, and not ${retainedChanges}`);
    }
    const { database, identity, path } = opened;
    this.identity = identity;
    this.#opened = opened;
    this.#database = database;
    this.#retainedChanges = retainedChanges;
    this.#transaction = new SqliteTransaction(database);
    this.#reader = new UserReader(database, maxCachedUsers);
    this.#walk = new IndexWalk(database);
    this.#pool = new ListPool(path, limits);
    this.#checkpointer = new Checkpointer(path, () => this.#writes.resume());
    this.#writes = new WriteQueue(this.#transactions());
    this.#selectOldest = database.prepare("SELECT min(position), max(position) FROM changes").raw();
    this.#selectChanges = database
      .prepare(
        "SELECT position, type, user, previous_department, time FROM changes WHERE position > ? ORDER BY position LIMIT ?",
      )
      .raw();
    const totals = database.prepare("SELECT department, count(*) FROM users GROUP BY department").raw();
    this.#totals = new Map(totals.all([]) as [number, number][]);
    this.#committedTotals = new Map(this.#totals);
    const [oldest, newest] = this.#selectOldest.get([]) as [number | null, number | null];
    this.#oldestPosition = oldest ?? 1;
    this.#lastPosition = newest ?? 0;
  }

  get lastPosition(): number {
    return this.#lastPosition;
  }

  get(id: string): User | undefined {
    this.#throwIfClosed();
    return this.#reader.byId(id);
  }

  async list(query: ListQuery, caller?: ListCaller): Promise<ListResult> {
    this.#throwIfClosed();
    const { filter, after, limit } = query;
    const plan = planList(query, this.#totals.keys());
    switch (plan.type) {
      case "point":
        return this.#point(query);
      case "walk": {
        const sequences = this.#walk.page({ ...plan, after, limit });
        // First pages are asked for again and again; who goes through all of them should not empty the memory.
        const users = this.#reader.bySequences(sequences, after === undefined);
        const departments =
          filter === undefined
            ? this.#totals.keys()
            : (matchingDepartments(filter, this.#totals.keys()) ?? []);
        let totalCount = 0;
        for (const department of departments) {
          totalCount += this.#totals.get(department) ?? 0;
        }
        return { users, totalCount };
      }
      case "scan":
        return this.#pool.list(query, caller);
    }
  }

  async readChanges(after: number, limit: number): Promise<readonly Change[]> {
    this.#throwIfClosed();
    if (after + 1 < this.#oldestPosition) {
      throw new PositionTooOld();
    }
    return (this.#selectChanges.all([after, limit]) as ChangeRow[]).map(rowToChange);
  }

  write<T>(work: (transaction: Transaction) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#throwIfClosed();
      const run = (): (() => void) => {
        try {
          const result = this.#transaction.atomically(work);
          this.#ran();
          return () => resolve(result);
        } catch (error) {
          // If the whole transaction has ended, no write of it can be kept.
          if (!this.#database.inTransaction) {
            throw error;
          }
          return () => reject(storageError(error));
        }
      };
      this.#writes.add({ run, reject });
    });
  }

  onCommit(listener: (changes: readonly Change[]) => void): void {
    this.#listeners.push(listener);
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    await this.#writes.drain();
    await Promise.all([this.#pool.close(), this.#checkpointer.close()]);
    // The log of the database goes into its main file, so that this can be copied alone.
    this.#database.pragma("wal_checkpoint(TRUNCATE)");
    this.#database.close();
    this.#opened.unlock();
  }

  #transactions(): Transactions {
    const checkpointer = this.#checkpointer;
    return {
      begin: () => this.#transaction.begin(this.#lastPosition),
      commit: () => this.#commit(),
      rollBack: () => this.#rollBack(),
      sync: (done) => this.#opened.sync(done),
      get pause() {
        return checkpointer.pause;
      },
    };
  }

  /** What a write has done can be read at once, though the disk does not have it yet. */
  #ran(): void {
    const { moves, replaced, removed } = this.#transaction.takeEffects();
    for (const move of moves) {
      const department = move < 0 ? ~move : move;
      this.#totals.set(department, (this.#totals.get(department) ?? 0) + (move < 0 ? -1 : 1));
    }
    for (const user of replaced) {
      this.#reader.cache.replace(user);
    }
    for (const id of removed) {
      this.#reader.cache.delete(id);
    }
  }

  #commit(): () => void {
    const { changes } = this.#transaction;
    const last = this.#lastPosition + changes.length;
    const oldest = last - this.#retainedChanges + 1;
    this.#transaction.commit(oldest > this.#oldestPosition ? oldest : undefined);
    this.#lastPosition = last;
    this.#oldestPosition = Math.max(this.#oldestPosition, oldest);
    this.#committedTotals = new Map(this.#totals);
    this.#checkpointer.committed(changes.length);
    return () => {
      if (changes.length > 0) {
        for (const listener of this.#listeners) {
          listener(changes);
        }
      }
    };
  }

  #rollBack(): void {
    this.#transaction.rollBack();
    this.#totals = new Map(this.#committedTotals);
    this.#reader.cache.clear();
  }

  /** At most one user is looked at. Not prepared for another time: there are as many different ones as filters. */
  #point({ filter, order, after, limit }: ListQuery): ListResult {
    const { text, values } = filterToSql(filter!);
    const rows = `SELECT ${READ_COLUMNS} FROM users WHERE ${text} ORDER BY ${orderToSql(order)}`;
    const [found] = this.#database
      .prepare(`SELECT json_group_array(json_array(${READ_COLUMNS})) FROM (${rows})`)
      .raw()
      .get([...values]) as [string];
    const users = textToUsers(found);
    const page = users.filter(
      (user) => after === undefined || compareCursors(order, cursorOf(user, order), after) > 0,
    );
    return { users: page.slice(0, limit), totalCount: users.length };
  }

  #throwIfClosed(): void {
    if (this.#closing !== undefined) {
      throw new Error("The store is closed");
    }
  }
}
