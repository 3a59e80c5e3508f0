import type Database from "libsql";

import type { Cursor } from "../domain/cursor.js";
import type { OrderItem } from "../domain/order-by.js";
import type { KeyField } from "../domain/user-keys.js";
import { COLUMNS, type SqlValue } from "./list-sql.js";

/** The index that has each field's order, and then that of creation. */
const INDEXES = {
  name: "users_by_name",
  // SQLite's own, of the constraint UNIQUE on email_key.
  email: "sqlite_autoindex_users_2",
  age: "users_by_age",
  department: "users_by_department",
  created_at: "users_by_created_at",
  updated_at: "users_by_updated_at",
} as const satisfies Partial<Record<KeyField, string>>;

/** Asks for a page by an index. */
export interface Walk {
  /** Undefined is the order of creation alone. */
  readonly item: OrderItem | undefined;
  /** Undefined is all; one department can be walked by `created_at` only. */
  readonly department: number | undefined;
  readonly after: Cursor | undefined;
  readonly limit: number;
}

/**
 * Finds pages by walking along an index: it reads no more entries than a page has, wherever the page begins. An index
 * goes one way for its field and for the order of creation, and a list may go down in one and up in the other. So what
 * lies beyond the cursor is read in ranges, each of which an index has in the wanted order, or which is short.
 */
export class IndexWalk {
  readonly #database: Database.Database;
  /** By their text: there are as many as fields and directions. */
  readonly #statements = new Map<string, Database.Statement>();

  constructor(database: Database.Database) {
    this.#database = database;
  }

  /** Returns the sequence numbers of the users of a page. */
  page({ item, department, after, limit }: Walk): number[] {
    if (item === undefined) {
      return this.#sequences("NOT INDEXED", ["sequence > ?"], "sequence", [after?.sequence ?? 0], limit);
    }
    const field = item.field as keyof typeof INDEXES;
    const column = COLUMNS[field];
    const inDepartment = department === undefined ? [] : ["department = ?"];
    const indexed = `INDEXED BY ${department === undefined ? INDEXES[field] : "users_by_department_and_created_at"}`;
    const start: SqlValue[] = department === undefined ? [] : [department];
    const read = (where: string[], order: string, values: SqlValue[], count: number): number[] =>
      this.#sequences(indexed, [...inDepartment, ...where], order, [...start, ...values], count);

    const key = after?.keys[0];
    const equal = [`${column} = ?`, "sequence > ?"];
    // The others of the cursor's value.
    const page =
      after === undefined || key === undefined ? [] : read(equal, "sequence", [key, after.sequence], limit);
    let left = limit - page.length;
    const beyond = key === undefined ? [] : [`${column} ${item.descending ? "<" : ">"} ?`];
    const from: SqlValue[] = key === undefined ? [] : [key];
    if (left === 0) {
      return page;
    }
    if (!item.descending) {
      return [...page, ...read(beyond, `${column}, sequence`, from, left)];
    }
    const last = this.#nth(indexed, [...inDepartment, ...beyond], column, [...start, ...from], left);
    const down = `${column} DESC, sequence`;
    if (last === undefined) {
      return [...page, ...read(beyond, down, from, left)];
    }
    // All of these fit on the page, so sorting them costs little; of the last value, some.
    page.push(...read([...beyond, `${column} > ?`], down, [...from, last], left));
    left = limit - page.length;
    return [...page, ...read(equal, "sequence", [last, 0], left)];
  }

  #sequences(
    indexed: string,
    where: readonly string[],
    order: string,
    values: readonly SqlValue[],
    limit: number,
  ): number[] {
    const rows = `SELECT sequence FROM users ${indexed} ${whereSql(where)} ORDER BY ${order} LIMIT ?`;
    const statement = this.#statement(`SELECT json_group_array(sequence) FROM (${rows})`);
    const [text] = statement.get([...values, limit]) as [string];
    return JSON.parse(text) as number[];
  }

  /** The value of the nth user, going down; undefined if there are fewer. */
  #nth(
    indexed: string,
    where: readonly string[],
    column: string,
    values: readonly SqlValue[],
    nth: number,
  ): SqlValue | undefined {
    const row = this.#statement(
      `SELECT ${column} FROM users ${indexed} ${whereSql(where)} ORDER BY ${column} DESC LIMIT 1 OFFSET ?`,
    ).get([...values, nth - 1]) as [SqlValue] | undefined;
    return row?.[0];
  }

  #statement(text: string): Database.Statement {
    let statement = this.#statements.get(text);
    if (statement === undefined) {
      statement = this.#database.prepare(text).raw();
      this.#statements.set(text, statement);
    }
    return statement;
  }
}

function whereSql(conditions: readonly string[]): string {
  return conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
}
