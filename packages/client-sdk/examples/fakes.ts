import { equal, rejects } from "node:assert/strict";
import { test } from "node:test";
import { createFakeServer, createFakeUsers, fakeClock } from "@callwire/client-sdk/testing";
import { Status, type UsersClient } from "@callwire/client-sdk/users";
import { HealthDefinition } from "@callwire/contracts/grpc/health/v1";

/** What is tested: the code of the application. */
async function welcome(users: UsersClient, id: string): Promise<string> {
  return `Welcome, ${(await users.getUser({ id })).name}!`;
}

test("welcomes a user, also over a lost connection", async () => {
  await using fake = createFakeUsers({ users: [{ id: "ada", name: "Ada", email: "ada@example.com" }] });
  fake.script("getUser", { connectionLost: true }, { code: Status.UNAVAILABLE });
  equal(await welcome(fake.client(), "ada"), "Welcome, Ada!");
  equal(fake.calls.of("getUser").length, 3);
});

test("gives up on a slow server after 30 seconds, in no time", async () => {
  using clock = fakeClock();
  await using fake = createFakeServer(HealthDefinition, { check: () => ({}) }, { latencyMs: 60_000 });
  const check = fake.client().check({});
  await Promise.all([rejects(check, { code: Status.DEADLINE_EXCEEDED }), clock.advance(30_000)]);
});
