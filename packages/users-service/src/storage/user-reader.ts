import type Database from "libsql";

import type { User } from "../domain/user.js";
import { READ_COLUMNS, rowToUser, textToUsers, type UserRow } from "./rows.js";
import { UserCache } from "./user-cache.js";

/** Reads users by their id or their sequence number, from memory if they are there. */
export class UserReader {
  readonly cache: UserCache;
  readonly #selectById: Database.Statement;
  readonly #selectBySequences: Database.Statement;

  constructor(database: Database.Database, maxCachedUsers: number) {
    this.cache = new UserCache(maxCachedUsers);
    this.#selectById = database.prepare(`SELECT ${READ_COLUMNS} FROM users WHERE id = ?`).raw();
    this.#selectBySequences = database
      .prepare(
        `SELECT json_group_array(json_array(${READ_COLUMNS})) FROM users WHERE sequence IN (SELECT value FROM json_each(?))`,
      )
      .raw();
  }

  byId(id: string): User | undefined {
    const cached = this.cache.byId(id);
    if (cached !== undefined) {
      return cached;
    }
    const row = this.#selectById.get([id]) as UserRow | undefined;
    if (row === undefined) {
      return undefined;
    }
    const user = rowToUser(row);
    this.cache.add(user);
    return user;
  }

  /**
   * Reads users in the order given; all must be there.
   * @param keep True to keep the users that were read in memory.
   */
  bySequences(sequences: readonly number[], keep: boolean): User[] {
    const missing: number[] = [];
    const users = sequences.map((sequence) => {
      const user = this.cache.bySequence(sequence);
      if (user === undefined) {
        missing.push(sequence);
      }
      return user;
    });
    if (missing.length > 0) {
      const [text] = this.#selectBySequences.get([JSON.stringify(missing)]) as [string];
      const read = new Map(textToUsers(text).map((user) => [user.sequence, user]));
      for (const [index, sequence] of sequences.entries()) {
        users[index] ??= read.get(sequence);
      }
      if (keep) {
        for (const user of read.values()) {
          this.cache.add(user);
        }
      }
    }
    return users as User[];
  }
}
