import { spawn } from "node:child_process";
import { getEventListeners, once } from "node:events";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { getPriority, tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import Database from "libsql";

import { DiskFull, ListTooLong, TooManyLists } from "../domain/errors.js";
import { parseOrderBy } from "../domain/order-by.js";
import { parseFilter } from "../domain/parse-filter.js";
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
    if (user === undefined) {
      throw new Error("The email is taken");
    }
    transaction.append({ type: "created", user, previousDepartment: 0, time });
    transaction.saveRequest({ requestId: `r${number}`, user, time });
    return user;
  });
}

/** The nice values of the threads of this process, by their ids; Linux has them in field 19 of `stat`. */
function priorities(): Map<string, number> {
  return new Map(
    readdirSync("/proc/self/task").map((thread) => {
      const stat = readFileSync(`/proc/self/task/${thread}/stat`, "utf8");
      // The second field is the thread's name in parentheses, which may hold spaces.
      return [thread, Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16])];
    }),
  );
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
    expect(second.get("id-1")).toEqual(user);
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

(existsSync("/proc/self/fd") ? test : test.skip)(
  "a write opens no file: connections may have taken all",
  async () => {
    const openOnes = () =>
      readdirSync("/proc/self/fd").flatMap((number) => {
        try {
          return readlinkSync(`/proc/self/fd/${number}`);
        } catch {
          // That of the list itself.
          return [];
        }
      });
    const ofDatabase = () =>
      openOnes()
        .filter((name) => name.startsWith(path))
        .toSorted();
    const first = openSqliteUserStore({ path });
    await create(first, 1);
    await first.close();
    const store = openSqliteUserStore({ path });
    const before = ofDatabase();
    await create(store, 2);
    expect(ofDatabase()).toEqual(before);
    expect(before).toContain(`${path}-wal`);
    await store.close();
  },
);

