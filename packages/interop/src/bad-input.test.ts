import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  CallError,
  createUsersClient,
  Status,
  type User,
  type UsersClient,
} from "@callwire/client-sdk/users";
import { startUsersService, type UsersServiceProcess } from "./users-service-process.js";

let service: UsersServiceProcess;
let users: UsersClient;
let ada: User;

beforeAll(async () => {
  service = await startUsersService();
  users = createUsersClient({ address: service.address, retry: false });
  const fields = { name: "Ada", email: "ada@example.com", requestId: "ada" };
  ada = await users.createUser(fields);
  await users.createUser({ name: "Bob", email: "bob@example.com", department: 1 });
});

afterAll(async () => {
  users.close();
  await service[Symbol.asyncDispose]();
});

async function failureOf(call: PromiseLike<unknown> | AsyncIterable<unknown>): Promise<CallError> {
  try {
    if (Symbol.asyncIterator in call) {
      for await (const _ of call);
    } else await call;
  } catch (error) {
    if (error instanceof CallError) return error;
    throw error;
  }
  throw new Error("the call succeeded");
}

/** All users as they are: what nothing may change, and a good call over the same channel. */
async function everything(): Promise<User[]> {
  const all: User[] = [];
  for await (const user of users.list()) all.push(user);
  return all;
}

/** Sees to it that a call fails, writes nothing, and leaves the server as it was. */
async function refused(call: () => PromiseLike<unknown> | AsyncIterable<unknown>): Promise<CallError> {
  const before = await everything();
  const error = await failureOf(call());
  expect(await everything()).toEqual(before);
  return error;
}

const pageToken = async () => (await users.listUsers({ pageSize: 1, filter: "age=0" })).nextPageToken;
const long = (length: number) => "x".repeat(length);
const unknownDepartment = 99 as User["department"];

describe("fields out of their limits are INVALID_ARGUMENT, and all of them are named", () => {
  test.each<[string, string[], () => PromiseLike<unknown> | AsyncIterable<unknown>]>([
    ["create: nothing at all", ["name", "email"], () => users.createUser({})],
    [
      "create: everything wrong",
      ["name", "email", "age", "department", "roles", "request_id"],
      () =>
        users.createUser({
          name: " ",
          email: "nobody",
          age: -1,
          department: unknownDepartment,
          roles: ["a", "a"],
          requestId: long(129),
        }),
    ],
    [
      "create: everything too long",
      ["name", "email", "age", "roles"],
      () =>
        users.createUser({
          name: long(201),
          email: `${long(250)}@x.yz`,
          age: 151,
          roles: Array.from({ length: 33 }, (_, role) => `role${role}`),
        }),
    ],
    [
      "create: an unknown enum number",
      ["department"],
      () => users.createUser({ name: "Eve", email: "eve@example.com", department: unknownDepartment }),
    ],
    ["create: a NUL", ["name"], () => users.createUser({ name: "E\0ve", email: "eve@example.com" })],
    [
      "create: a request id again, with other fields",
      ["request_id"],
      () => users.createUser({ name: "Eve", email: "eve@example.com", requestId: "ada" }),
    ],
    ["get: no id", ["id"], () => users.getUser({})],
    ["get: too long an id", ["id"], () => users.getUser({ id: long(65) })],
    ["update: nothing at all", ["user.id"], () => users.updateUser({})],
    [
      "update: wrong fields",
      ["user.name", "user.email"],
      () =>
        users.updateUser({ user: { id: ada.id, name: "", email: "nobody" }, updateMask: ["name", "email"] }),
    ],
    [
      "update: a field that must not change",
      ["update_mask"],
      () => users.updateUser({ user: { id: ada.id, name: "Eve" }, updateMask: ["name", "created_at"] }),
    ],
    ["delete: no id", ["id"], () => users.deleteUser({})],
    ["list: a negative page size", ["page_size"], () => users.listUsers({ pageSize: -1 })],
    ["list: a forged page token", ["page_token"], () => users.listUsers({ pageToken: "Zm9yZ2Vk" })],
    [
      "list: a page token with one character changed",
      ["page_token"],
      () => pageToken().then((token) => users.listUsers({ filter: "age=0", pageToken: changed(token) })),
    ],
    [
      "list: the page token of another filter",
      ["page_token"],
      () => pageToken().then((token) => users.listUsers({ filter: "age=1", pageToken: token })),
    ],
    [
      "list: the page token of another order",
      ["page_token"],
      () => pageToken().then((pageToken) => users.listUsers({ filter: "age=0", orderBy: "name", pageToken })),
    ],
    ["list: too long a filter", ["filter"], () => users.listUsers({ filter: `name=${long(1000)}` })],
    ["list: an order by nothing known", ["order_by"], () => users.listUsers({ orderBy: "salary" })],
    [
      "list: everything wrong",
      ["page_size", "filter", "order_by", "page_token"],
      () => users.listUsers({ pageSize: -1, filter: "age>", orderBy: ",", pageToken: "?" }),
    ],
    ["watch: an unknown department", ["departments"], () => users.watchUsers({ departments: ["LEGAL"] })],
    ["watch: a bad resume token", ["resume_token"], () => users.watchUsers({ resumeToken: "yesterday" })],
    [
      "watch: the resume token of another directory",
      ["resume_token"],
      () => users.watchUsers({ resumeToken: Buffer.from([1, ...Buffer.alloc(14)]).toString("base64url") }),
    ],
    ["chat: too long a message", ["content"], () => users.chat([{ sender: "Ann", content: long(4097) }])],
    [
      "chat: too long a sender and room",
      ["sender", "room"],
      () => users.chat([{ sender: long(101), content: "hello", room: long(101) }]),
    ],
  ])("%s", async (_name, fields, call) => {
    const { code, details } = await refused(call);
    expect(Status[code]).toBe("INVALID_ARGUMENT");
    const violations = details.badRequest?.fieldViolations ?? [];
    expect(violations.map(({ field }) => field)).toEqual(fields);
    expect(violations.every(({ description }) => description.length > 0)).toBe(true);
    expect(details.errorInfo?.domain).toBe("users.UserService");
  });

  test.each([
    ["age>", 5],
    ["age>30 AND", 11],
    ["salary=3", 1],
    ["(age>30", 8],
    ["department=LEGAL", 12],
  ])("a filter that does not parse says where: %s", async (filter, column) => {
    const { details } = await refused(() => users.listUsers({ filter }));
    const [violation, ...others] = details.badRequest?.fieldViolations ?? [];
    expect(others).toEqual([]);
    expect(violation).toMatchObject({
      field: "filter",
      description: expect.stringContaining(`column ${column}:`),
    });
  });
});

