import type Database from "libsql";

import type { Change, DoneRequest, Transaction } from "../domain/user-store.js";
import type { User } from "../domain/user.js";
import type { SqlValue } from "./list-sql.js";
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

/**
 * Runs the writes of one commit; used again for each commit, because preparing its statements costs more than running
 * them. There is no savepoint for each write: a write that fails has nearly always written nothing yet. After one that
 * has, the database's transaction is rolled back, and what the writes before it did is done again.
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
  readonly #insertRequest: Database.Statement;
  readonly #deleteRequests: Database.Statement;
  readonly #insertChange: Database.Statement;
  readonly #deleteChanges: Database.Statement;
  #steps: Step[] = [];
  #changes: Change[] = [];
  #replaced: User[] = [];
  #removed: string[] = [];
  /** The departments that users came to, and as complements (`~`) those that users left. */
  #moves: number[] = [];
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
    this.#insertRequest = database.prepare("INSERT OR REPLACE INTO requests VALUES (?, ?, ?)");
    this.#deleteRequests = database.prepare(
      "DELETE FROM requests WHERE time < ? AND rowid IN (SELECT rowid FROM requests ORDER BY rowid LIMIT ?)",
    );
    this.#insertChange = database.prepare("INSERT INTO changes VALUES (?, ?, ?, ?, ?)");
    this.#deleteChanges = database.prepare("DELETE FROM changes WHERE position <= ?");
  }

  /** The changes of this commit so far. */
  get changes(): readonly Change[] {
    return this.#changes;
  }

  /** The new states of the users that this commit replaces. */
  get replaced(): readonly User[] {
    return this.#replaced;
  }

  /** Ids of the users that this commit removes. */
  get removed(): readonly string[] {
    return this.#removed;
  }

  /** Adds to the totals of the departments what this commit changes of them. */
  addMovesTo(totals: Map<number, number>): void {
    for (const move of this.#moves) {
      const department = move < 0 ? ~move : move;
      totals.set(department, (totals.get(department) ?? 0) + (move < 0 ? -1 : 1));
    }
  }

  /** Begins a transaction of the database. */
  begin(lastPosition: number): void {
    this.#begin.run([]);
    this.#forget();
    this.#lastPosition = lastPosition;
  }

  commit(): void {
    this.#commit.run([]);
    this.#steps = [];
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
    const replaced = this.#replaced.length;
    const removed = this.#removed.length;
    const moves = this.#moves.length;
    try {
      return work(this);
    } catch (error) {
      // Some errors, such as a full disk, end the transaction by themselves.
      if (this.#steps.length > steps && this.#database.inTransaction) {
        this.#steps.length = steps;
        this.#changes.length = changes;
        this.#replaced.length = replaced;
        this.#removed.length = removed;
        this.#moves.length = moves;
        this.#doAgain();
      }
      throw error;
    }
  }

  /** Removes the changes up to a position from the log. */
  forgetChanges(position: number): void {
    this.#run(this.#deleteChanges, [position]);
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
    this.#moves.push(user.department);
    const { id, name, email, age, department, roles, createdAt, updatedAt, version } = user;
    const sequence = Number(lastInsertRowid);
    return { id, name, email, age, department, roles, createdAt, updatedAt, version, sequence };
  }

  replace(user: User): void {
    const left = this.#departmentOf(user.id);
    this.#run(this.#updateUser, [...userToValues(user), user.id]);
    if (left !== undefined) {
      this.#moves.push(~left, user.department);
      this.#replaced.push(user);
    }
  }

  remove(id: string): void {
    const left = this.#departmentOf(id);
    this.#run(this.#deleteUser, [id]);
    if (left !== undefined) {
      this.#moves.push(~left);
      this.#removed.push(id);
    }
  }

  findRequest(requestId: string): DoneRequest | undefined {
    const row = this.#selectRequest.get([requestId]) as RequestRow | undefined;
    return row && rowToRequest(row);
  }

  saveRequest({ requestId, user, time }: DoneRequest): void {
    this.#run(this.#insertRequest, [requestId, this.#textOf(user), time.getTime()]);
    if (this.#oldestRequest === Infinity) {
      this.#oldestRequest = time.getTime();
    }
  }

  forgetRequests(time: Date, limit: number): void {
    if ((this.#oldestRequest ??= this.#lookUpOldestRequest()) < time.getTime()) {
      this.#run(this.#deleteRequests, [time.getTime(), limit]);
      this.#oldestRequest = undefined;
    }
  }

  append({ type, user, previousDepartment, time }: Omit<Change, "position">): void {
    const position = this.#lastPosition + this.#changes.length + 1;
    this.#run(this.#insertChange, [position, type, this.#textOf(user), previousDepartment, time.getTime()]);
    this.#changes.push({ type, user, previousDepartment, time, position });
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
    this.#replaced = [];
    this.#removed = [];
    this.#moves = [];
    this.#text = undefined;
  }

  #departmentOf(id: string): number | undefined {
    return (this.#selectDepartment.get([id]) as [number] | undefined)?.[0];
  }

  #lookUpOldestRequest(): number {
    return (this.#selectOldestRequest.get([]) as [number] | undefined)?.[0] ?? Infinity;
  }

  #textOf(user: User): string {
    if (this.#text?.user !== user) {
      this.#text = { user, text: userToText(user) };
    }
    return this.#text.text;
  }
}
