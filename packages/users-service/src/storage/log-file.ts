import { closeSync, fdatasync, openSync } from "node:fs";

/**
 * The write-ahead log of a database, opened beside SQLite to sync it: SQLite would hold the event loop meanwhile. The file
 * stays the same one as long as the database is open. SQLite has no lock on it that closing it could let go of.
 */
export class LogFile {
  #descriptor: number | undefined;

  /**
   * Opens the log of a database that was read before, which makes the file. It is opened now, since later all files that the process
   * may have open can be taken by connections.
   */
  constructor(path: string) {
    this.#descriptor = openSync(path, "r+");
  }

  /** Calls back, never at once, when the disk has everything that was written to the log before. */
  sync(done: (error: Error | null) => void): void {
    if (this.#descriptor === undefined) setImmediate(done, new Error("the log is closed"));
    else fdatasync(this.#descriptor, done);
  }

  close(): void {
    if (this.#descriptor !== undefined) {
      closeSync(this.#descriptor);
      this.#descriptor = undefined;
    }
  }
}