function changed(token: string): string {
  const middle = Math.floor(token.length / 2);
  return token.slice(0, middle) + (token[middle] === "A" ? "B" : "A") + token.slice(middle + 1);
}

describe("other refusals", () => {
  test.each<[string, () => PromiseLike<unknown>]>([
    ["get", () => users.getUser({ id: "nobody" })],
    ["update", () => users.updateUser({ user: { id: "nobody", name: "Eve" } })],
    ["delete", () => users.deleteUser({ id: "nobody" })],
  ])("%s: an unknown id is NOT_FOUND", async (_name, call) => {
    const { code, details } = await refused(call);
    expect(Status[code]).toBe("NOT_FOUND");
    expect(details.resourceInfo).toMatchObject({ resourceType: "users.User", resourceName: "nobody" });
    expect(details.errorInfo?.reason).toBe("USER_NOT_FOUND");
  });

  test.each<[string, () => PromiseLike<unknown>]>([
    ["create", () => users.createUser({ name: "Eve", email: "ADA@example.com" })],
    [
      "update",
      async () => {
        const { users: found } = await users.listUsers({ filter: "name=Bob" });
        return users.updateUser({ user: { id: found[0]?.id ?? "", email: "ADA@example.com" } });
      },
    ],
  ])("%s: a duplicate email is ALREADY_EXISTS", async (_name, call) => {
    const { code, details } = await refused(call);
    expect(Status[code]).toBe("ALREADY_EXISTS");
    expect(details.resourceInfo).toMatchObject({ resourceName: "ADA@example.com" });
    expect(details.errorInfo?.reason).toBe("EMAIL_TAKEN");
  });

  test("an old etag is ABORTED", async () => {
    for (const call of [
      () => users.updateUser({ user: { id: ada.id, name: "Eve", etag: "old" } }),
      () => users.deleteUser({ id: ada.id, etag: "old" }),
    ]) {
      const { code, details } = await refused(call);
      expect(Status[code]).toBe("ABORTED");
      expect(details.errorInfo?.reason).toBe("ETAG_MISMATCH");
    }
  });

  test("a message of 5 MiB is RESOURCE_EXHAUSTED", async () => {
    const { code } = await refused(() => users.createUser({ name: long(5 << 20), email: "eve@example.com" }));
    expect(Status[code]).toBe("RESOURCE_EXHAUSTED");
  });

  test("bad rows of an upload are named and the others are created", async () => {
    const before = await everything();
    const summary = await users.uploadUsers([
      { name: "Row", email: "row@example.com" },
      { name: "", email: "nobody", department: unknownDepartment },
      { name: "Ada again", email: "Ada@Example.com" },
    ]);
    expect(summary).toMatchObject({ created: 1, failed: 2 });
    expect(summary.errors.map(({ index, field }) => `${index} ${field}`)).toEqual([
      "1 name",
      "1 email",
      "1 department",
      "2 email",
    ]);
    expect((await everything()).map(({ name }) => name)).toEqual([...before.map(({ name }) => name), "Row"]);
  });

  test("nobody hears a chat message out of its limits", async () => {
    const room = "limits";
    let said: (value: void) => void = () => {};
    const refusal = new Promise<void>((resolve) => (said = resolve));
    async function* lines() {
      yield { sender: "Ann", content: "before", room };
      await refusal;
      yield { sender: "Ann", content: "after", room };
    }
    const heard: string[] = [];
    for await (const { content } of users.chat(lines())) {
      heard.push(content);
      if (content !== "before") continue;
      await failureOf(users.chat([{ sender: "Eve", content: long(4097), room }]));
      said();
    }
    expect(heard).toEqual(["before", "after"]);
  });
});
