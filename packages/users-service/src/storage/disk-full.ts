import { DiskFull } from "../domain/errors.js";

/** The codes by which SQLite and the system say that there is no room: on the disk, or in the owner's share of it. */
const CODES: readonly unknown[] = ["SQLITE_FULL", "ENOSPC", "EDQUOT"];

/** True if an error of SQLite or of the system came of a full disk. */
export function isDiskFull(error: unknown): boolean {
  return error instanceof Error && CODES.includes((error as NodeJS.ErrnoException).code);
}

/** The domain's error for one of SQLite that has a cause of its own; any other as it is. */
export function storageError(error: unknown): unknown {
  return isDiskFull(error) ? new DiskFull(error) : error;
}
