import { userInfo } from "node:os";

const ELSEWHERE = "or give another --database";

/** Pure: what to do about a database that cannot be used, by SQLite's code of why (sqlite.org, "Result Codes"); "" if unknown. */
export function databaseAdvice(error: unknown, path: string): string {
  const { code } = error as { code?: unknown };
  if (typeof code !== "string") return "";
  if (code.startsWith("SQLITE_NOTADB"))
    return `; move the file away, so that a new database is made, ${ELSEWHERE}`;
  if (code.startsWith("SQLITE_CORRUPT"))
    return `; put a copy that was saved in its place ('sqlite3 ${path} .recover' reads what can still be read), ${ELSEWHERE}`;
  if (code.startsWith("SQLITE_FULL")) return `; make room on its disk, ${ELSEWHERE}`;
  if (code.startsWith("SQLITE_READONLY"))
    return `; ${path}, ${path}-wal and ${path}-shm must be writable for user ${userInfo().username}`;
  return "";
}
