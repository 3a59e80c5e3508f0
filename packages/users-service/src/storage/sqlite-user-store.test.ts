import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import Database from "libsql";

import type { UserStore } from "../domain/user-store.js";
import type { User } from "../domain/user.js";
import { MIGRATIONS, migrate } from "./migrations.js";
import { openDatabase } from "./open-database.js";
import { openSqliteUserStore, SqliteUserStore } from "./sqlite-user-store.js";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "users-"));
  path = join(folder, "users.db");
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function create(store: UserStore, number: number): Promise<User> {
  const time = new Date(number);
  return store.write((transaction) => {
    const user = transaction.insert({
      id: `id-${number}`,
      name: "Ann",
      email: `u${number}@x.com`,
      age: 0,
      department: 0,
      roles: [],
      createdAt: time,
      updatedAt: time,
      version: 1,
    });
    transaction.append({ type: "created", user, previousDepartment: 0, time });
    transaction.saveRequest({ requestId: `r${number}`, user, time });
    return user;
  });
}

async function countOf(store: UserStore): Promise<number> {
  return (await store.list({ filter: undefined, order: [], after: undefined, limit: 1 })).totalCount;
}

describe("a database that is opened again", () => {
  test("has everything as it was, identity and positions too", async () => {
    const first = openSqliteUserStore({ path });
    const user = await create(first, 1);
    const changes = await first.readChanges(0, 10);
    await first.close();
    const second = openSqliteUserStore({ path });
    expect(await second.get("id-1")).toEqual(user);
    expect(second.lastPosition).toBe(1);
    expect(await second.readChanges(0, 10)).toEqual(changes);
    expect(second.identity).toEqual(first.identity);
    expect(await second.write((transaction) => transaction.findRequest("r1")?.user)).toEqual(user);
    await second.close();
  });

  test("is refused while another store has it", async () => {
    const first = openSqliteUserStore({ path });
    expect(() => openSqliteUserStore({ path, lockTimeoutMs: 1 })).toThrow(
      `${path} is in use by another process`,
    );
    await create(first, 1);
    await first.close();
    await openSqliteUserStore({ path }).close();
  });

  test("has another identity than any other database", async () => {
    const [one, other] = [
      openSqliteUserStore({ path }),
      openSqliteUserStore({ path: join(folder, "other.db") }),
    ];
    expect(one.identity.logId).not.toEqual(other.identity.logId);
    expect(one.identity.tokenKey).not.toEqual(other.identity.tokenKey);
    await Promise.all([one.close(), other.close()]);
  });
});

