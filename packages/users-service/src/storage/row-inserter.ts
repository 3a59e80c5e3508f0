import type Database from "libsql";

import type { SqlValue } from "./list-sql.js";

/** A statement costs as much as two rows, so this many share one. */
const ROWS_AT_ONCE = 8;

/** Inserts rows of one table, many by few statements. */
export class RowInserter {
  readonly #columns: number;
  readonly #one: Database.Statement;
  readonly #many: Database.Statement;

  /** @param insert The statement's beginning, such as `INSERT INTO users`. */
  constructor(database: Database.Database, insert: string, columns: number) {
    const row = `(${Array(columns).fill("?").join(", ")})`;
    this.#columns = columns;
    this.#one = database.prepare(`${insert} VALUES ${row}`);
    this.#many = database.prepare(`${insert} VALUES ${Array(ROWS_AT_ONCE).fill(row).join(", ")}`);
  }

  /** @param values Those of all rows, one row after the other. */
  insert(values: readonly SqlValue[]): void {
    const many = ROWS_AT_ONCE * this.#columns;
    let at = 0;
    for (; at + many <= values.length; at += many) {
      this.#many.run(values.slice(at, at + many));
    }
    for (; at < values.length; at += this.#columns) {
      this.#one.run(values.slice(at, at + this.#columns));
    }
  }
}
