import { beforeEach, describe, expect, test } from "@jest/globals";

import { MemoryUserStore } from "../storage/memory-user-store.js";
import { ChangeFeed } from "./change-feed.js";
import { Directory, type CreateRequest, type ListRequest, type UpdateRequest } from "./directory.js";
import { EmailTaken, EtagMismatch, InvalidFields, UserNotFound, type Violation } from "./errors.js";
import type { Change, UserStore } from "./user-store.js";
import { etagOf, type User } from "./user.js";

const DAY = 24 * 60 * 60 * 1000;

let store: UserStore;
let directory: Directory;
let now: number;
let changes: Change[];

beforeEach(() => {
  store = new MemoryUserStore();
  now = 1_700_000_000_000;
  changes = [];
  store.onCommit((committed) => changes.push(...committed));
  let id = 0;
  directory = new Directory({
    store,
    feed: new ChangeFeed({ store }),
    clock: () => now,
    newId: () => `id-${++id}`,
  });
});

function request(fields: Partial<CreateRequest> = {}): CreateRequest {
  const defaults = {
    name: "Ann",
    email: "ann@x.com",
    age: 30,
    department: 1,
    roles: ["admin"],
    requestId: "",
  };
  return { ...defaults, ...fields };
}

function updateOf(id: string, updateMask: string[], fields: Partial<UpdateRequest> = {}): UpdateRequest {
  return { id, etag: "", updateMask, name: "", email: "", age: 0, department: 0, roles: [], ...fields };
}

async function violationsOf(result: Promise<unknown>): Promise<readonly Violation[]> {
  const error: unknown = await result.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof InvalidFields)) {
    throw error;
  }
  return error.violations;
}

async function fieldsOf(result: Promise<unknown>): Promise<string[]> {
  return (await violationsOf(result)).map(({ field }) => field);
}

describe("create", () => {
  test("makes a user, and one change", async () => {
    const { requestId: _, ...fields } = request();
    const time = new Date(now);
    const user = await directory.create(request());
    expect(user).toEqual({
      ...fields,
      id: "id-1",
      createdAt: time,
      updatedAt: time,
      version: 1,
      sequence: 1,
    });
    expect(directory.get("id-1")).toEqual(user);
    expect(changes).toEqual([{ position: 1, type: "created", user, previousDepartment: 1, time }]);
  });

  test.each<[Partial<CreateRequest>, string]>([
    [{ name: "" }, "name is required"],
    [{ name: " \t\u3000" }, "name is only white space"],
    [{ name: "😀".repeat(201) }, "name is longer than 200 characters"],
    [{ name: "a\0b" }, "name has a NUL or half of a surrogate pair"],
    [{ name: "a\ud800b" }, "name has a NUL or half of a surrogate pair"],
    [{ email: "" }, "email is required"],
    [{ email: "ann" }, "email is not an address of the form local@domain"],
    [{ email: "@x.com" }, "email is not an address of the form local@domain"],
    [{ email: "a@b@c" }, "email is not an address of the form local@domain"],
    [{ email: "a b@c" }, "email is not an address of the form local@domain"],
    [{ email: "a\u0007@c" }, "email is not an address of the form local@domain"],
    [{ email: `${"a".repeat(250)}@b.cd` }, "email is longer than 254 characters"],
    [{ age: -1 }, "age is not between 0 and 150"],
    [{ age: 151 }, "age is not between 0 and 150"],
    [{ department: 5 }, "department is not a number that the enum names"],
    [{ department: -1 }, "department is not a number that the enum names"],
    [{ roles: Array.from({ length: 33 }, (_, index) => `r${index}`) }, "roles has more than 32 items"],
    [{ roles: ["a", ""] }, "roles has an item (number 2) that is empty"],
    [{ roles: ["r".repeat(65)] }, "roles has an item (number 1) that is longer than 64 characters"],
    [{ roles: ["a", "b", "a"] }, 'roles has the item "a" twice'],
    [{ requestId: "r".repeat(129) }, "request_id is longer than 128 characters"],
  ])("refuses %j", async (fields, message) => {
    const [violation, ...others] = await violationsOf(directory.create(request(fields)));
    expect(`${violation?.field} ${violation?.reason}`).toBe(message);
    expect(others).toEqual([]);
    expect(changes).toEqual([]);
  });

  test("takes everything at its limit", async () => {
    const roles = Array.from({ length: 32 }, (_, index) => "😀".repeat(62) + String(index + 10));
    const fields = {
      name: "😀".repeat(200),
      email: `${"😀".repeat(249)}@b.cd`,
      age: 150,
      department: 4,
      roles,
    };
    expect(await directory.create(request(fields))).toMatchObject({ ...fields, id: "id-1" });
    expect(await directory.create(request({ email: "b@x", age: 0, department: 0, roles: [] }))).toBeDefined();
  });

  test("names every field at fault", async () => {
    const bad = request({ name: "", email: "x", age: 200, department: 9, roles: [""], requestId: "\0" });
    const fields = ["name", "email", "age", "department", "roles", "request_id"];
    expect(await fieldsOf(directory.create(bad))).toEqual(fields);
  });

  test("refuses an email that is taken, in any case, until its holder is gone", async () => {
    const { id } = await directory.create(request({ email: "Ünal.ΣΑΣ@x.com" }));
    const again = request({ email: "üNAL.σασ@X.COM" });
    await expect(directory.create(again)).rejects.toBeInstanceOf(EmailTaken);
    await directory.delete({ id, etag: "" });
    expect(await directory.create(again)).toMatchObject({ email: "üNAL.σασ@X.COM" });
  });
});

