import type Database from "libsql";

/** Makes the list of version 4 of the object that a user's former state was before. */
const USER_AS_LIST = `json_array(
    user ->> 'sequence', user ->> 'id', user ->> 'name', user ->> 'email', user ->> 'age', user ->> 'department',
    user -> 'roles', user ->> 'createdAt', user ->> 'updatedAt', user ->> 'version'
  )`;

/**
 * The steps from an empty database to the present schema. The step at index n takes a database from version n to n + 1.
 * A step that has been released is never changed: add another one.
 */
export const MIGRATIONS: readonly string[] = [
  `
  -- What is made once, together with the database: ids and keys, in hexadecimal.
  CREATE TABLE identity (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

  -- Times are in milliseconds since 1970. A sequence number is never given out twice, hence AUTOINCREMENT.
  CREATE TABLE users (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL UNIQUE,
    age INTEGER NOT NULL,
    department INTEGER NOT NULL,
    roles TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX users_by_created_at ON users (created_at, sequence);
  CREATE INDEX users_by_department ON users (department, sequence);

  -- The log: positions from 1, without a gap; the oldest are removed.
  CREATE TABLE changes (
    position INTEGER PRIMARY KEY,
    type TEXT NOT NULL,
    user TEXT NOT NULL,
    previous_department INTEGER NOT NULL,
    time INTEGER NOT NULL
  ) STRICT;

  -- Creates that were done, each with the user as it was created.
  CREATE TABLE requests (request_id TEXT PRIMARY KEY, user TEXT NOT NULL, time INTEGER NOT NULL) STRICT;
  CREATE INDEX requests_by_time ON requests (time);
  `,
  `
  -- One for each order that a list may have, and for the users of one department in the default order: a page costs what
  -- it holds, and not what the directory holds.
  CREATE INDEX users_by_name ON users (name, sequence);
  CREATE INDEX users_by_age ON users (age, sequence);
  CREATE INDEX users_by_updated_at ON users (updated_at, sequence);
  CREATE INDEX users_by_department_and_created_at ON users (department, created_at, sequence);
  `,
  `
  -- Requests are saved in the order of time, which is that of their rows.
  DROP INDEX requests_by_time;
  `,
  `
  -- A user's former state is a list: the names of its fields were a third of the log.
  UPDATE changes SET user = ${USER_AS_LIST};
  UPDATE requests SET user = ${USER_AS_LIST};
  `,
];

/**
 * Brings a database to the newest version, each step in a transaction of its own. The version is SQLite's `user_version`.
 * @throws if the database is of a newer version than this program knows.
 */
export function migrate(database: Database.Database, migrations: readonly string[] = MIGRATIONS): void {
  const [row] = database.pragma("user_version") as [{ user_version: number }];
  const version = row.user_version;
  if (version > migrations.length) {
    throw new Error(
      `The database has version ${version}, and this program knows versions up to ${migrations.length}: ` +
        "use the newer program that wrote it, or give another --database",
    );
  }
  for (const [index, migration] of migrations.entries()) {
    if (index >= version) {
      database.exec("BEGIN IMMEDIATE");
      try {
        database.exec(migration);
        database.exec(`PRAGMA user_version = ${index + 1}`);
        database.exec("COMMIT");
      } catch (error) {
        database.exec("ROLLBACK");
        throw error;
      }
    }
  }
}
