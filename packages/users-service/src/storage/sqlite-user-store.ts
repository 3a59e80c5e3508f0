import type Database from "libsql";

import { PositionTooOld } from "../domain/errors.js";
import type {
  Change,
  ListQuery,
  ListResult,
  StoreIdentity,
  Transaction,
  UserStore,
} from "../domain/user-store.js";
import type { User } from "../domain/user.js";
import { cursorToSql, filterToSql, join, orderToSql, type Sql } from "./list-sql.js";
import { openDatabase, type OpenDatabase, type OpenDatabaseOptions } from "./open-database.js";
import { rowToChange, rowToUser, type ChangeRow, type UserRow } from "./rows.js";
import { SqliteTransaction } from "./sqlite-transaction.js";

/** Options for {@link openSqliteUserStore}. */
export interface SqliteUserStoreOptions extends OpenDatabaseOptions {
  /** How many changes the log keeps. Default: 1,000,000, which take about 400 MB. */
  retainedChanges?: number;
}

/**
 * Opens a store in a SQLite database, for this process alone.
 * @throws with a message that names the file, if it is in use, is no database, or is of a newer version.
 */
export function openSqliteUserStore({
  retainedChanges = 1_000_000,
  ...options
}: SqliteUserStoreOptions): UserStore {
  return new SqliteUserStore(openDatabase(options), retainedChanges);
}

/** A write that waits for the next commit, or for its end. */
interface PendingWrite {
  /** Does the work. Returns what is to be called after the commit; throws if the whole transaction is broken. */
  run(transaction: SqliteTransaction): () => void;
  reject(error: unknown): void;
}

/**
 * Keeps the users in a SQLite database. The driver is synchronous: a call holds the event loop for as long as it takes,
 * some microseconds for most, and for a commit until the disk has it. So the writes that come in one turn of the event
 * loop share one transaction, each within a savepoint of its own.
 */
export class SqliteUserStore implements UserStore {
  readonly identity: StoreIdentity;
  readonly #database: Database.Database;
  readonly #unlock: () => void;
  readonly #transaction: SqliteTransaction;
  readonly #retainedChanges: number;
  readonly #listeners: ((changes: readonly Change[]) => void)[] = [];
  readonly #selectUser: Database.Statement;
  readonly #selectOldest: Database.Statement;
  readonly #selectChanges: Database.Statement;
  #pending: PendingWrite[] = [];
  #lastPosition: number;
  #closed = false;

  /** @param retainedChanges How many changes the log keeps; at least 1. */
  constructor({ database, identity, unlock }: OpenDatabase, retainedChanges: number) {
    if (!(retainedChanges >= 1)) {
      // The newest change is what tells the last position.
      throw new RangeError(`At least one change must be kept, and not ${retainedChanges}`);
    }
    this.identity = identity;
    this.#database = database;
    this.#unlock = unlock;
    this.#retainedChanges = retainedChanges;
    this.#transaction = new SqliteTransaction(database);
    this.#selectUser = database.prepare("SELECT * FROM users WHERE id = ?");
    this.#selectOldest = database.prepare("SELECT min(position) AS position FROM changes");
    this.#selectChanges = database.prepare(
      "SELECT * FROM changes WHERE position > ? ORDER BY position LIMIT ?",
    );
    const [newest] = database
      .prepare("SELECT max(position) AS position FROM changes")
      .all([]) as PositionRow[];
    this.#lastPosition = newest?.position ?? 0;
  }

  get lastPosition(): number {
    return this.#lastPosition;
  }

  async get(id: string): Promise<User | undefined> {
    this.#throwIfClosed();
    const [row] = this.#selectUser.all([id]) as UserRow[];
    return row && rowToUser(row);
  }

  async list({ filter, order, after, limit }: ListQuery): Promise<ListResult> {
    this.#throwIfClosed();
    const matching = join(filter === undefined ? [] : [filterToSql(filter)], " AND ");
    const wanted = after === undefined ? matching : join([matching, cursorToSql(order, after)], " AND ");
    const count = this.#query<{ count: number }>("SELECT count(*) AS count FROM users WHERE", matching);
    const rows = this.#query<UserRow>("SELECT * FROM users WHERE", {
      text: `${wanted.text} ORDER BY ${orderToSql(order)} LIMIT ?`,
      values: [...wanted.values, limit],
    });
    return { users: rows.map(rowToUser), totalCount: count[0]?.count ?? 0 };
  }

  async readChanges(after: number, limit: number): Promise<readonly Change[]> {
    this.#throwIfClosed();
    const [oldest] = this.#selectOldest.all([]) as PositionRow[];
    if (after + 1 < (oldest?.position ?? 0)) {
      throw new PositionTooOld();
    }
    return (this.#selectChanges.all([after, limit]) as ChangeRow[]).map(rowToChange);
  }

  write<T>(work: (transaction: Transaction) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#throwIfClosed();
      const run = (transaction: SqliteTransaction): (() => void) => {
        try {
          const result = transaction.atomically(work);
          return () => resolve(result);
        } catch (error) {
          // If the whole transaction has ended, no write of it can be kept.
          if (!this.#database.inTransaction) {
            throw error;
          }
          return () => reject(error);
        }
      };
      if (this.#pending.push({ run, reject }) === 1) {
        setImmediate(() => this.#flush());
      }
    });
  }

  onCommit(listener: (changes: readonly Change[]) => void): void {
    this.#listeners.push(listener);
  }

  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      this.#flush();
      // The log of the database goes into its main file, so that this can be copied alone.
      this.#database.pragma("wal_checkpoint(TRUNCATE)");
      this.#database.close();
      this.#unlock();
    }
  }

  /** Does all the writes that wait, in one transaction. */
  #flush(): void {
    const writes = this.#pending;
    this.#pending = [];
    if (writes.length === 0) {
      return;
    }
    let changes: readonly Change[];
    let settle: (() => void)[];
    try {
      this.#database.exec("BEGIN IMMEDIATE");
      this.#transaction.begin(this.#lastPosition);
      settle = writes.map((write) => write.run(this.#transaction));
      changes = this.#transaction.changes;
      this.#transaction.forgetChanges(this.#lastPosition + changes.length - this.#retainedChanges);
      this.#database.exec("COMMIT");
    } catch (error) {
      this.#rollBack();
      for (const write of writes) {
        write.reject(error);
      }
      return;
    }
    this.#lastPosition += changes.length;
    if (changes.length > 0) {
      for (const listener of this.#listeners) {
        listener(changes);
      }
    }
    for (const done of settle) {
      done();
    }
  }

  #rollBack(): void {
    if (this.#database.inTransaction) {
      this.#database.exec("ROLLBACK");
    }
  }

  /** Not kept for another time: there are as many different ones as filters. */
  #query<Row>(start: string, { text, values }: Sql): Row[] {
    return this.#database.prepare(`${start} ${text}`).all([...values]) as Row[];
  }

  #throwIfClosed(): void {
    if (this.#closed) {
      throw new Error("The store is closed");
    }
  }
}

interface PositionRow {
  position: number | null;
}
