// The fake of the SDK is held to the service itself: the same calls must come to the same outcomes.
import { describe, expect, test } from "@jest/globals";
import { createFakeUsers } from "@callwire/client-sdk/testing";
import {
  CallError,
  createUsersClient,
  Department,
  Status,
  type User,
  type UsersClient,
} from "@callwire/client-sdk/users";
import { createLogger } from "@callwire/server-kit";
import { readSettings } from "./settings.js";
import { startUsersService } from "./start.js";

/** Runs the same calls against the service and against its fake. */
async function onBoth<T>(calls: (users: UsersClient) => Promise<T>): Promise<[service: T, fake: T]> {
  const settings = readSettings(["--address", "127.0.0.1:0", "--database", ":memory:"], {});
  if (settings === "help") throw new Error("nobody asked for help");
  const service = await startUsersService(settings, { logger: createLogger({ level: "silent" }) });
  const users = createUsersClient({ address: `127.0.0.1:${service.port}`, retry: false });
  await using fake = createFakeUsers();
  try {
    return [await calls(users), await calls(fake.client({ retry: false }))];
  } finally {
    users.close();
    await service.shutdown({ timeoutMs: 0 });
  }
}

/** What a call comes to, without what differs from run to run: ids, etags and times. */
async function outcome(call: Promise<unknown>): Promise<unknown> {
  try {
    return plain(await call);
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    const { errorInfo, badRequest, resourceInfo, ...rest } = error.details;
    return plain({ code: Status[error.code], errorInfo, badRequest, resourceInfo, rest: { ...rest } });
  }
}

const UUID = /[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}/g;
const SECRET = new Set([
  "etag",
  "createdAt",
  "updatedAt",
  "eventTime",
  "sentAt",
  "nextPageToken",
  "resumeToken",
]);

function plain(value: unknown): unknown {
  const text = JSON.stringify(value, (name, part: unknown) => {
    if (part instanceof Map) return Object.fromEntries(part);
    if (typeof part === "bigint") return String(part);
    return SECRET.has(name) ? part !== undefined && part !== "" : part;
  });
  return JSON.parse(text.replaceAll(UUID, "uuid"));
}

async function read<T>(stream: AsyncIterable<T>, count = Infinity): Promise<T[]> {
  const all: T[] = [];
  for await (const one of stream) if (all.push(one) === count) break;
  return all;
}

const people = [
  { name: "Ada *", email: "Ada@example.com", age: 36, department: Department.ENGINEERING, roles: ["admin"] },
  { name: "Bob", email: "bob@example.com", age: 0, department: Department.SALES, roles: [] },
  { name: "Σίσυφος", email: "ΣΊΣΥΦΟΣ@example.com", age: 99, roles: ["admin", "stone"] },
  { name: "\u{1f600}", email: "a@b", age: 36, department: Department.ENGINEERING },
  { name: "\uffee", email: "c@d", age: 1, department: Department.PRODUCT },
];

async function createAll(users: UsersClient): Promise<User[]> {
  const created: User[] = [];
  for (const person of people) created.push(await users.createUser(person));
  return created;
}

const bad: readonly Parameters<UsersClient["createUser"]>[0][] = [
  {},
  { name: " ", email: "nobody", age: -1, department: 9 as Department, roles: ["a", "a"] },
  { name: "x".repeat(201), email: `${"x".repeat(250)}@abc.de`, age: 151, roles: [""] },
  { name: "\u{1f600}".repeat(200), email: "ok@ok", roles: Array.from({ length: 33 }, (_, n) => String(n)) },
  { name: "a\0b", email: "a b@c", roles: ["x".repeat(65)], requestId: "r".repeat(129) },
  { name: "Again", email: "ADA@EXAMPLE.COM" },
  { name: "Again", email: "σίσυφοσ@example.com" },
];

const filters = [
  "department=ENGINEERING AND age>30",
  "age = 36 OR age=0 AND NOT roles:admin",
  "-(department=SALES OR roles:*)",
  'name="Ada \\*"',
  'name="Ada*"',
  'name="*\\*"',
  "name='*' AND name!=Bob",
  "email=ada@EXAMPLE.com",
  "email=*EXAMPLE.COM",
  "name>Bob",
  "created_at>=2020-01-31T08:00:00Z",
  "updated_at<2020-01-31T08:00:00.5+01:00",
  "id=x OR name!=*o*",
  "  ",
  "age",
  "age>x",
  "nick=a",
  "roles=admin",
  "department=NONE",
  "created_at>yesterday",
  "age=1 age=2",
  "(age=1",
  'name="open',
  "name='open\\",
  "NOT",
  "(".repeat(21),
  "x".repeat(1001),
  "\0",
];

const orders = [
  "name",
  "age desc, name",
  "email desc",
  "department,age",
  "",
  "nick",
  "age up",
  "age,age",
  "age desc desc",
  ",",
];

