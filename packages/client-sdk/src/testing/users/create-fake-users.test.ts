import { expect, test } from "@jest/globals";
import { Status } from "nice-grpc-common";
import { createFakeUsers, fakeClock } from "../../testing.js";

const ada = { id: "ada", name: "Ada", email: "ada@example.com" };

test("users are there from the start, and can be looked at", async () => {
  await using fake = createFakeUsers({ users: [ada, { name: "Bob", email: "bob@example.com" }] });
  const users = fake.client();
  expect(await users.getUser({ id: "ada" })).toMatchObject(ada);
  await users.deleteUser({ id: "ada" });
  expect(fake.users).toMatchObject([{ name: "Bob", id: expect.stringMatching(/^[\da-f-]{36}$/) }]);
  expect(fake.calls.all.map(({ method }) => method)).toEqual(["getUser", "deleteUser"]);
});

test("users that cannot be created are an error of the test", () => {
  expect(() => createFakeUsers({ users: [ada, { ...ada, id: "eve" }] })).toThrow("is taken");
  expect(() => createFakeUsers({ users: [{ name: "x" }] })).toThrow("email is required");
  expect(() => createFakeUsers({ user: [] } as object)).toThrow("did you mean 'users'?");
});

test("a watch goes on over a lost connection, and misses nothing", async () => {
  await using fake = createFakeUsers();
  const users = fake.client();
  const losses: string[] = [];
  const watch = users.watchUsers({}, { onResume: ({ error }) => losses.push(error.message) });
  const events = watch[Symbol.asyncIterator]();
  const first = events.next();
  await fake.calls.waitFor("watchUsers");
  await users.createUser(ada);
  expect((await first).value).toMatchObject({ eventType: "created" });
  fake.script("createUser", { connectionLost: true });
  const second = events.next();
  // Its own retry makes it, and the watch is told once it is back.
  await users.createUser({ name: "Bob", email: "bob@example.com" });
  expect((await second).value).toMatchObject({ eventType: "created", user: { name: "Bob" } });
  expect(losses).toHaveLength(1);
  await events.return?.();
});

test("a watch from before what is kept is OUT_OF_RANGE", async () => {
  await using fake = createFakeUsers();
  const users = fake.client();
  const events = users.watchUsers({}, { heartbeats: true })[Symbol.asyncIterator]();
  const { resumeToken } = (await events.next()).value as { resumeToken: string };
  await events.return?.();
  await users.createUser(ada);
  fake.forgetChanges();
  const back = users.watchUsers({ resumeToken })[Symbol.asyncIterator]();
  await expect(back.next()).rejects.toMatchObject({
    code: Status.OUT_OF_RANGE,
    details: { errorInfo: { reason: "RESUME_TOKEN_TOO_OLD" } },
  });
});

test("heartbeats come by the fake clock", async () => {
  using clock = fakeClock();
  await using fake = createFakeUsers();
  const events = fake.client().watchUsers({}, { heartbeats: true })[Symbol.asyncIterator]();
  await events.next();
  const beat = events.next();
  await clock.advance(14_999);
  await expect(Promise.race([beat, Promise.resolve("silence")])).resolves.toBe("silence");
  await clock.advance(1);
  expect((await beat).value).toMatchObject({ eventType: "heartbeat", user: { name: "system" } });
  await events.return?.();
});

test("what only load causes comes by a script", async () => {
  await using fake = createFakeUsers({ users: [ada] });
  fake.script("listUsers", {
    code: Status.RESOURCE_EXHAUSTED,
    details: { errorInfo: { reason: "TOO_MANY_LISTS", domain: "users.UserService" } },
  });
  const users = fake.client();
  await expect(users.listUsers({})).rejects.toMatchObject({
    details: { errorInfo: { reason: "TOO_MANY_LISTS" } },
  });
  expect((await users.listUsers({})).totalCount).toBe(1);
});
