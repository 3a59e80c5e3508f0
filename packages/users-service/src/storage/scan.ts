import type Database from "libsql";

import { compareCursors, cursorOf, type Cursor } from "../domain/cursor.js";
import type { ListQuery } from "../domain/user-store.js";
import { cursorToSql, filterToSql, join, orderToSql, type Sql } from "./list-sql.js";
import { READ_COLUMNS, rowToUser, type UserRow } from "./rows.js";

/** The number of places of the order of creation that are looked at between two checks. */
const STEP = 10_000;

/** The result of a scan. */
export interface ScanResult {
  /** The users of the page. */
  readonly rows: readonly UserRow[];
  readonly totalCount: number;
}

/** A user of the page, with its place in the order. */
interface Candidate {
  readonly row: UserRow;
  readonly cursor: Cursor;
}

/**
 * Looks at all users, in one state of the database: counts those that match, and finds a page of them in any order. It
 * goes in steps, because neither SQLite nor its driver lets another thread stop a statement.
 *
 * @param check Called between steps; what it throws ends the scan.
 */
export function scanUsers(
  database: Database.Database,
  { filter, order, after, limit }: ListQuery,
  check: () => void,
): ScanResult {
  const matching = filter === undefined ? [] : [filterToSql(filter)];
  const wanted = after === undefined ? matching : [...matching, cursorToSql(order, after)];
  const count = database
    .prepare(`SELECT count(*) FROM users NOT INDEXED WHERE ${inStep(matching).text}`)
    .raw();
  const countValues = inStep(matching).values;
  const page = (
    more: readonly Sql[],
  ): { statement: Database.Statement; values: readonly (string | number)[] } => {
    const { text, values } = inStep([...wanted, ...more]);
    const rows = `SELECT ${READ_COLUMNS} FROM users NOT INDEXED WHERE ${text} ORDER BY ${orderToSql(order)} LIMIT ?`;
    const select = `SELECT json_group_array(json_array(${READ_COLUMNS})) FROM (${rows})`;
    return { statement: database.prepare(select).raw(), values };
  };

  let best: Candidate[] = [];
  let totalCount = 0;
  let { statement, values } = page([]);
  database.exec("BEGIN");
  try {
    const [first, last] = database
      .prepare("SELECT min(sequence), max(sequence) FROM users")
      .raw()
      .get([]) as [number | null, number | null];
    for (let from = first ?? 1; from <= (last ?? 0); from += STEP) {
      const step = [from, from + STEP - 1];
      totalCount += (count.get([...step, ...countValues]) as [number])[0];
      const [text] = statement.get([...step, ...values, limit]) as [string];
      const found = JSON.parse(text) as UserRow[];
      if (found.length > 0) {
        for (const row of found) {
          best.push({ row, cursor: cursorOf(rowToUser(row), order) });
        }
        best.sort((a, b) => compareCursors(order, a.cursor, b.cursor));
        best = best.slice(0, limit);
        const worst = best[limit - 1];
        if (worst !== undefined) {
          // From now on, only what comes before it is of interest.
          const beyond = cursorToSql(order, worst.cursor);
          ({ statement, values } = page([{ text: `NOT ${beyond.text}`, values: beyond.values }]));
        }
      }
      check();
    }
  } finally {
    database.exec("COMMIT");
  }
  return { rows: best.map(({ row }) => row), totalCount };
}

/** The conditions, within one step. */
function inStep(conditions: readonly Sql[]): Sql {
  const { text, values } = join(conditions, " AND ");
  return { text: `sequence BETWEEN ? AND ? AND ${text}`, values };
}