describe("the service and its fake", () => {
  test("create, get, change and delete alike", async () => {
    const [service, fake] = await onBoth(async (users) => {
      const [ada, bob] = (await createAll(users)) as [User, User];
      const outcomes = [plain(await createAllAgain(users))];
      const note = async (call: Promise<unknown>) => void outcomes.push(await outcome(call));
      for (const request of bad) await note(users.createUser(request));
      for (const id of [ada.id, "nobody", "", "x".repeat(65)]) await note(users.getUser({ id }));
      const update = (user: Partial<User>, updateMask?: string[], id = ada.id) =>
        note(users.updateUser({ user: { id, ...user }, ...(updateMask && { updateMask }) }));
      await update({ age: 37 });
      await update({ age: 0 });
      await update({ age: 0 }, ["age"]);
      await update({ name: "Ada", email: "ada@b", roles: ["x"] }, ["*"]);
      await update({ name: "Eve", email: "bad", age: 500 }, ["name", "age", "email"]);
      await update({ age: 5 }, ["age", "nick"]);
      await update({ email: "BOB@example.com" }, ["email"]);
      await update({ email: "ADA@B" }, ["email"]);
      await update({ age: 5, etag: ada.etag });
      await update({ age: 5 }, undefined, "nobody");
      await update({ age: 5 }, undefined, "");
      await note(users.updateUser({}));
      await note(users.deleteUser({ id: ada.id, etag: ada.etag }));
      await note(users.deleteUser({ id: ada.id }));
      await note(users.deleteUser({ id: ada.id }));
      await note(users.deleteUser({ id: bob.id, etag: bob.etag }));
      await note(users.createUser({ name: "Bob II", email: "bob@example.com" }));
      return outcomes;
    });
    expect(fake).toEqual(service);
  });

  test("take a request id once", async () => {
    const [service, fake] = await onBoth(async (users) => {
      const request = { name: "Ada", email: "ada@b", requestId: "r1" };
      const first = await users.createUser(request);
      await users.updateUser({ user: { id: first.id, age: 9 } });
      const again = await users.createUser(request);
      return [again.id === first.id, again.age, await outcome(users.createUser({ ...request, age: 3 }))];
    });
    expect(fake).toEqual(service);
    expect(service.slice(0, 2)).toEqual([true, 0]);
  });

  test("list alike: filters, orders and pages", async () => {
    const [service, fake] = await onBoth(async (users) => {
      await createAll(users);
      const outcomes: unknown[] = [];
      for (const filter of filters) outcomes.push([filter, await outcome(users.listUsers({ filter }))]);
      for (const orderBy of orders) outcomes.push([orderBy, await outcome(users.listUsers({ orderBy }))]);
      const first = await users.listUsers({ pageSize: 2, orderBy: "age" });
      const { nextPageToken: pageToken } = first;
      // A page begins after the last user of the one before, whoever has gone meanwhile.
      await users.deleteUser({ id: first.users[1]!.id });
      outcomes.push(
        plain(first),
        await outcome(users.listUsers({ pageToken, orderBy: "age" })),
        await outcome(users.listUsers({ pageToken, orderBy: "name" })),
        await outcome(users.listUsers({ pageToken: "made-up", pageSize: -1, filter: "x", orderBy: "y" })),
        plain(await read(users.list({ pageSize: 1, filter: "age>0" }))),
      );
      return outcomes;
    });
    expect(fake).toEqual(service);
  });

  test("tell watchers alike, and let them come back", async () => {
    const [service, fake] = await onBoth(async (users) => {
      const changes = users.watchUsers({ departments: ["SALES"] }, { heartbeats: true });
      const watch = changes[Symbol.asyncIterator]();
      const outcomes = [plain(await watch.next())];
      const [ada, bob] = (await createAll(users)) as [User, User];
      const created = await watch.next();
      await users.updateUser({ user: { id: ada.id, department: Department.SALES } });
      await users.updateUser({ user: { id: bob.id, department: Department.PRODUCT } });
      await users.updateUser({ user: { id: bob.id, age: 50 } });
      await users.deleteUser({ id: ada.id });
      outcomes.push(plain(created));
      for (let events = 0; events < 3; events++) outcomes.push(plain(await watch.next()));
      await watch.return?.();
      const { resumeToken } = created.value as { resumeToken: string };
      outcomes.push(plain(await read(users.watchUsers({ resumeToken }), 3)));
      for (const wrong of [{ departments: ["NONE"] }, { resumeToken: "made-up" }]) {
        outcomes.push(await outcome(read(users.watchUsers(wrong))));
      }
      return outcomes;
    });
    expect(fake).toEqual(service);
  });

  test("upload alike", async () => {
    const [service, fake] = await onBoth(async (users) => [
      plain(await users.uploadUsers([...people, ...bad, { name: "R", email: "r@s", requestId: "r" }])),
      plain(await users.uploadUsers([{ name: "R", email: "r@s", requestId: "r" }, people[0]!])),
      (await users.listUsers({})).totalCount,
    ]);
    expect(fake).toEqual(service);
  });

  test("carry a chat alike", async () => {
    const [service, fake] = await onBoth(async (users) => {
      let entered = () => {};
      const isIn = new Promise<void>((resolve) => (entered = resolve));
      const silent = users.chat(never(), { onHeader: () => entered() });
      const listening = read(silent, 2);
      await isIn;
      const outcomes = [
        plain(
          await read(
            users.chat([
              { sender: "a", content: "1" },
              { sender: "a", content: "2", room: "x" },
            ]),
          ),
        ),
        plain(await read(users.chat([{ sender: "b", content: "3", room: "x" }]))),
        plain(await read(users.chat([{ sender: "c", content: "4" }]))),
        await outcome(read(users.chat([{ sender: "x".repeat(101), content: "x".repeat(4097), room: "\0" }]))),
        plain(await read(users.chat([]))),
      ];
      return [...outcomes, plain(await listening)];
    });
    expect(fake).toEqual(service);
  });
});

/** Nobody, who says nothing and stays. */
async function* never(): AsyncGenerator<{ content: string }> {
  yield await new Promise<never>(() => {});
}

/** The outcomes of creating everybody a second time. */
async function createAllAgain(users: UsersClient): Promise<unknown[]> {
  const outcomes: unknown[] = [];
  for (const person of people) outcomes.push(await outcome(users.createUser(person)));
  return outcomes;
}