describe("a request id", () => {
  test("returns what the first request created, even if that has changed or gone", async () => {
    const first = await directory.create(request({ requestId: "r" }));
    expect(await directory.create(request({ requestId: "r" }))).toEqual(first);
    await directory.update(updateOf(first.id, ["age"], { age: 31 }));
    expect(await directory.create(request({ requestId: "r" }))).toEqual(first);
    await directory.delete({ id: first.id, etag: "" });
    expect(await directory.create(request({ requestId: "r" }))).toEqual(first);
    expect(changes.map(({ type }) => type)).toEqual(["created", "updated", "deleted"]);
  });

  test.each<Partial<CreateRequest>>([
    { name: "Bob" },
    { email: "ANN@x.com" },
    { age: 31 },
    { department: 2 },
    { roles: [] },
    { roles: ["admin", "b"] },
  ])("is refused with other fields: %j", async (fields) => {
    await directory.create(request({ requestId: "r" }));
    expect(await fieldsOf(directory.create(request({ ...fields, requestId: "r" })))).toEqual(["request_id"]);
  });

  test("is forgotten after a day, and not before", async () => {
    const first = await directory.create(request({ requestId: "r" }));
    now += DAY - 1;
    expect(await directory.create(request({ requestId: "r" }))).toEqual(first);
    now += 1;
    await expect(directory.create(request({ requestId: "r" }))).rejects.toBeInstanceOf(EmailTaken);
    const second = await directory.create(request({ requestId: "r", email: "b@x.com" }));
    expect(second.id).not.toBe(first.id);
    now += DAY + 1;
    await directory.create(request({ email: "c@x.com" }));
    expect(await store.write((transaction) => transaction.findRequest("r"))).toBeUndefined();
  });

  test("of a request that failed can be used again", async () => {
    await directory.create(request());
    await expect(directory.create(request({ requestId: "r" }))).rejects.toBeInstanceOf(EmailTaken);
    expect(await directory.create(request({ requestId: "r", email: "b@x.com" }))).toMatchObject({
      email: "b@x.com",
    });
  });
});

describe("createMany", () => {
  test("says of each row what came of it", async () => {
    await directory.create(request({ email: "taken@x.com" }));
    const results = await directory.createMany([
      request({ requestId: "r" }),
      request({ name: "", age: -1 }),
      request({ email: "TAKEN@x.com" }),
      request({ requestId: "r" }),
      request({ requestId: "r", age: 1 }),
      request(),
      request({ email: "new@x.com" }),
    ]);
    const kinds = results.map((result) => ("user" in result ? result.user.id : result.error.kind));
    // An id is made for a row whose email is taken, too.
    const expected = [
      "id-2",
      "invalid-fields",
      "email-taken",
      "id-2",
      "invalid-fields",
      "email-taken",
      "id-5",
    ];
    expect(kinds).toEqual(expected);
    expect(results[1]).toMatchObject({ error: { violations: [{ field: "name" }, { field: "age" }] } });
    expect(changes.map(({ position, user }) => [position, user.id])).toEqual([
      [1, "id-1"],
      [2, "id-2"],
      [3, "id-5"],
    ]);
  });
});