describe("a database that cannot be opened", () => {
  test("is named, if its folder is missing", () => {
    const missing = join(folder, "missing", "users.db");
    expect(() => openSqliteUserStore({ path: missing })).toThrow(`The database ${missing} cannot be opened`);
  });

  test("is named, if it is something else, and can be put right without a restart", async () => {
    writeFileSync(path, "This is a text, and a long one too. ".repeat(100));
    expect(() => openSqliteUserStore({ path })).toThrow(
      `The database ${path} cannot be used: file is not a database; move the file away`,
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

  test("is named, if it is damaged, with what to do", async () => {
    await openSqliteUserStore({ path }).close();
    const whole = readFileSync(path);
    // All but the first page.
    writeFileSync(path, Buffer.concat([whole.subarray(0, 4096), Buffer.alloc(whole.length - 4096, 0xaa)]));
    expect(() => openSqliteUserStore({ path })).toThrow(
      `The database ${path} cannot be used: database disk image is malformed; put a copy that was saved in its place`,
    );
  });

  test("is named, if a table of it is missing", async () => {
    await openSqliteUserStore({ path }).close();
    const database = new Database(path);
    database.exec("DROP TABLE changes");
    database.close();
    const message = `The database ${path} cannot be used: no such table: changes`;
    expect(() => openSqliteUserStore({ path })).toThrow(message);
    // It was let go.
    expect(() => openSqliteUserStore({ path, lockTimeoutMs: 0 })).toThrow(message);
  });

  test("is named, if it is a link to nowhere, or a device", () => {
    symlinkSync(join(folder, "missing", "users.db"), path);
    expect(() => openSqliteUserStore({ path })).toThrow("it is a link to");
    expect(() => openSqliteUserStore({ path: "/dev/null" })).toThrow("it is no regular file");
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

test.each([1, 2, 3])("a database of version %i keeps its log and its requests", async (version) => {
  const database = new Database(path);
  database.pragma("application_id = 0x636c7772");
  migrate(database, MIGRATIONS.slice(0, version));
  const user = (time: number): User => ({
    id: `id-${time}`,
    name: `"Ann" Ω\n`,
    email: "a@x.com",
    age: 0,
    department: 1,
    roles: time === 2 ? ["a", 'b"'] : [],
    createdAt: new Date(time),
    updatedAt: new Date(time),
    version: 1,
    sequence: time,
  });
  const request = database.prepare("INSERT INTO requests VALUES (?, ?, ?)");
  const change = database.prepare("INSERT INTO changes VALUES (?, 'created', ?, 1, ?)");
  for (const time of [1, 2, 3]) {
    const text = JSON.stringify({ ...user(time), createdAt: time, updatedAt: time });
    request.run([`r${time}`, text, time]);
    change.run([time, text, time]);
  }
  database.close();
  const store = openSqliteUserStore({ path });
  expect((await store.readChanges(0, 10)).map((each) => each.user)).toEqual([user(1), user(2), user(3)]);
  // The oldest is forgotten first.
  await store.write((transaction) => transaction.forgetRequests(new Date(3), 1));
  const kept = await store.write((transaction) =>
    ["r1", "r2", "r3"].map((requestId) => transaction.findRequest(requestId)?.user),
  );
  expect(kept).toEqual([undefined, user(2), user(3)]);
  await store.close();
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
    const prepare = opened.database.prepare.bind(opened.database);
    opened.database.prepare = ((sql: string) => {
      const statement = prepare(sql);
      if (sql === "COMMIT") {
        const run = statement.run.bind(statement);
        statement.run = (...values) => {
          disk.commits++;
          if (disk.full) {
            throw new Error("disk full");
          }
          return run(...values);
        };
      }
      return statement;
    }) as typeof opened.database.prepare;
    return { store: new SqliteUserStore(opened, { retainedChanges: 100 }), disk };
  }

  test("is one for many writes of a turn", async () => {
    const { store, disk } = openOnFaultyDisk();
    await Promise.all(Array.from({ length: 50 }, (_, number) => create(store, number)));
    // One, where the machine is fast enough: a commit ends when it has held the event loop for its time.
    expect(disk.commits).toBeLessThan(25);
    expect(await countOf(store)).toBe(50);
    const changes = await store.readChanges(0, 100);
    expect(changes.map(({ user, position }) => [user.id, position])).toEqual(
      Array.from({ length: 50 }, (_, number) => [`id-${number}`, number + 1]),
    );
    await store.write((transaction) => {
      for (const { user } of changes) {
        expect(transaction.findRequest(user.id.replace("id-", "r"))?.user).toEqual(user);
      }
    });
    await store.close();
  });

  test("knows the requests of its writes, but for those that failed", async () => {
    const { store } = openOnFaultyDisk();
    const find = (requestId: string): Promise<string | undefined> =>
      store.write((transaction) => transaction.findRequest(requestId)?.user.id);
    const done = [create(store, 1), find("r1")] as const;
    const failed = store.write((transaction) => {
      const { user } = transaction.findRequest("r1")!;
      transaction.append({ type: "updated", user, previousDepartment: 0, time: new Date(2) });
      transaction.saveRequest({ requestId: "r2", user, time: new Date(2) });
      throw new Error("no");
    });
    const after = [find("r1"), find("r2")] as const;
    await expect(failed).rejects.toThrow("no");
    expect((await done[0]).id).toBe("id-1");
    expect(await Promise.all([done[1], ...after])).toEqual(["id-1", "id-1", undefined]);
    expect(await Promise.all([find("r1"), find("r2")])).toEqual(["id-1", undefined]);
    expect(await store.readChanges(0, 10)).toHaveLength(1);
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
    const store = new SqliteUserStore(opened, { retainedChanges: 100 });
    await create(store, 1);
    const [{ page_count: pages }] = opened.database.pragma("page_count") as [{ page_count: number }];
    opened.database.pragma(`max_page_count = ${pages}`);
    const results = await Promise.allSettled(
      Array.from({ length: 500 }, (_, number) => create(store, number + 2)),
    );
    const refused = results.filter((result) => result.status === "rejected");
    expect(refused).not.toHaveLength(0);
    expect(refused[0]?.reason).toBeInstanceOf(DiskFull);
    expect(String((refused[0]!.reason as DiskFull).cause)).toContain("database or disk is full");
    expect(await countOf(store)).toBe(1 + results.length - refused.length);
    opened.database.pragma("max_page_count = 1000000");
    await create(store, 1000);
    expect(opened.database.pragma("integrity_check")).toEqual([{ integrity_check: "ok" }]);
    await store.close();
  });
});

describe("the disk", () => {
  // Time stands still, so that a slow machine does not end a commit early.
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ["setImmediate", "nextTick", "queueMicrotask", "Date"] });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  /** A store whose syncs end when they are told to. */
  function openOnSlowDisk(): {
    store: SqliteUserStore;
    syncs: ((error: Error | null) => void)[];
    begun: () => Promise<void>;
  } {
    const opened = openDatabase({ path });
    const syncs: ((error: Error | null) => void)[] = [];
    const waiting: (() => void)[] = [];
    const sync = (done: (error: Error | null) => void): void => {
      syncs.push(done);
      waiting.shift()?.();
    };
    const begun = (): Promise<void> => new Promise((resolve) => waiting.push(resolve));
    return { store: new SqliteUserStore({ ...opened, sync }), syncs, begun };
  }

  /** Turns of the event loop that are more than enough for a write to run and be committed. */
  async function turns(): Promise<void> {
    for (let turn = 0; turn < 10; turn++) {
      await new Promise(setImmediate);
    }
  }

  test("has a write before it is acknowledged and announced; those that come meanwhile share the next commit", async () => {
    const { store, syncs, begun } = openOnSlowDisk();
    const seen: string[] = [];
    store.onCommit((changes) => seen.push(`told ${changes.map(({ user }) => user.id).join()}`));
    const note = (user: User): unknown => seen.push(`done ${user.id}`);
    const first = begun();
    const writes = [create(store, 1).then(note)];
    await first;
    expect(seen).toEqual([]);
    writes.push(create(store, 2).then(note), create(store, 3).then(note));
    const second = begun();
    syncs.shift()?.(null);
    await turns();
    // It waits for the caller of the first no longer.
    jest.advanceTimersByTime(1);
    await second;
    expect(seen).toEqual(["told id-1", "done id-1"]);
    syncs.shift()?.(null);
    await Promise.all(writes);
    expect(seen).toEqual(["told id-1", "done id-1", "told id-2,id-3", "done id-2", "done id-3"]);
    await store.close();
  });

  test("that fails to sync refuses the write, and all later ones", async () => {
    const { store, syncs, begun } = openOnSlowDisk();
    const first = begun();
    const write = create(store, 1);
    await first;
    const later = create(store, 2);
    await new Promise(setImmediate);
    // It has run, in the transaction that is taken back.
    expect(store.get("id-2")).toBeDefined();
    expect(await countOf(store)).toBe(2);
    syncs.shift()?.(new Error("the cable is loose"));
    const message = "The database could not be synced, start the service again: the cable is loose";
    await expect(write).rejects.toThrow(message);
    await expect(later).rejects.toThrow(message);
    await expect(create(store, 3)).rejects.toThrow(message);
    expect(store.get("id-1")).toBeDefined();
    expect(store.get("id-2")).toBeUndefined();
    expect(await countOf(store)).toBe(1);
    await store.close();
  });

  describe("has a commit", () => {
    /** A store whose two callers have their answers, with a third write that waits for them. */
    async function openWithTwoAnswered(): Promise<{
      store: SqliteUserStore;
      syncs: ((error: Error | null) => void)[];
    }> {
      const { store, syncs } = openOnSlowDisk();
      const writes = [create(store, 1), create(store, 2)];
      await turns();
      void create(store, 3);
      await turns();
      expect(syncs).toHaveLength(1);
      syncs.shift()?.(null);
      await Promise.all(writes);
      await turns();
      expect(syncs).toHaveLength(0);
      return { store, syncs };
    }

    async function finish(store: SqliteUserStore, syncs: ((error: Error | null) => void)[]): Promise<void> {
      const closed = store.close();
      await turns();
      for (const sync of syncs) sync(null);
      await closed;
    }

    test("when the callers of the last one are back", async () => {
      const { store, syncs } = await openWithTwoAnswered();
      const seen: string[] = [];
      store.onCommit((changes) => seen.push(...changes.map(({ user }) => user.id)));
      void create(store, 4);
      await turns();
      expect(syncs).toHaveLength(0);
      void create(store, 5);
      await turns();
      expect(syncs).toHaveLength(1);
      syncs.shift()?.(null);
      expect(seen).toEqual(["id-3", "id-4", "id-5"]);
      await finish(store, syncs);
    });

    test("when a millisecond is over, if they stay away, and then waits for them no longer", async () => {
      const { store, syncs } = await openWithTwoAnswered();
      jest.advanceTimersByTime(1);
      expect(syncs).toHaveLength(1);
      syncs.shift()?.(null);
      await turns();
      void create(store, 4);
      await turns();
      expect(syncs).toHaveLength(1);
      await finish(store, syncs);
    });

    test("when the store closes", async () => {
      const { store, syncs } = await openWithTwoAnswered();
      const closed = store.close();
      await turns();
      expect(syncs).toHaveLength(1);
      syncs.shift()?.(null);
      await closed;
    });
  });

  test("has the log written back into the database, and begun anew", async () => {
    const store = openSqliteUserStore({ path });
    // The file's header has the number of checkpoints that came before it, as 32 bits.
    const checkpoints = (): number => readFileSync(`${path}-wal`).readUInt32BE(12);
    const user = await create(store, 0);
    const before = checkpoints();
    await store.write((transaction) => {
      for (let count = 0; count < 8000; count++) {
        transaction.append({ type: "updated", user, previousDepartment: 0, time: new Date(count) });
      }
    });
    for (let number = 1; checkpoints() === before; number++) {
      await create(store, number);
    }
    await store.close();
  });

  test("has what was written before the store was closed", async () => {
    const { store, syncs, begun } = openOnSlowDisk();
    const first = begun();
    const write = create(store, 1);
    await first;
    let closed = false;
    const closing = store.close().then(() => (closed = true));
    await new Promise(setImmediate);
    expect(closed).toBe(false);
    syncs.shift()?.(null);
    await Promise.all([write, closing]);
  });
});

describe("users in memory", () => {
  test("are those of the last commit, and no more than their limit", async () => {
    const store = openSqliteUserStore({ path, maxCachedUsers: 4 });
    for (let number = 1; number <= 10; number++) {
      await create(store, number);
    }
    const user = store.get("id-1");
    expect(store.get("id-1")).toBe(user);
    const changed = { ...user!, name: "Other" };
    await store.write((transaction) => transaction.replace(changed));
    expect(store.get("id-1")).toEqual(changed);
    for (let number = 2; number <= 10; number++) {
      store.get(`id-${number}`);
    }
    const read = store.get("id-1");
    expect(read).toEqual(changed);
    expect(read).not.toBe(changed);
    await store.write((transaction) => transaction.remove("id-1"));
    expect(store.get("id-1")).toBeUndefined();
    await store.close();
  });

  test("stay as they were if a write fails", async () => {
    const store = openSqliteUserStore({ path });
    await create(store, 1);
    const user = store.get("id-1");
    const failed = store.write((transaction) => {
      transaction.replace({ ...user!, name: "Other" });
      throw new Error("no");
    });
    await expect(failed).rejects.toThrow("no");
    expect(store.get("id-1")).toBe(user);
    await store.close();
  });

  test("are none with the limit 0", async () => {
    const store = openSqliteUserStore({ path, maxCachedUsers: 0 });
    await create(store, 1);
    expect(store.get("id-1")).toEqual(store.get("id-1"));
    expect(store.get("id-1")).not.toBe(store.get("id-1"));
    await store.close();
  });
});

describe("lists that look at all users", () => {
  const query = {
    filter: parseFilter("age=0"),
    order: parseOrderBy("name, age"),
    after: undefined,
    limit: 1000,
  };

  test("see what was created just before", async () => {
    const store = openSqliteUserStore({ path });
    for (let number = 1; number <= 20; number++) {
      await create(store, number);
      expect((await store.list(query)).totalCount).toBe(number);
    }
    await store.close();
  });

  const onLinux = process.platform === "linux" ? test : test.skip;
  onLinux("run at a lower priority than the event loop", async () => {
    const store = openSqliteUserStore({ path });
    await create(store, 1);
    const before = priorities();
    await store.list(query);
    const started = [...priorities()].filter(([thread]) => !before.has(thread)).map(([, nice]) => nice);
    expect(started).toContain(Math.min(19, getPriority() + 10));
    // The process itself is as it was: its first thread has its id.
    expect(priorities().get(String(process.pid))).toBe(before.get(String(process.pid)));
    await store.close();
  });

  test("are stopped by their time, and the next one runs", async () => {
    const store = openSqliteUserStore({ path, listTimeoutMs: 0 });
    await create(store, 1);
    await expect(store.list(query)).rejects.toBeInstanceOf(ListTooLong);
    await expect(store.list(query)).rejects.toBeInstanceOf(ListTooLong);
    await store.close();
    const patient = openSqliteUserStore({ path });
    expect((await patient.list(query)).totalCount).toBe(1);
    await patient.close();
  });

  test("wait for their turn up to a limit, and are refused beyond it", async () => {
    const store = openSqliteUserStore({ path, maxConcurrentLists: 1, maxWaitingLists: 2 });
    await create(store, 1);
    const lists = [1, 2, 3, 4].map(() => store.list(query));
    await expect(lists[3]).rejects.toBeInstanceOf(TooManyLists);
    expect((await Promise.all(lists.slice(0, 3))).map(({ totalCount }) => totalCount)).toEqual([1, 1, 1]);
    await store.close();
  });

  test("end with their caller, whether they run or wait", async () => {
    const store = openSqliteUserStore({ path, maxConcurrentLists: 1, maxWaitingLists: 1 });
    await create(store, 1);
    const callers = [new AbortController(), new AbortController()];
    const lists = callers.map(({ signal }) => store.list(query, { signal }));
    const reason = new Error("gone");
    for (const caller of callers) {
      caller.abort(reason);
      expect(getEventListeners(caller.signal, "abort")).toHaveLength(0);
    }
    expect(await Promise.allSettled(lists)).toEqual(lists.map(() => ({ status: "rejected", reason })));
    expect((await store.list(query)).totalCount).toBe(1);
    await store.close();
  });

  test("are refused when the store closes", async () => {
    const store = openSqliteUserStore({ path, maxConcurrentLists: 1 });
    await create(store, 1);
    const lists = [store.list(query), store.list(query)];
    const settled = Promise.allSettled(lists);
    await store.close();
    const [, second] = await settled;
    expect(second).toMatchObject({ status: "rejected", reason: { message: "The store is closed" } });
  });
});

test("keeps every acknowledged write when its process is killed, and opens clean", async () => {
  await openSqliteUserStore({ path }).close();
  const opened = openDatabase({ path });
  expect(opened.database.pragma("journal_mode")).toEqual([{ journal_mode: "wal" }]);
  // NORMAL: the store syncs by itself.
  expect(opened.database.pragma("synchronous")).toEqual([{ synchronous: 1 }]);
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
    expect(store.get(`id-${number}`)).toBeDefined();
  }
  await create(store, 1_000_000);
  await store.close();
  const database = new Database(path);
  expect(database.pragma("integrity_check")).toEqual([{ integrity_check: "ok" }]);
  database.close();
});
