import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";

import { compareCursors, cursorOf, type Cursor } from "../domain/cursor.js";
import { PositionTooOld } from "../domain/errors.js";
import { MAX_FILTER_DEPTH } from "../domain/limits.js";
import { parseOrderBy } from "../domain/order-by.js";
import { parseFilter } from "../domain/parse-filter.js";
import type { Change, Transaction, UserStore } from "../domain/user-store.js";
import { emailKey, type User } from "../domain/user.js";
import { MemoryUserStore } from "./memory-user-store.js";
import { openSqliteUserStore } from "./sqlite-user-store.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "users-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function user(number: number, fields: Partial<User> = {}): Omit<User, "sequence"> {
  const time = new Date(1_700_000_000_000 + number);
  const { sequence: _, ...rest } = {
    id: `id-${number}`,
    name: `Name ${number}`,
    email: `user${number}@example.com`,
    age: number,
    department: number % 5,
    roles: [],
    createdAt: time,
    updatedAt: time,
    version: 1,
    sequence: 0,
    ...fields,
  };
  return rest;
}

function append(transaction: Transaction, created: User): void {
  transaction.append({ type: "created", user: created, previousDepartment: 0, time: created.createdAt });
}

function inserted(transaction: Transaction, fields: Omit<User, "sequence">): User {
  const made = transaction.insert(fields);
  if (made === undefined) {
    throw new Error(`${fields.email} is taken`);
  }
  return made;
}

function create(store: UserStore, fields: Omit<User, "sequence">): Promise<User> {
  return store.write((transaction) => {
    const created = inserted(transaction, fields);
    append(transaction, created);
    return created;
  });
}

async function ids(
  store: UserStore,
  filter: string,
  orderBy = "",
  after?: Cursor,
  limit = 1000,
): Promise<string[]> {
  const query = { filter: parseFilter(filter), order: parseOrderBy(orderBy), after, limit };
  return (await store.list(query)).users.map(({ id }) => id);
}

interface StoreOptions {
  retainedChanges?: number;
}

const STORES: [string, (options?: StoreOptions) => UserStore][] = [
  ["MemoryUserStore", (options) => new MemoryUserStore(options)],
  ["SqliteUserStore", (options) => openSqliteUserStore({ path: join(folder, "users.db"), ...options })],
];

