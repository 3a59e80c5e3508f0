import { describe, expect, test } from "@jest/globals";
import {
  type CreateUserRequest,
  Department,
  type ListUsersRequest,
  User,
  UserServiceDefinition,
} from "@callwire/contracts/users";
import { startServer } from "@callwire/testkit";
import type { ServiceImplementation } from "nice-grpc";
import { ServerError, Status } from "nice-grpc-common";
import { createUsersClient } from "../test-room/clients.js";

type Implementation = ServiceImplementation<UserServiceDefinition>;

const unimplemented = async (): Promise<never> => {
  throw new ServerError(Status.UNIMPLEMENTED, "not in this test");
};

/** Serves the users service with the given methods; the others are UNIMPLEMENTED. */
function startUsers(implementation: Partial<Implementation>) {
  return startServer((s) =>
    s.add(UserServiceDefinition, {
      getUser: unimplemented,
      createUser: unimplemented,
      updateUser: unimplemented,
      deleteUser: unimplemented,
      listUsers: unimplemented,
      uploadUsers: unimplemented,
      // eslint-disable-next-line require-yield
      async *watchUsers() {
        await unimplemented();
      },
      // eslint-disable-next-line require-yield
      async *chat() {
        await unimplemented();
      },
      ...implementation,
    }),
  );
}

test("get, update and delete are the contract's", async () => {
  await using server = await startUsers({
    getUser: async ({ id }) => ({ id, department: Department.SALES }),
    updateUser: async ({ user, updateMask }) => ({ ...user, etag: updateMask?.join() ?? "" }),
    deleteUser: async ({ id, etag }) => ({ id, etag }),
  });
  await using users = createUsersClient({ address: server.address });
  expect(await users.getUser({ id: "1" })).toEqual(
    User.fromPartial({ id: "1", department: Department.SALES }),
  );
  expect(await users.updateUser({ user: { id: "1", age: 7 }, updateMask: ["age"] })).toMatchObject({
    age: 7,
    etag: "age",
  });
  expect(await users.deleteUser({ id: "1", etag: "e" })).toMatchObject({ id: "1", etag: "e" });
});

