import type Database from "libsql";

import type { Change, DoneRequest, Transaction } from "../domain/user-store.js";
import type { User } from "../domain/user.js";
import type { SqlValue } from "./list-sql.js";
import { RowInserter } from "./row-inserter.js";
import {
  READ_COLUMNS,
  rowToRequest,
  rowToUser,
  USER_COLUMNS,
  userToText,
  userToValues,
  type RequestRow,
  type UserRow,
} from "./rows.js";

/** A statement that was run, kept until the commit. */
interface Step {
  readonly statement: Database.Statement;
  readonly values: readonly SqlValue[];
}

const CHANGE_COLUMNS = 5;
const REQUEST_COLUMNS = 3;

/** What a write has changed of what the store keeps in memory. */
export interface Effects {
  /** The departments that users came to, and as complements (`~`) those that users left. */
  readonly moves: readonly number[];
  /** The new states of the users that it replaces. */
  readonly replaced: readonly User[];
  /** Ids of the users that it removes. */
  readonly removed: readonly string[];
}

/**
 * Runs the writes of one commit; used again for each commit, because preparing its statements costs more than running
 * them. There is no savepoint for each write: a write that fails has nearly always written nothing yet. After one that
 * has, the database's transaction is rolled back, and what the writes before it did is done again. What no write looks at, or few
 * do, is inserted at the commit, in many rows at a time.
 *
 * Parameters are always given as an array: libsql takes a single null for an object of named ones.
 */
export class SqliteTransaction implements Transaction {
  readonly #database: Database.Database;
  readonly #begin: Database.Statement;
  readonly #commit: Database.Statement;
  readonly #selectUser: Database.Statement;
  readonly #selectDepartment: Database.Statement;
  readonly #selectIdByEmail: Database.Statement;
  readonly #insertUser: Database.Statement;
  readonly #updateUser: Database.Statement;
  readonly #deleteUser: Database.Statement;
  readonly #selectRequest: Database.Statement;
  readonly #selectOldestRequest: Database.Statement;
  readonly #insertRequests: RowInserter;
  readonly #deleteRequests: Database.Statement;
  readonly #insertChanges: RowInserter;
  readonly #deleteChanges: Database.Statement;
  #steps: Step[] = [];
  #changes: Change[] = [];
  #requests: DoneRequest[] = [];
  #requestsById = new Map<string, DoneRequest>();
  /** The rows of the changes and of the requests, one after the other. */
  #changeRows: SqlValue[] = [];
  #requestRows: SqlValue[] = [];
  #effects = noEffects();
  /** Position of the newest change before this commit. */
  #lastPosition = 0;
  /** The time of the oldest request, `Infinity` if there is none; undefined if that has to be looked up. */
  #oldestRequest: number | undefined;
  /** The text of the user that was written last: an insert writes it twice. */
  #text: { readonly user: User; readonly text: string } | undefined;

