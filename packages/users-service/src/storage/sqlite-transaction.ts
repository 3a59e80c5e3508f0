import type Database from "libsql";

import type { Change, DoneRequest, Transaction } from "../domain/user-store.js";
import type { User } from "../domain/user.js";
import {
  rowToRequest,
  rowToUser,
  USER_COLUMNS,
  userToText,
  userToValues,
  type RequestRow,
  type UserRow,
} from "./rows.js";

/**
 * What the writes of one commit do; used again for each commit, because preparing its statements costs more than running
 * them. Parameters are always given as an array: libsql takes a single null for an object of named ones.
 */
export class SqliteTransaction implements Transaction {
  readonly #database: Database.Database;
  readonly #savepoint: Database.Statement;
  readonly #release: Database.Statement;
  readonly #rollBack: Database.Statement;
  readonly #selectUser: Database.Statement;
  readonly #selectIdByEmail: Database.Statement;
  readonly #insertUser: Database.Statement;
  readonly #updateUser: Database.Statement;
  readonly #deleteUser: Database.Statement;
  readonly #selectRequest: Database.Statement;
  readonly #insertRequest: Database.Statement;
  readonly #deleteRequests: Database.Statement;
  readonly #insertChange: Database.Statement;
  readonly #deleteChanges: Database.Statement;
  #changes: Change[] = [];
  /** Position of the newest change before this commit. */
  #lastPosition = 0;

  constructor(database: Database.Database) {
    this.#database = database;
    const columns = USER_COLUMNS.join(", ");
    const marks = USER_COLUMNS.map(() => "?").join(", ");
    this.#savepoint = database.prepare("SAVEPOINT work");
    this.#release = database.prepare("RELEASE work");
    this.#rollBack = database.prepare("ROLLBACK TO work");
    this.#selectUser = database.prepare("SELECT * FROM users WHERE id = ?");
    this.#selectIdByEmail = database.prepare("SELECT id FROM users WHERE email_key = ?");
    this.#insertUser = database.prepare(`INSERT INTO users (${columns}) VALUES (${marks})`);
    this.#updateUser = database.prepare(`UPDATE users SET (${columns}) = (${marks}) WHERE id = ?`);
    this.#deleteUser = database.prepare("DELETE FROM users WHERE id = ?");
    this.#selectRequest = database.prepare("SELECT * FROM requests WHERE request_id = ?");
    this.#insertRequest = database.prepare("INSERT OR REPLACE INTO requests VALUES (?, ?, ?)");
    this.#deleteRequests = database.prepare(
      "DELETE FROM requests WHERE rowid IN (SELECT rowid FROM requests WHERE time < ? ORDER BY time LIMIT ?)",
    );
    this.#insertChange = database.prepare("INSERT INTO changes VALUES (?, ?, ?, ?, ?)");
    this.#deleteChanges = database.prepare("DELETE FROM changes WHERE position <= ?");
  }

  /** The changes of this commit so far. */
  get changes(): readonly Change[] {
    return this.#changes;
  }

  /** Starts anew, at the start of a database transaction. */
  begin(lastPosition: number): void {
    this.#changes = [];
    this.#lastPosition = lastPosition;
  }

  /** Runs one write; if it throws, takes back what it did and throws the same. */
  atomically<T>(work: (transaction: Transaction) => T): T {
    const { length } = this.#changes;
    this.#savepoint.run([]);
    try {
      const result = work(this);
      this.#release.run([]);
      return result;
    } catch (error) {
      this.#changes.length = length;
      // Some errors, such as a full disk, end the whole transaction, and the savepoint with it.
      if (this.#database.inTransaction) {
        this.#rollBack.run([]);
        this.#release.run([]);
      }
      throw error;
    }
  }

  /** Removes the changes up to a position from the log. */
  forgetChanges(position: number): void {
    this.#deleteChanges.run([position]);
  }

  get(id: string): User | undefined {
    const [row] = this.#selectUser.all([id]) as UserRow[];
    return row && rowToUser(row);
  }

  findIdByEmailKey(key: string): string | undefined {
    const [row] = this.#selectIdByEmail.all([key]) as { id: string }[];
    return row?.id;
  }

  insert(user: Omit<User, "sequence">): User {
    const { lastInsertRowid } = this.#insertUser.run(userToValues(user));
    return { ...user, sequence: Number(lastInsertRowid) };
  }

  replace(user: User): void {
    this.#updateUser.run([...userToValues(user), user.id]);
  }

  remove(id: string): void {
    this.#deleteUser.run([id]);
  }

  findRequest(requestId: string): DoneRequest | undefined {
    const [row] = this.#selectRequest.all([requestId]) as RequestRow[];
    return row && rowToRequest(row);
  }

  saveRequest({ requestId, user, time }: DoneRequest): void {
    this.#insertRequest.run([requestId, userToText(user), time.getTime()]);
  }

  forgetRequests(time: Date, limit: number): void {
    this.#deleteRequests.run([time.getTime(), limit]);
  }

  append({ type, user, previousDepartment, time }: Omit<Change, "position">): void {
    const position = this.#lastPosition + this.#changes.length + 1;
    this.#insertChange.run([position, type, userToText(user), previousDepartment, time.getTime()]);
    this.#changes.push({ type, user, previousDepartment, time, position });
  }
}