describe("createUser", () => {
  test("fills the request id, and repeats with it after UNAVAILABLE", async () => {
    const ids: string[] = [];
    await using server = await startUsers({
      createUser: async ({ requestId, name }) => {
        ids.push(requestId);
        if (ids.length === 1) throw new ServerError(Status.UNAVAILABLE, "");
        return { name };
      },
    });
    await using users = createUsersClient({ address: server.address, retry: { initialBackoffMs: 5 } });
    expect(await users.createUser({ name: "Ada", email: "ada@example.com" })).toMatchObject({ name: "Ada" });
    expect(ids[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(ids).toEqual([ids[0], ids[0]]);
    await users.createUser({ name: "Bob", email: "bob@example.com", requestId: "mine" });
    expect(ids[2]).toBe("mine");
  });

  test("is not repeated if the call says so; deleteUser is not by itself", async () => {
    let calls = 0;
    const fail = async () => {
      calls += 1;
      throw new ServerError(Status.UNAVAILABLE, "");
    };
    await using server = await startUsers({ createUser: fail, deleteUser: fail });
    await using users = createUsersClient({ address: server.address, retry: { initialBackoffMs: 5 } });
    await expect(users.createUser({ name: "Ada" }, { retry: false })).rejects.toMatchObject({
      code: Status.UNAVAILABLE,
    });
    await expect(users.deleteUser({ id: "1" })).rejects.toMatchObject({ code: Status.UNAVAILABLE });
    expect(calls).toBe(2);
  });
});

describe("list", () => {
  const pages: Record<string, { users: { id: string }[]; nextPageToken: string }> = {
    "": { users: [{ id: "1" }, { id: "2" }], nextPageToken: "b" },
    // An empty page is not the end.
    b: { users: [], nextPageToken: "c" },
    c: { users: [{ id: "3" }], nextPageToken: "" },
  };

  test("yields the users of all pages, with filter and order on every call", async () => {
    const asked: ListUsersRequest[] = [];
    await using server = await startUsers({
      listUsers: async (request) => {
        asked.push(request);
        return pages[request.pageToken]!;
      },
    });
    await using users = createUsersClient({ address: server.address });
    const ids: string[] = [];
    for await (const { id } of users.list({ filter: "age>1", orderBy: "name", pageSize: 2 })) ids.push(id);
    expect(ids).toEqual(["1", "2", "3"]);
    expect(asked).toEqual(
      ["", "b", "c"].map((pageToken) => ({ filter: "age>1", orderBy: "name", pageSize: 2, pageToken })),
    );
  });

  test("fetches no page before it is needed, and starts where it is told to", async () => {
    const asked: string[] = [];
    await using server = await startUsers({
      listUsers: async ({ pageToken }) => {
        asked.push(pageToken);
        return pages[pageToken]!;
      },
    });
    await using users = createUsersClient({ address: server.address });
    const all = users.list();
    expect(asked).toEqual([]);
    for await (const { id } of all) if (id === "2") break;
    expect(asked).toEqual([""]);
    const rest: string[] = [];
    for await (const { id } of users.list({ pageToken: "c" })) rest.push(id);
    expect(rest).toEqual(["3"]);
  });

  test("throws what a page fails with", async () => {
    await using server = await startUsers({});
    await using users = createUsersClient({ address: server.address });
    const read = async () => {
      for await (const _ of users.list()) throw new Error("a user");
    };
    await expect(read()).rejects.toMatchObject({ name: "CallError", code: Status.UNIMPLEMENTED });
  });
});

describe("uploadUsers", () => {
  async function* rows() {
    yield { name: "Ada", requestId: "r1" };
    yield { name: "Bob" };
  }

  test.each([
    ["an array", () => [{ name: "Ada", requestId: "r1" }, { name: "Bob" }]],
    ["an async generator", rows],
  ])("sends the rows of %s as they are", async (_, source) => {
    const received: CreateUserRequest[] = [];
    await using server = await startUsers({
      async uploadUsers(requests) {
        for await (const request of requests) received.push(request);
        return { created: 1, failed: 1, errors: [{ index: 1, field: "email", reason: "missing" }] };
      },
    });
    await using users = createUsersClient({ address: server.address });
    const summary = await users.uploadUsers(source());
    expect(summary).toEqual({
      created: 1,
      failed: 1,
      errors: [{ index: 1, field: "email", reason: "missing" }],
    });
    expect(received.map(({ name, requestId }) => [name, requestId])).toEqual([
      ["Ada", "r1"],
      ["Bob", ""],
    ]);
  });
});

test("chat sends and yields messages", async () => {
  await using server = await startUsers({
    async *chat(messages) {
      for await (const { sender, content } of messages) yield { sender, content: content.toUpperCase() };
    },
  });
  await using users = createUsersClient({ address: server.address });
  const heard: string[] = [];
  const outgoing = [
    { sender: "ada", content: "hello" },
    { sender: "ada", content: "bye" },
  ];
  for await (const { content } of users.chat(outgoing)) heard.push(content);
  expect(heard).toEqual(["HELLO", "BYE"]);
});

describe("what is no request", () => {
  test.each<[string, unknown, string]>([
    ["undefined", undefined, "this is undefined"],
    ["a promise", Promise.resolve({ name: "Ada" }), "this is a promise: await it"],
    ["an array", [{ name: "Ada" }], "this is an array"],
    ["a text", "Ada", "this is a text"],
  ])("%s cannot be created", async (_, request, message) => {
    await using server = await startUsers({});
    await using users = createUsersClient({ address: server.address });
    await expect(users.createUser(request as Partial<CreateUserRequest>)).rejects.toThrow(message);
  });

  test.each<[string, unknown, string]>([
    ["undefined", undefined, "this is undefined, and no iterable"],
    ["a text", "Ada", "this is a text, and no iterable"],
    ["an object", { users: [] }, "this is an object, and no iterable"],
    ["a promise", Promise.resolve([]), "this is a promise of an iterable"],
  ])("%s is no stream of them", async (_, requests, message) => {
    await using server = await startUsers({});
    await using users = createUsersClient({ address: server.address });
    await expect(users.uploadUsers(requests as [])).rejects.toThrow(message);
    const lines = users.chat(requests as []);
    const next = lines[Symbol.asyncIterator]().next();
    await expect(next).rejects.toThrow(message);
  });

  test("null lists and watches nothing", () => {
    const users = createUsersClient({ address: "127.0.0.1:1" });
    expect(() => users.list(null as never)).toThrow("list: the request is null: it must be an object");
    expect(() => users.watchUsers(null as never)).toThrow("watchUsers: the request is null");
    users.close();
  });
});
