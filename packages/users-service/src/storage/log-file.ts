import { closeSync, fdatasync, openSync } from "node:fs";

/**
 * The write-ahead log of a database, opened beside SQLite to sync it: SQLite would hold the event loop meanwhile. The file
 * stays the same one as long as the database is open. SQLite has no lock on it that closing it could let go of.
 */
export class LogFile {
  readonly #path: string;
  #descriptor: number | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Calls back, never at once, when the disk has everything that was written to the log before. */
  sync(done: (error: Error | null) => void): void {
    try {
      // The first commit makes the file.
      this.#descriptor ??= openSync(this.#path, "r+");
    } catch (error) {
      setImmediate(done, error as Error);
      return;
    }
    fdatasync(this.#descriptor, done);
  }

  close(): void {
    if (this.#descriptor !== undefined) {
      closeSync(this.#descriptor);
      this.#descriptor = undefined;
    }
  }
}