describe.each(STORES)("%s", (_name, openStore) => {
  let store: UserStore;
  afterEach(() => store.close());

  test("gives back a user exactly as it was inserted, with a sequence number", async () => {
    store = openStore();
    const odd = user(1, { name: "Zoë 😀 %_'\"\\", email: "Ünï@Example.com", roles: ["a,b", "[]", "ж"] });
    const inserted = await create(store, odd);
    expect(inserted).toEqual({ ...odd, sequence: 1 });
    expect(store.get("id-1")).toEqual(inserted);
    expect(store.get("id-2")).toBeUndefined();
    expect(store.get("ID-1")).toBeUndefined();
  });

  test("finds the holder of an email by its key, through changes and deletion", async () => {
    store = openStore();
    const inserted = await create(store, user(1, { email: "Straẞe@X.com" }));
    const find = (email: string): Promise<string | undefined> =>
      store.write((transaction) => transaction.findIdByEmailKey(emailKey(email)));
    expect(await find("straße@x.COM")).toBe("id-1");
    await store.write((transaction) => transaction.replace({ ...inserted, email: "new@x.com", version: 2 }));
    expect(await find("straße@x.com")).toBeUndefined();
    expect(await find("NEW@x.com")).toBe("id-1");
    expect(store.get("id-1")).toEqual({ ...inserted, email: "new@x.com", version: 2 });
    await store.write((transaction) => transaction.remove("id-1"));
    expect(await find("new@x.com")).toBeUndefined();
    expect(store.get("id-1")).toBeUndefined();
  });

  test("inserts nothing if the email is taken, in any case", async () => {
    store = openStore();
    await create(store, user(1, { email: "Ann@x.com" }));
    const again = await store.write((transaction) => [
      transaction.insert(user(2, { email: "aNN@x.com" })),
      transaction.insert(user(3))?.id,
    ]);
    expect(again).toEqual([undefined, "id-3"]);
    expect(await ids(store, "")).toEqual(["id-1", "id-3"]);
  });

  test("never gives out a sequence number twice", async () => {
    store = openStore();
    await create(store, user(1));
    const { sequence } = await create(store, user(2));
    await store.write((transaction) => transaction.remove("id-2"));
    expect((await create(store, user(3))).sequence).toBeGreaterThan(sequence);
  });

  test("takes back all that a failed write did, and nothing of the others in the same turn", async () => {
    store = openStore();
    await create(store, user(1));
    const told: number[] = [];
    store.onCommit((changes) => told.push(...changes.map(({ position }) => position)));
    const failure = new Error("no");
    const results = await Promise.allSettled([
      create(store, user(2)),
      store.write((transaction) => {
        append(transaction, inserted(transaction, user(3)));
        transaction.replace({ ...user(1), sequence: 1, name: "Other", email: "other@x.com" });
        transaction.replace({ ...user(1), sequence: 1, name: "Another", email: "another@x.com" });
        transaction.saveRequest({ requestId: "r", user: { ...user(3), sequence: 3 }, time: new Date(5) });
        transaction.remove("id-2");
        throw failure;
      }),
      create(store, user(4)),
    ]);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(results[1]).toHaveProperty("reason", failure);
    expect(await ids(store, "")).toEqual(["id-1", "id-2", "id-4"]);
    expect(store.get("id-1")).toMatchObject({ name: "Name 1", email: "user1@example.com" });
    await store.write((transaction) => {
      expect(transaction.findRequest("r")).toBeUndefined();
      expect(transaction.findIdByEmailKey("other@x.com")).toBeUndefined();
      expect(transaction.findIdByEmailKey("user1@example.com")).toBe("id-1");
      expect(transaction.findIdByEmailKey("user3@example.com")).toBeUndefined();
    });
    expect(told).toEqual([2, 3]);
    expect(store.lastPosition).toBe(3);
    expect((await store.readChanges(0, 10)).map((change) => change.user.id)).toEqual([
      "id-1",
      "id-2",
      "id-4",
    ]);
  });

  test("tells of changes before the write that made them resolves", async () => {
    store = openStore();
    const order: string[] = [];
    store.onCommit((changes) => order.push(`told ${changes[0]?.user.id}`));
    await create(store, user(1)).then(() => order.push("resolved"));
    expect(order).toEqual(["told id-1", "resolved"]);
  });

  test("keeps the changes as they were, in order, and reads them in pages", async () => {
    store = openStore();
    const made = await create(store, user(1, { roles: ["x"] }));
    const updated = {
      ...made,
      name: "New",
      department: 4,
      version: 2,
      updatedAt: new Date(1_800_000_000_000),
    };
    await store.write((transaction) => {
      transaction.replace(updated);
      transaction.append({ type: "updated", user: updated, previousDepartment: 1, time: updated.updatedAt });
      transaction.remove(made.id);
      transaction.append({
        type: "deleted",
        user: updated,
        previousDepartment: 4,
        time: new Date(1_900_000_000_000),
      });
    });
    const expected: Change[] = [
      { position: 1, type: "created", user: made, previousDepartment: 0, time: made.createdAt },
      { position: 2, type: "updated", user: updated, previousDepartment: 1, time: updated.updatedAt },
      {
        position: 3,
        type: "deleted",
        user: updated,
        previousDepartment: 4,
        time: new Date(1_900_000_000_000),
      },
    ];
    expect(await store.readChanges(0, 10)).toEqual(expected);
    expect(await store.readChanges(0, 2)).toEqual(expected.slice(0, 2));
    expect(await store.readChanges(2, 2)).toEqual(expected.slice(2));
    expect(await store.readChanges(3, 2)).toEqual([]);
  });

  test("keeps only the newest changes, and says so to who asks for older ones", async () => {
    store = openStore({ retainedChanges: 3 });
    for (let number = 1; number <= 5; number++) {
      await create(store, user(number));
    }
    expect((await store.readChanges(2, 10)).map(({ position }) => position)).toEqual([3, 4, 5]);
    await expect(store.readChanges(1, 10)).rejects.toBeInstanceOf(PositionTooOld);
    expect(store.lastPosition).toBe(5);
  });

  test("remembers requests until they are forgotten, the oldest first", async () => {
    store = openStore();
    const done = { ...user(1), sequence: 1 };
    await store.write((transaction) => {
      for (let number = 1; number <= 4; number++) {
        transaction.saveRequest({ requestId: `r${number}`, user: done, time: new Date(number * 10) });
      }
      transaction.saveRequest({ requestId: "r1", user: { ...done, name: "Again" }, time: new Date(50) });
    });
    await store.write((transaction) => transaction.forgetRequests(new Date(40), 1));
    const remembered = (): Promise<boolean[]> =>
      store.write((transaction) =>
        ["r1", "r2", "r3", "r4"].map((requestId) => transaction.findRequest(requestId) !== undefined),
      );
    expect(await remembered()).toEqual([true, false, true, true]);
    await store.write((transaction) => transaction.forgetRequests(new Date(40), 10));
    expect(await remembered()).toEqual([true, false, false, true]);
    const found = await store.write((transaction) => transaction.findRequest("r1"));
    expect(found).toEqual({ requestId: "r1", user: { ...done, name: "Again" }, time: new Date(50) });
  });

  test("lists in any order, page after page, with the exact count", async () => {
    store = openStore();
    for (let number = 1; number <= 30; number++) {
      await create(
        store,
        user(number, { age: number % 3, name: `n${number % 4}`, createdAt: new Date(number % 2) }),
      );
    }
    const orders = [
      "",
      "age",
      "age desc, name",
      "name desc, age desc",
      "created_at desc",
      "email",
      "email desc, age",
    ];
    const directions = ["name", "age", "department", "created_at", "updated_at"].flatMap((field) => [
      field,
      `${field} desc`,
    ]);
    const asked = [
      ...orders.map((orderBy) => [orderBy, "age > 0", 20] as const),
      ...[...orders, ...directions].map((orderBy) => [orderBy, "", 30] as const),
      ...["", "created_at desc", "age desc"].map((orderBy) => [orderBy, "department=SALES", 6] as const),
      ["created_at desc", "department=SALES OR department=PRODUCT", 12] as const,
    ];
    for (const [orderBy, filterText, count] of asked) {
      const order = parseOrderBy(orderBy);
      const filter = parseFilter(filterText);
      const all = await store.list({ filter, order, after: undefined, limit: 1000 });
      expect(all.totalCount).toBe(count);
      const sorted = all.users.toSorted((a, b) =>
        compareCursors(order, cursorOf(a, order), cursorOf(b, order)),
      );
      expect(all.users).toEqual(sorted);
      const paged: string[] = [];
      let after: Cursor | undefined;
      for (;;) {
        const page = await store.list({ filter, order, after, limit: 7 });
        const last = page.users.at(-1);
        if (last === undefined) {
          break;
        }
        expect(page.totalCount).toBe(count);
        paged.push(...page.users.map(({ id }) => id));
        after = cursorOf(last, order);
      }
      expect(paged).toEqual(all.users.map(({ id }) => id));
    }
  });

  test("counts exactly through creates, moves, deletes and writes that fail", async () => {
    store = openStore();
    const counts = (): Promise<number[]> =>
      Promise.all(
        [
          "",
          "department=ENGINEERING",
          "department!=ENGINEERING",
          "department=SALES OR department=PRODUCT",
        ].map(
          async (filter) =>
            (
              await store.list({
                filter: parseFilter(filter),
                order: parseOrderBy(""),
                after: undefined,
                limit: 1,
              })
            ).totalCount,
        ),
      );
    expect(await counts()).toEqual([0, 0, 0, 0]);
    const users: User[] = [];
    for (let number = 0; number < 10; number++) {
      users.push(await create(store, user(number)));
    }
    expect(await counts()).toEqual([10, 2, 8, 4]);
    await store.write((transaction) => transaction.replace({ ...users[0]!, department: 1 }));
    expect(await counts()).toEqual([10, 3, 7, 4]);
    await store.write((transaction) => transaction.remove("id-3"));
    expect(await counts()).toEqual([9, 3, 6, 3]);
    const failed = store.write((transaction) => {
      transaction.remove("id-1");
      transaction.insert(user(11));
      throw new Error("no");
    });
    await expect(failed).rejects.toThrow("no");
    expect(await counts()).toEqual([9, 3, 6, 3]);
  });

  test("leaves users that an order makes equal in the order of their creation, descending too", async () => {
    store = openStore();
    for (const number of [3, 1, 2]) {
      await create(store, user(number, { age: 7, createdAt: new Date(0) }));
    }
    for (const orderBy of ["", "age", "age desc", "created_at desc"]) {
      expect(await ids(store, "", orderBy)).toEqual(["id-3", "id-1", "id-2"]);
    }
  });

  test("orders text by code points, and an email in lower case", async () => {
    store = openStore();
    const names = ["😀", "\uffee", "é", "z", "Y", "a"];
    for (const [index, name] of names.entries()) {
      await create(store, user(index, { name, email: `${name}@x.com` }));
    }
    expect(await ids(store, "", "name")).toEqual(["id-4", "id-5", "id-3", "id-2", "id-1", "id-0"]);
    expect(await ids(store, "", "email")).toEqual(["id-5", "id-4", "id-3", "id-2", "id-1", "id-0"]);
  });

  test.each<[filter: string, expected: string[]]>([
    [`name="100%"`, ["id-0"]],
    [`name="1*"`, ["id-0", "id-1"]],
    [`name="*0\\%"`, ["id-0"]],
    [`name="a_b"`, ["id-2"]],
    [`name="O'Neil; DROP TABLE users"`, ["id-3"]],
    [`name='O\\'Neil; DROP TABLE users'`, ["id-3"]],
    [`name="* DROP *"`, ["id-3"]],
    [`name="\\*"`, ["id-4"]],
    [`name=*`, ["id-0", "id-1", "id-2", "id-3", "id-4"]],
    [`name!="*0*"`, ["id-2", "id-3", "id-4"]],
    [`name="A_B"`, []],
    [`email="USER1@EXAMPLE.COM"`, ["id-1"]],
    [`email="*1@Example.com"`, ["id-1"]],
    [`roles:admin`, ["id-1", "id-2"]],
    [`roles:"a\\"b"`, ["id-2"]],
    [`roles:*`, ["id-1", "id-2"]],
    [`NOT roles:admin AND -name="*"`, []],
    [`roles:ad`, []],
    [`department=ENGINEERING OR department=SALES`, ["id-1", "id-3"]],
    [`department>=SALES`, ["id-3", "id-4"]],
    [`age<=1 AND age>-1`, ["id-0", "id-1"]],
    [`created_at > 2023-11-14T22:13:20.002Z`, ["id-3", "id-4"]],
    [`created_at > 2023-11-14T22:13:20.0025Z`, ["id-3", "id-4"]],
    [`updated_at <= "2023-11-14T23:13:20.001+01:00"`, ["id-0", "id-1"]],
  ])("filters by %s", async (filter, expected) => {
    store = openStore();
    await create(store, user(0, { name: "100%" }));
    await create(store, user(1, { name: "1000", roles: ["admin"] }));
    await create(store, user(2, { name: "a_b", roles: ['a"b', "admin"] }));
    await create(store, user(3, { name: "O'Neil; DROP TABLE users" }));
    await create(store, user(4, { name: "*" }));
    expect(await ids(store, filter)).toEqual(expected);
    expect(await ids(store, "")).toHaveLength(5);
  });

  test.each([
    (inner: string) => `age>0 AND age=0 OR NOT(${inner})`,
    (inner: string) => `age=9 OR(${inner})`,
    (inner: string) => `NOT(${inner})`,
  ])("filters as deep as they may be", async (around) => {
    store = openStore();
    await create(store, user(0, { age: 1 }));
    await create(store, user(1, { age: 2, roles: ["a"] }));
    let filter = "roles:* AND roles:* OR NOT age=1";
    for (let depth = 0; depth < MAX_FILTER_DEPTH; depth++) filter = around(filter);
    expect(await ids(store, filter)).toEqual(["id-1"]);
    const query = { filter: parseFilter(filter), order: parseOrderBy("age,name desc"), limit: 1 };
    const after = { keys: [1, "z"], sequence: 1 };
    expect((await store.list({ ...query, after })).users).toMatchObject([{ id: "id-1" }]);
  });

  test("refuses everything once it is closed, and finishes what it was asked before", async () => {
    store = openStore();
    const written = create(store, user(1));
    await store.close();
    expect(await written).toMatchObject({ id: "id-1" });
    await expect(create(store, user(2))).rejects.toThrow("closed");
    expect(() => store.get("id-1")).toThrow("closed");
    await expect(store.readChanges(0, 1)).rejects.toThrow("closed");
    await expect(ids(store, "")).rejects.toThrow("closed");
  });
});

