import Database from "libsql";
import {
  looseText,
  mustHold,
  resultOf,
  type FuzzSession,
  type FuzzTarget,
} from "@callwire/testkit/fuzz/fuzz-target";
import { compareCursors, cursorOf } from "../../domain/cursor.js";
import { InvalidFields } from "../../domain/errors.js";
import { matchesFilter } from "../../domain/filter.js";
import { parseOrderBy } from "../../domain/order-by.js";
import { parseFilter } from "../../domain/parse-filter.js";
import type { User } from "../../domain/user.js";
import { cursorToSql, filterToSql, orderToSql } from "../../storage/list-sql.js";
import { migrate } from "../../storage/migrations.js";
import { USER_COLUMNS, userToValues } from "../../storage/rows.js";

const isInvalid = (error: unknown): boolean => error instanceof InvalidFields;

/** Users that differ in all that a filter can ask for. */
const users: readonly User[] = ["Ann", "ann", "Zoë", "*", "a*", "\\", "'", "", "😀", "\uffff", "Ann Lee"].map(
  (name, i) => ({
    id: `id-${i}`,
    name,
    email: i % 2 === 0 ? `User${i}@Example.com` : `ΟΔΟΣ${i}@x`,
    age: [0, 30, 30, -1, 150][i % 5]!,
    department: i % 5,
    roles: [[], ["admin"], ["admin", "*"], ["a b"]][i % 4]!,
    createdAt: new Date(1_700_000_000_000 + 1000 * (i % 3)),
    updatedAt: new Date(1_700_000_000_000 + i),
    version: 1,
    sequence: i + 1,
  }),
);

/** A database of these users, in memory. */
function openDatabase(): Database.Database {
  const database = new Database(":memory:");
  migrate(database);
  const places = USER_COLUMNS.map(() => "?").join(", ");
  const insert = database.prepare(`INSERT INTO users (${USER_COLUMNS.join(", ")}) VALUES (${places})`);
  for (const user of users) insert.run(userToValues(user));
  return database;
}

const found = (database: Database.Database, sql: string, values: readonly unknown[]): string =>
  (database.prepare(`SELECT sequence FROM users WHERE ${sql}`).raw().all(values) as number[][]).join();

/** Filters, which mean the same in memory and in SQL. */
export const filters: FuzzTarget = {
  name: "filters",
  about: "filters of a list, in memory and in SQL",
  covers: [
    "/domain/parse-filter.ts",
    "/domain/filter",
    "/domain/timestamp.ts",
    "/domain/user-keys.ts",
    "/storage/list-sql.ts",
  ],
  maxBytes: 1100,
  isText: true,
  seeds: () => [
    "department=ENGINEERING AND age>30",
    "NOT (name='Ann' OR email=\"*@x\") AND -roles:admin",
    "created_at>=2023-11-14T22:13:20Z AND updated_at<2030-01-01T00:00:00.5+01:00",
    'name="a\\*" OR name!=*n* AND roles:* AND id<=id-5',
    "(".repeat(21),
    `${"age=1 OR -(".repeat(20)}age=1${")".repeat(20)}`,
    "age=999999999999999",
  ],
  dictionary: [
    " AND ",
    " OR ",
    "NOT ",
    "-",
    "(",
    ")",
    "name",
    "email",
    "id",
    "age",
    "department",
    "roles",
    "created_at",
    "updated_at",
    "=",
    "!=",
    "<=",
    ">",
    ":",
    "*",
    "\\*",
    '""',
    "'",
    "SALES",
    "2023-11-14T22:13:20Z",
    "ς",
    "😀",
  ],
  maxSteps: { base: 20_000, perByte: 3000 },
  open(): FuzzSession {
    const database = openDatabase();
    return {
      run(input) {
        const parsed = resultOf(() => parseFilter(looseText(input)), isInvalid);
        if (parsed?.value === undefined) return;
        const filter = parsed.value;
        const inMemory = users.filter((user) => matchesFilter(filter, user)).map(({ sequence }) => sequence);
        const { text, values } = filterToSql(filter);
        mustHold(
          found(database, `${text} ORDER BY sequence`, values) === inMemory.join(),
          "SQL finds other users",
        );
      },
      close: () => void database.close(),
    };
  },
};

/** Orders, which mean the same in memory and in SQL, as do places in them. */
export const orders: FuzzTarget = {
  name: "order-by",
  about: "orders of a list, in memory and in SQL",
  covers: ["/domain/order-by.ts", "/domain/cursor.ts", "/domain/user-keys.ts", "/storage/list-sql.ts"],
  maxBytes: 300,
  isText: true,
  seeds: () => [
    "",
    "name desc, age",
    "email,department desc,created_at,updated_at",
    "age,age",
    "id",
    "name asc",
    ",".repeat(300),
  ],
  dictionary: [",", " desc", "name", "email", "age", "department", "created_at", "updated_at"],
  maxSteps: { base: 20_000, perByte: 1000 },
  open(): FuzzSession {
    const database = openDatabase();
    return {
      run(input) {
        const order = resultOf(() => parseOrderBy(looseText(input)), isInvalid)?.value;
        if (order === undefined) return;
        const sorted = users
          .map((user) => cursorOf(user, order))
          .toSorted((a, b) => compareCursors(order, a, b))
          .map(({ sequence }) => sequence);
        const by = orderToSql(order);
        mustHold(found(database, `1 ORDER BY ${by}`, []) === sorted.join(), "SQL has another order");
        const [place] = users.filter(({ sequence }) => sequence === sorted[5]);
        const { text, values } = cursorToSql(order, cursorOf(place!, order));
        mustHold(
          found(database, `${text} ORDER BY ${by}`, values) === sorted.slice(6).join(),
          "SQL goes on elsewhere",
        );
      },
      close: () => void database.close(),
    };
  },
};
