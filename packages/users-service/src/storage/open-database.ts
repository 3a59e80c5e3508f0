import { randomBytes } from "node:crypto";
import { accessSync, constants, existsSync, lstatSync, readlinkSync, statSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname, resolve } from "node:path";

import Database from "libsql";

import type { StoreIdentity } from "../domain/user-store.js";
import { databaseAdvice } from "./database-advice.js";
import { LogFile } from "./log-file.js";
import { migrate } from "./migrations.js";

/** Options for {@link openDatabase}. */
export interface OpenDatabaseOptions {
  /** The database file; it is made if it is not there. */
  path: string;
  /** The time to wait for a process that still has the file open, in milliseconds. Default: 5,000. */
  lockTimeoutMs?: number;
}

/** Says in a file's header that it is a database of this service (SQLite's `application_id`): "clwr" in ASCII. */
const APPLICATION_ID = 0x636c7772;

/**
 * Memory for pages of the database, in KiB: the inner pages of all indexes of a million users, and the leaves that are in use.
 * The system's own cache has the others, for a microsecond or two each; with more here, memory grows for as long as users are added.
 */
const PAGE_CACHE_KIB = 16_384;

/** An open database of the newest version, which no other process has open. */
export interface OpenDatabase {
  readonly path: string;
  readonly database: Database.Database;
  readonly identity: StoreIdentity;
  /** Calls back once all that was committed is on disk. It holds no event loop. */
  sync(done: (error: Error | null) => void): void;
  /** Lets another process, or this one, open the file again. */
  unlock(): void;
}

/**
 * Opens a database for this process alone, and makes or migrates its schema. What is committed survives a crash of the
 * process; what was synced after its commit survives a crash of the machine too.
 * @throws with a message that names the file, if it is in use, is no database, is another program's, or is of
 * a newer version.
 */
export function openDatabase({ path, lockTimeoutMs = 5000 }: OpenDatabaseOptions): OpenDatabase {
  const unlock = lock(path, lockTimeoutMs);
  try {
    const database = new Database(path);
    // First of all: what is not ours to use must be left as it is.
    claim(database);
    database.pragma("journal_mode = WAL");
    // FULL would sync the log at every commit, and hold the event loop for it. NORMAL syncs it before a checkpoint, so the
    // database is never torn; the store itself syncs the log before it acknowledges a write.
    database.pragma("synchronous = NORMAL");
    // The store has a worker do the checkpoints.
    database.pragma("wal_autocheckpoint = 0");
    database.pragma(`cache_size = -${PAGE_CACHE_KIB}`);
    database.pragma("foreign_keys = ON");
    // For someone who looks at the file with another program, and is in the way for a moment.
    database.pragma(`busy_timeout = ${lockTimeoutMs}`);
    migrate(database);
    const identity = {
      logId: getOrMake(database, "log_id", 8),
      tokenKey: getOrMake(database, "token_key", 32),
    };
    const log = new LogFile(`${path}-wal`);
    return {
      path,
      database,
      identity,
      sync: (done) => log.sync(done),
      unlock: () => {
        log.close();
        unlock();
      },
    };
  } catch (error) {
    unlock();
    throw unusable(path, error);
  }
}

/** The error of a database that cannot be used, with its name and what to do. */
export function unusable(path: string, error: unknown): Error {
  const advice = databaseAdvice(error, path);
  return new Error(`The database ${path} cannot be used: ${messageOf(error)}${advice}`, { cause: error });
}

/**
 * Sees to it that one process alone uses a database, since others would not learn of its changes: holds a transaction
 * open on an empty database beside it. The system ends that with the process, however that ends. SQLite's exclusive
 * locking mode would not do: libsql's `close` lets go only when the last statement is collected as garbage.
 */
function lock(path: string, timeoutMs: number): () => void {
  checkPlace(path);
  let holder: Database.Database;
  try {
    // No statement is ever prepared on this connection, so it closes when it is told to.
    holder = new Database(`${path}-lock`, { timeout: timeoutMs });
  } catch (error) {
    throw new Error(`The database ${path} cannot be opened: ${messageOf(error)}`, { cause: error });
  }
  try {
    holder.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    holder.close();
    throw new Error(
      isBusy(error)
        ? `The database ${path} is in use by another process`
        : `The database ${path} cannot be locked: ${messageOf(error)}`,
      { cause: error },
    );
  }
  return () => {
    holder.exec("ROLLBACK");
    holder.close();
  };
}

/**
 * Looks at where a database is to be: SQLite says "unable to open database file" of whatever is wrong there.
 *
 * @throws {Error} that names the folder or file, and what is wrong.
 */
function checkPlace(path: string): void {
  const wrong = (why: string) => new Error(`The database ${path} cannot be opened: ${why}`);
  const folder = dirname(resolve(path));
  const inFolder = statSync(folder, { throwIfNoEntry: false });
  if (inFolder === undefined) {
    throw wrong(
      `its folder ${folder} does not exist; make it ('mkdir -p ${folder}'), or give another --database`,
    );
  }
  if (!inFolder.isDirectory()) throw wrong(`${folder} is no folder`);
  if (!isAllowed(folder, constants.R_OK | constants.W_OK | constants.X_OK)) {
    throw wrong(
      `its folder ${folder} may not be read and written by user ${userInfo().username}; SQLite keeps files beside it`,
    );
  }
  const inPlace = statSync(path, { throwIfNoEntry: false });
  if (inPlace?.isDirectory() === true) throw wrong("it is a folder; give the path of a file");
  if (inPlace !== undefined && !inPlace.isFile()) throw wrong("it is no regular file; give the path of one");
  if (inPlace === undefined && lstatSync(path, { throwIfNoEntry: false }) !== undefined) {
    const target = resolve(folder, readlinkSync(path));
    if (!existsSync(dirname(target)))
      throw wrong(
        `it is a link to ${target}, whose folder does not exist; make the folder, or remove the link`,
      );
  }
  if (inPlace !== undefined && !isAllowed(path, constants.R_OK | constants.W_OK)) {
    throw wrong(`it may not be read and written by user ${userInfo().username}`);
  }
}

function isAllowed(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

/** Marks an empty database as ours. @throws if it is another program's. */
function claim(database: Database.Database): void {
  const [id] = database.pragma("application_id") as [{ application_id: number }];
  if (id.application_id === APPLICATION_ID) {
    return;
  }
  // Counts the changes of the schema: 0 as long as nothing was ever made in the file.
  const [schema] = database.pragma("schema_version") as [{ schema_version: number }];
  if (schema.schema_version > 0) {
    throw new Error("It is a database of another program: give another --database");
  }
  database.pragma(`application_id = ${APPLICATION_ID}`);
}

function getOrMake(database: Database.Database, name: string, length: number): Uint8Array {
  database
    .prepare("INSERT OR IGNORE INTO identity VALUES (?, ?)")
    .run([name, randomBytes(length).toString("hex")]);
  const [row] = database.prepare("SELECT value FROM identity WHERE name = ?").all([name]) as [
    { value: string },
  ];
  return Buffer.from(row.value, "hex");
}

function isBusy(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code === "SQLITE_BUSY";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