test("both stores agree on random users, filters and orders", async () => {
  const stores = STORES.map(([, openStore]) => openStore());
  const random = randomFrom(20_260_131);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  const texts = ["a", "A", "b*", "é", "É", "ß", "😀", "\ufffd", "%", "_", "'", "ς", "Σ", "aé", "éa"];
  const text = (): string => pick(texts) + pick(["", ...texts]);
  for (let number = 0; number < 60; number++) {
    const fields = user(number, {
      name: text(),
      email: `${text()}${number}@${text()}`,
      age: Math.floor(random() * 4),
      roles: random() < 0.5 ? [] : [text()],
      createdAt: new Date(Math.floor(random() * 3)),
    });
    for (const store of stores) {
      await create(store, fields);
    }
  }
  const quoted = (): string => {
    const inner = text().replaceAll(/["\\*]/g, "\\$&");
    return `"${pick(["", "*"])}${inner}${pick(["", "*"])}"`;
  };
  const comparator = (): string => pick(["=", "!=", "<", "<=", ">", ">="]);
  const term = (): string =>
    pick([
      () => `name ${comparator()} ${quoted()}`,
      () => `email ${comparator()} ${quoted()}`,
      () => `age ${comparator()} ${Math.floor(random() * 4)}`,
      () => `department ${comparator()} ${pick(["UNKNOWN", "SALES"])}`,
      () => `created_at ${comparator()} 1970-01-01T00:00:00.00${Math.floor(random() * 3)}Z`,
      () => `roles:${quoted()}`,
    ])();
  const filter = (depth: number): string => {
    const inner = depth === 0 || random() < 0.4 ? term() : `(${filter(depth - 1)})`;
    const left = pick(["", "NOT ", "-"]) + inner;
    return random() < 0.5 ? left : `${left} ${pick(["AND", "OR"])} ${filter(0)}`;
  };
  const seen = new Set<number>();
  for (let round = 0; round < 300; round++) {
    const asked = filter(2);
    const orderBy = pick(["", "name, email desc", "email", "age desc, name desc", "department, created_at"]);
    const [memory = [], sqlite] = await Promise.all(stores.map((store) => ids(store, asked, orderBy)));
    seen.add(memory.length);
    expect({ asked, ids: sqlite }).toEqual({ asked, ids: memory });
  }
  // Not all or nothing alone, which would show little.
  expect(seen.size).toBeGreaterThan(10);
  await Promise.all(stores.map((store) => store.close()));
});

/** Numbers from 0 to 1 that are the same in every run (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