describe("update", () => {
  let user: User;
  beforeEach(async () => {
    user = await directory.create(request());
    changes = [];
    now += 1000;
  });

  test("changes the fields of the mask alone, with a new etag and one change", async () => {
    const given = updateOf(user.id, ["name", "department"], {
      name: "Bob",
      department: 2,
      age: 99,
      email: "no",
    });
    const updated = await directory.update({ ...given, etag: etagOf(user) });
    expect(updated).toEqual({ ...user, name: "Bob", department: 2, updatedAt: new Date(now), version: 2 });
    expect(etagOf(updated)).not.toBe(etagOf(user));
    expect(directory.get(user.id)).toEqual(updated);
    const change = {
      position: 2,
      type: "updated",
      user: updated,
      previousDepartment: 1,
      time: new Date(now),
    };
    expect(changes).toEqual([change]);
  });

  test("changes what is set if there is no mask, and all for *", async () => {
    const set = await directory.update(updateOf(user.id, [], { age: 31, roles: ["b"] }));
    expect(set).toMatchObject({ name: "Ann", email: "ann@x.com", age: 31, department: 1, roles: ["b"] });
    const all = await directory.update(updateOf(user.id, ["*"], { name: "Bob", email: "bob@x.com" }));
    expect(all).toMatchObject({ name: "Bob", email: "bob@x.com", age: 0, department: 0, roles: [] });
    expect(Object.keys(all).toSorted()).toEqual(Object.keys(user).toSorted());
  });

  test("does nothing if nothing would change, but checks the etag", async () => {
    expect(await directory.update(updateOf(user.id, ["*"], request()))).toEqual(user);
    expect(await directory.update(updateOf(user.id, []))).toEqual(user);
    expect(changes).toEqual([]);
    const stale = updateOf(user.id, [], { etag: "x" });
    await expect(directory.update(stale)).rejects.toBeInstanceOf(EtagMismatch);
  });

  test("refuses the etag of an earlier state", async () => {
    await directory.update(updateOf(user.id, ["age"], { age: 31 }));
    const stale = updateOf(user.id, ["age"], { age: 32, etag: etagOf(user) });
    await expect(directory.update(stale)).rejects.toBeInstanceOf(EtagMismatch);
    expect(directory.get(user.id)).toMatchObject({ age: 31 });
  });

  test("lets a user change the case of its own email, and not take another one's", async () => {
    await directory.create(request({ email: "bob@x.com" }));
    const own = await directory.update(updateOf(user.id, ["email"], { email: "ANN@x.com" }));
    expect(own.email).toBe("ANN@x.com");
    const taken = updateOf(user.id, ["email"], { email: "BOB@x.com" });
    await expect(directory.update(taken)).rejects.toBeInstanceOf(EmailTaken);
  });

  test("names every field at fault, and checks those of the mask alone", async () => {
    const bad = updateOf("", ["*"], { email: "x", age: -1 });
    expect(await fieldsOf(directory.update(bad))).toEqual(["user.id", "user.name", "user.email", "user.age"]);
    expect(await fieldsOf(directory.update(updateOf("x".repeat(65), ["name", "id"])))).toEqual([
      "user.id",
      "update_mask",
    ]);
    expect(await directory.update(updateOf(user.id, ["age"], { age: 31, email: "x" }))).toMatchObject({
      age: 31,
    });
  });

  test("never sets the time back", async () => {
    now -= 5000;
    const updated = await directory.update(updateOf(user.id, ["age"], { age: 31 }));
    expect(updated.updatedAt).toEqual(user.updatedAt);
    expect(etagOf(updated)).not.toBe(etagOf(user));
  });

  test("finds no user that is not there", async () => {
    await expect(directory.update(updateOf("id-9", ["age"]))).rejects.toBeInstanceOf(UserNotFound);
  });
});

describe("get and delete", () => {
  test("refuse an id out of its limits", async () => {
    for (const id of ["", "x".repeat(65), "id-1\0"]) {
      expect(await fieldsOf((async () => directory.get(id))())).toEqual(["id"]);
      expect(await fieldsOf(directory.delete({ id, etag: "" }))).toEqual(["id"]);
    }
  });

  test("return the user as it last was, and then find none", async () => {
    const user = await directory.create(request());
    await expect(directory.delete({ id: user.id, etag: "old" })).rejects.toBeInstanceOf(EtagMismatch);
    now += 5;
    expect(await directory.delete({ id: user.id, etag: etagOf(user) })).toEqual(user);
    const change = { position: 2, type: "deleted", user, previousDepartment: 1, time: new Date(now) };
    expect(changes.at(-1)).toEqual(change);
    expect(() => directory.get(user.id)).toThrow(UserNotFound);
    await expect(directory.delete({ id: user.id, etag: "" })).rejects.toBeInstanceOf(UserNotFound);
  });
});