  constructor(database: Database.Database) {
    this.#database = database;
    const columns = USER_COLUMNS.join(", ");
    const marks = USER_COLUMNS.map(() => "?").join(", ");
    this.#begin = database.prepare("BEGIN IMMEDIATE");
    this.#commit = database.prepare("COMMIT");
    this.#selectUser = database.prepare(`SELECT ${READ_COLUMNS} FROM users WHERE id = ?`).raw();
    this.#selectDepartment = database.prepare("SELECT department FROM users WHERE id = ?").raw();
    this.#selectIdByEmail = database.prepare("SELECT id FROM users WHERE email_key = ?").raw();
    this.#insertUser = database.prepare(
      `INSERT INTO users (${columns}) VALUES (${marks}) ON CONFLICT (email_key) DO NOTHING`,
    );
    this.#updateUser = database.prepare(`UPDATE users SET (${columns}) = (${marks}) WHERE id = ?`);
    this.#deleteUser = database.prepare("DELETE FROM users WHERE id = ?");
    this.#selectRequest = database
      .prepare("SELECT request_id, user, time FROM requests WHERE request_id = ?")
      .raw();
    this.#selectOldestRequest = database.prepare("SELECT time FROM requests ORDER BY rowid LIMIT 1").raw();
    this.#insertRequests = new RowInserter(database, "INSERT OR REPLACE INTO requests", REQUEST_COLUMNS);
    this.#deleteRequests = database.prepare(
      "DELETE FROM requests WHERE time < ? AND rowid IN (SELECT rowid FROM requests ORDER BY rowid LIMIT ?)",
    );
    this.#insertChanges = new RowInserter(database, "INSERT INTO changes", CHANGE_COLUMNS);
    this.#deleteChanges = database.prepare("DELETE FROM changes WHERE position < ?");
  }

  /** The changes of this commit so far. */
  get changes(): readonly Change[] {
    return this.#changes;
  }

  /** What was changed since this was last called. */
  takeEffects(): Effects {
    const effects = this.#effects;
    this.#effects = noEffects();
    return effects;
  }

  /** Begins a transaction of the database. */
  begin(lastPosition: number): void {
    this.#begin.run([]);
    this.#forget();
    this.#lastPosition = lastPosition;
  }

  /** @param oldest The position before which changes are removed from the log; undefined removes none. */
  commit(oldest?: number): void {
    this.#insertChanges.insert(this.#changeRows);
    this.#insertRequests.insert(this.#requestRows);
    if (oldest !== undefined) {
      this.#deleteChanges.run([oldest]);
    }
    this.#commit.run([]);
    this.#forget();
  }

  /** Takes back all, if SQLite has not done so already. */
  rollBack(): void {
    this.#forget();
    this.#oldestRequest = undefined;
    if (this.#database.inTransaction) {
      this.#database.exec("ROLLBACK");
    }
  }

  /**
   * Runs one write; if it throws, takes back what it did and throws the same.
   * The database is no longer in a transaction if that cannot be: then all is lost, the writes before it too.
   */
  atomically<T>(work: (transaction: Transaction) => T): T {
    const steps = this.#steps.length;
    const changes = this.#changes.length;
    const requests = this.#requests.length;
    try {
      return work(this);
    } catch (error) {
      this.#effects = noEffects();
      this.#changes.length = changes;
      this.#changeRows.length = changes * CHANGE_COLUMNS;
      this.#requestRows.length = requests * REQUEST_COLUMNS;
      for (const { requestId } of this.#requests.splice(requests)) {
        this.#requestsById.delete(requestId);
      }
      // Some errors, such as a full disk, end the transaction by themselves.
      if (this.#steps.length > steps && this.#database.inTransaction) {
        this.#steps.length = steps;
        this.#doAgain();
      }
      throw error;
    }
  }

  get(id: string): User | undefined {
    const row = this.#selectUser.get([id]) as UserRow | undefined;
    return row && rowToUser(row);
  }

  findIdByEmailKey(key: string): string | undefined {
    return (this.#selectIdByEmail.get([key]) as [string] | undefined)?.[0];
  }

  insert(user: Omit<User, "sequence">): User | undefined {
    const values = userToValues(user);
    const { changes, lastInsertRowid } = this.#insertUser.run(values);
    if (changes === 0) {
      return undefined;
    }
    this.#steps.push({ statement: this.#insertUser, values });
    this.#effects.moves.push(user.department);
    const { id, name, email, age, department, roles, createdAt, updatedAt, version } = user;
    const sequence = Number(lastInsertRowid);
    return { id, name, email, age, department, roles, createdAt, updatedAt, version, sequence };
  }

  replace(user: User): void {
    const left = this.#departmentOf(user.id);
    this.#run(this.#updateUser, [...userToValues(user), user.id]);
    if (left !== undefined) {
      this.#effects.moves.push(~left, user.department);
      this.#effects.replaced.push(user);
    }
  }

  remove(id: string): void {
    const left = this.#departmentOf(id);
    this.#run(this.#deleteUser, [id]);
    if (left !== undefined) {
      this.#effects.moves.push(~left);
      this.#effects.removed.push(id);
    }
  }

  findRequest(requestId: string): DoneRequest | undefined {
    const saved = this.#requestsById.get(requestId);
    if (saved !== undefined) {
      return saved;
    }
    const row = this.#selectRequest.get([requestId]) as RequestRow | undefined;
    return row && rowToRequest(row);
  }

  saveRequest(request: DoneRequest): void {
    const { requestId, user, time } = request;
    this.#requests.push(request);
    this.#requestsById.set(requestId, request);
    this.#requestRows.push(requestId, this.#textOf(user), time.getTime());
    this.#oldestRequest = Math.min(this.#timeOfOldestRequest(), time.getTime());
  }

  forgetRequests(time: Date, limit: number): void {
    if (this.#timeOfOldestRequest() < time.getTime()) {
      this.#run(this.#deleteRequests, [time.getTime(), limit]);
      this.#oldestRequest = undefined;
    }
  }

  append({ type, user, previousDepartment, time }: Omit<Change, "position">): void {
    const position = this.#lastPosition + this.#changes.length + 1;
    this.#changes.push({ type, user, previousDepartment, time, position });
    this.#changeRows.push(position, type, this.#textOf(user), previousDepartment, time.getTime());
  }

  #run(statement: Database.Statement, values: SqlValue[]): void {
    statement.run(values);
    this.#steps.push({ statement, values });
  }

  #doAgain(): void {
    this.#oldestRequest = undefined;
    this.#database.exec("ROLLBACK");
    try {
      this.#begin.run([]);
      for (const { statement, values } of this.#steps) {
        statement.run(values);
      }
    } catch {
      this.rollBack();
    }
  }

  #forget(): void {
    this.#steps = [];
    this.#changes = [];
    this.#requests = [];
    this.#requestsById.clear();
    this.#changeRows = [];
    this.#requestRows = [];
    this.#effects = noEffects();
    this.#text = undefined;
  }

  #departmentOf(id: string): number | undefined {
    return (this.#selectDepartment.get([id]) as [number] | undefined)?.[0];
  }

  #timeOfOldestRequest(): number {
    return (this.#oldestRequest ??=
      (this.#selectOldestRequest.get([]) as [number] | undefined)?.[0] ?? Infinity);
  }

  #textOf(user: User): string {
    if (this.#text?.user !== user) {
      this.#text = { user, text: userToText(user) };
    }
    return this.#text.text;
  }
}

function noEffects(): { moves: number[]; replaced: User[]; removed: string[] } {
  return { moves: [], replaced: [], removed: [] };
}
