import type { Cursor } from "../domain/cursor.js";
import type { Filter, TextField } from "../domain/filter.js";
import type { Order } from "../domain/order-by.js";
import type { KeyField } from "../domain/user-keys.js";

/** The values that can be bound to a statement. Not booleans: libsql ends the process at one. */
export type SqlValue = string | number;

/** A piece of SQL, with a value for each of its question marks: nothing that a caller gave is ever in the text. */
export interface Sql {
  readonly text: string;
  readonly values: readonly SqlValue[];
}

/** The columns of `users` that hold the keys of `keyOf`. */
export const COLUMNS = {
  id: "id",
  name: "name",
  email: "email_key",
  age: "age",
  department: "department",
  created_at: "created_at",
  updated_at: "updated_at",
} as const satisfies Record<KeyField, string>;

/**
 * Every comparison of a filter, one for one: none of the columns is ever NULL, so NOT is not either. The longest terms of a list come
 * first: for each term that stands before a parenthesis, SQLite's parser keeps two more of the hundred symbols that it has room for.
 */
export function filterToSql(filter: Filter): Sql {
  switch (filter.type) {
    case "and":
    case "or": {
      const terms = filter.terms.map(filterToSql).toSorted((a, b) => b.text.length - a.text.length);
      return join(terms, filter.type === "and" ? " AND " : " OR ");
    }
    case "not": {
      const { text, values } = filterToSql(filter.term);
      return { text: `NOT ${text}`, values };
    }
    case "compare":
      return { text: `(${COLUMNS[filter.field]} ${filter.comparator} ?)`, values: [filter.value] };
    case "match":
      return matchToSql(COLUMNS[filter.field], filter);
    case "has-role":
      return filter.role === undefined
        ? { text: "(roles != '[]')", values: [] }
        : { text: "(EXISTS (SELECT 1 FROM json_each(roles) WHERE value = ?))", values: [filter.role] };
  }
}

/** Not LIKE or GLOB: their wildcards would have to be escaped, and LIKE is blind to the case of ASCII. */
function matchToSql(column: string, { where, text }: { field: TextField; where: string; text: string }): Sql {
  switch (where) {
    case "start":
      return { text: `(substr(${column}, 1, length(?)) = ?)`, values: [text, text] };
    case "end":
      return { text: `(substr(${column}, -length(?)) = ?)`, values: [text, text] };
    default:
      return { text: `(instr(${column}, ?) > 0)`, values: [text] };
  }
}

/** `a, b DESC, sequence`. */
export function orderToSql(order: Order): string {
  return [
    ...order.map(({ field, descending }) => COLUMNS[field] + (descending ? " DESC" : "")),
    "sequence",
  ].join(", ");
}

/** The condition for rows after a cursor: `(a >= ? AND (a > ? OR (b <= ? AND (b < ? OR (sequence > ?)))))`. */
export function cursorToSql(order: Order, { keys, sequence }: Cursor): Sql {
  let rest: Sql = { text: "sequence > ?", values: [sequence] };
  for (const [index, { field, descending }] of [...order.entries()].toReversed()) {
    const column = COLUMNS[field];
    const key = keys[index] ?? 0;
    const beyond = descending ? "<" : ">";
    rest = {
      text: `${column} ${beyond}= ? AND (${column} ${beyond} ? OR (${rest.text}))`,
      values: [key, key, ...rest.values],
    };
  }
  return { text: `(${rest.text})`, values: rest.values };
}

/** Joins conditions; none at all hold for every row. */
export function join(parts: readonly Sql[], separator: string): Sql {
  if (parts.length === 0) {
    return { text: "1", values: [] };
  }
  return {
    text: `(${parts.map(({ text }) => text).join(separator)})`,
    values: parts.flatMap(({ values }) => values),
  };
}