describe("list", () => {
  const ask = (fields: Partial<ListRequest> = {}): ListRequest => ({
    pageSize: 0,
    pageToken: "",
    filter: "",
    orderBy: "",
    ...fields,
  });
  beforeEach(async () => {
    await directory.createMany(
      Array.from({ length: 1100 }, (_, number) => request({ email: `u${number}@x.com`, age: number % 100 })),
    );
  });

  test.each([
    [0, 50],
    [1, 1],
    [1000, 1000],
    [1001, 1000],
  ])("gives for the page size %i a page of %i", async (pageSize, length) => {
    const page = await directory.list(ask({ pageSize }));
    expect(page.users).toHaveLength(length);
    expect(page.totalCount).toBe(1100);
  });

  test("goes through all pages, and ends with an empty token, also at a full last page", async () => {
    const ages: number[] = [];
    const pageLengths: number[] = [];
    let pageToken = "";
    do {
      const page = await directory.list(
        ask({ pageToken, pageSize: 11, filter: "age<2", orderBy: "age desc" }),
      );
      ages.push(...page.users.map(({ age }) => age));
      pageLengths.push(page.users.length);
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(pageLengths).toEqual([11, 11]);
    expect(ages).toEqual([...Array<number>(11).fill(1), ...Array<number>(11).fill(0)]);
  });

  test("goes on after a user that was deleted meanwhile", async () => {
    const { users, nextPageToken } = await directory.list(ask({ pageSize: 2 }));
    await directory.delete({ id: users[1]?.id ?? "", etag: "" });
    const next = await directory.list(ask({ pageSize: 2, pageToken: nextPageToken }));
    expect(next.users.map(({ email }) => email)).toEqual(["u2@x.com", "u3@x.com"]);
  });

  test("refuses a token that is forged, of another store, or of another list", async () => {
    const { nextPageToken: pageToken } = await directory.list(ask());
    const changed = pageToken.slice(0, -1) + (pageToken.endsWith("A") ? "B" : "A");
    const feed = new ChangeFeed({ store });
    const stranger = new Directory({ store: new MemoryUserStore(), feed });
    for (const [asked, token, reason] of [
      [directory, "x", "is not a token that this service made"],
      [directory, changed, "is not a token that this service made"],
      [directory, `${pageToken}.`, "is not a token that this service made"],
      [stranger, pageToken, "is not a token that this service made"],
    ] as const) {
      expect(await violationsOf(asked.list(ask({ pageToken: token })))).toEqual([
        { field: "page_token", reason },
      ]);
    }
    for (const fields of [{ filter: "age=1" }, { orderBy: "age" }]) {
      const [violation] = await violationsOf(directory.list(ask({ pageToken, ...fields })));
      expect(violation).toEqual({ field: "page_token", reason: "was made for another filter or order_by" });
    }
    expect(await new Directory({ store, feed }).list(ask({ pageToken }))).toBeDefined();
  });

  test("names everything that is wrong", async () => {
    const bad = ask({ pageSize: -1, filter: "x", orderBy: "age, age", pageToken: "x" });
    expect(await fieldsOf(directory.list(bad))).toEqual(["page_size", "filter", "order_by", "page_token"]);
  });

  test.each(["id", "age,", ",", "age asc", "age desc desc", "AGE", "age,age desc", "x".repeat(100_000)])(
    "refuses the order %j",
    async (orderBy) => {
      expect(await fieldsOf(directory.list(ask({ orderBy })))).toEqual(["order_by"]);
    },
  );
});

describe("watch", () => {
  test("goes by the names of departments", async () => {
    const events = directory.watch({ departments: ["MARKETING", "UNKNOWN"], resumeToken: "" });
    expect((await events.next()).value).toMatchObject({ type: "heartbeat" });
    const event = events.next();
    await directory.create(request({ department: 1 }));
    await directory.create(request({ department: 0, email: "b@x.com" }));
    expect((await event).value).toMatchObject({ type: "created", user: { email: "b@x.com" } });
  });

  test("refuses a name that is none", () => {
    expect(() => directory.watch({ departments: ["SALES", "sales"], resumeToken: "" })).toThrow(
      'departments names "sales", which is none of UNKNOWN, ENGINEERING',
    );
  });
});