describe("a database that cannot be opened", () => {
  test("is named, if its folder is missing", () => {
    const missing = join(folder, "missing", "users.db");
    expect(() => openSqliteUserStore({ path: missing })).toThrow(`The database ${missing} cannot be opened`);
  });

  test("is named, if it is something else, and can be put right without a restart", async () => {
    writeFileSync(path, "This is a text, and a long one too. ".repeat(100));
    expect(() => openSqliteUserStore({ path })).toThrow(
      `The database ${path} cannot be used: file is not a database`,
    );
    rmSync(path);
    await openSqliteUserStore({ path }).close();
  });

  test("is named, if it is another program's, and left as it is", () => {
    const database = new Database(path);
    database.exec("CREATE TABLE albums (title TEXT)");
    database.close();
    const before = readFileSync(path);
    expect(() => openSqliteUserStore({ path })).toThrow(
      `The database ${path} cannot be used: It is a database of another program`,
    );
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  test("is named, if it is of a newer version, and left as it is", async () => {
    await openSqliteUserStore({ path }).close();
    const database = new Database(path);
    database.exec(`PRAGMA user_version = ${MIGRATIONS.length + 1}`);
    database.close();
    const message = `${path} cannot be used: The database has version ${MIGRATIONS.length + 1}`;
    expect(() => openSqliteUserStore({ path })).toThrow(message);
    expect(() => openSqliteUserStore({ path })).toThrow(message);
  });
});

describe("migrate", () => {
  const steps = [
    "CREATE TABLE a (x)",
    "CREATE TABLE b (y); INSERT INTO a VALUES (2)",
    "INSERT INTO b VALUES (3)",
  ];
  const version = (database: Database.Database): unknown => database.pragma("user_version");

  test.each([0, 1, 2, 3])("brings version %i to the newest, once", (start) => {
    const database = new Database(path);
    migrate(database, steps.slice(0, start));
    expect(version(database)).toEqual([{ user_version: start }]);
    migrate(database, steps);
    migrate(database, steps);
    expect(version(database)).toEqual([{ user_version: 3 }]);
    expect(database.prepare("SELECT x, y FROM a, b").all([])).toEqual([{ x: 2, y: 3 }]);
    database.close();
  });

  test("keeps what the steps before a failing one did, and nothing of that one", () => {
    const database = new Database(path);
    expect(() =>
      migrate(database, [...steps.slice(0, 1), "CREATE TABLE b (y); INSERT INTO nowhere VALUES (1)"]),
    ).toThrow("no such table: nowhere");
    expect(version(database)).toEqual([{ user_version: 1 }]);
    migrate(database, steps);
    expect(version(database)).toEqual([{ user_version: 3 }]);
    database.close();
  });
});

describe("a commit", () => {
  /** A store whose commits fail while `disk.full`. */
  function openOnFaultyDisk(): { store: SqliteUserStore; disk: { full: boolean; commits: number } } {
    const opened = openDatabase({ path });
    const disk = { full: false, commits: 0 };
    const exec = opened.database.exec.bind(opened.database);
    opened.database.exec = (sql) => {
      if (sql === "COMMIT") {
        disk.commits++;
        if (disk.full) {
          throw new Error("disk full");
        }
      }
      return exec(sql);
    };
    return { store: new SqliteUserStore(opened, 100), disk };
  }

  test("is one for all writes of a turn", async () => {
    const { store, disk } = openOnFaultyDisk();
    await Promise.all(Array.from({ length: 50 }, (_, number) => create(store, number)));
    expect(disk.commits).toBe(1);
    expect(await countOf(store)).toBe(50);
    await store.close();
  });

  test("that fails refuses all its writes, announces none, and leaves the store in order", async () => {
    const { store, disk } = openOnFaultyDisk();
    const told: string[] = [];
    store.onCommit((changes) => told.push(...changes.map(({ user }) => user.id)));
    await create(store, 1);
    disk.full = true;
    const results = await Promise.allSettled([
      create(store, 2),
      store.write(() => {
        throw new Error("refused for what the others did");
      }),
      create(store, 3),
    ]);
    expect(results.map((result) => result.status === "rejected" && String(result.reason))).toEqual(
      Array(3).fill("Error: disk full"),
    );
    expect(await countOf(store)).toBe(1);
    disk.full = false;
    await create(store, 4);
    expect(told).toEqual(["id-1", "id-4"]);
    expect((await store.readChanges(0, 10)).map(({ position }) => position)).toEqual([1, 2]);
    await store.close();
  });

  test("that SQLite itself breaks off refuses all its writes", async () => {
    const opened = openDatabase({ path });
    const store = new SqliteUserStore(opened, 100);
    await create(store, 1);
    const [{ page_count: pages }] = opened.database.pragma("page_count") as [{ page_count: number }];
    opened.database.pragma(`max_page_count = ${pages}`);
    const results = await Promise.allSettled(
      Array.from({ length: 500 }, (_, number) => create(store, number + 2)),
    );
    const refused = results.filter((result) => result.status === "rejected");
    expect(refused).not.toHaveLength(0);
    expect(String(refused[0]?.reason)).toContain("database or disk is full");
    expect(await countOf(store)).toBe(1 + results.length - refused.length);
    opened.database.pragma("max_page_count = 1000000");
    await create(store, 1000);
    expect(opened.database.pragma("integrity_check")).toEqual([{ integrity_check: "ok" }]);
    await store.close();
  });
});

test("keeps every acknowledged write when its process is killed, and opens clean", async () => {
  await openSqliteUserStore({ path }).close();
  const opened = openDatabase({ path });
  expect(opened.database.pragma("journal_mode")).toEqual([{ journal_mode: "wal" }]);
  expect(opened.database.pragma("synchronous")).toEqual([{ synchronous: 2 }]);
  opened.database.close();
  opened.unlock();

  // The same statements as the store's, without a compiler in between: what is tested is the settings and the lock.
  const libsql = createRequire(import.meta.url).resolve("libsql");
  const program = `
    const Database = require(${JSON.stringify(libsql)});
    const holder = new Database(${JSON.stringify(`${path}-lock`)});
    holder.exec("BEGIN EXCLUSIVE");
    const database = new Database(${JSON.stringify(path)});
    const insert = database.prepare(
      "INSERT INTO users (id, name, email, email_key, age, department, roles, created_at, updated_at, version)" +
        " VALUES (?, '', '', ?, 0, 0, '[]', 0, 0, 1)",
    );
    for (let number = 0; ; number++) {
      database.exec("BEGIN IMMEDIATE");
      insert.run(["id-" + number, String(number)]);
      database.exec("COMMIT");
      require("node:fs").writeSync(1, number + "\\n");
    }`;
  const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  for await (const chunk of child.stdout) {
    if (output === "") {
      expect(() => openSqliteUserStore({ path, lockTimeoutMs: 1 })).toThrow("in use by another process");
    }
    output += String(chunk);
    if (output.split("\n").length > 50) {
      child.kill("SIGKILL");
    }
  }
  if (child.exitCode === null && child.signalCode === null) {
    await once(child, "exit");
  }

  const acknowledged = output.split("\n").slice(0, -1);
  const store = openSqliteUserStore({ path });
  for (const number of acknowledged) {
    expect(await store.get(`id-${number}`)).toBeDefined();
  }
  await create(store, 1_000_000);
  await store.close();
  const database = new Database(path);
  expect(database.pragma("integrity_check")).toEqual([{ integrity_check: "ok" }]);
  database.close();
});
