import { deepEqual, equal, rejects } from "node:assert/strict";
import { test } from "node:test";
import { Status } from "@callwire/client-sdk";
import { createFakeServer, fakeClock, fakeError } from "@callwire/client-sdk/testing";
import { GreeterServiceDefinition } from "./gen/greeter/v1/greeter_service.js";
import { welcome } from "./welcome.js";

/** A server within this process, which a test scripts. */
function fakeGreeter() {
  return createFakeServer(GreeterServiceDefinition, {
    greet({ name }) {
      if (name === "") throw fakeError({ code: Status.INVALID_ARGUMENT });
      return { greeting: `Hello ${name}!` };
    },
  });
}

test("welcomes by the service's greeting", async () => {
  await using fake = fakeGreeter();
  equal(await welcome(fake.client(), "Ada"), "Hello Ada!");
  deepEqual(fake.calls.of("greet")[0]?.requests, [{ name: "Ada" }]);
});

test("welcomes strangers too", async () => {
  await using fake = fakeGreeter();
  equal(await welcome(fake.client(), ""), "Hello stranger!");
});

test("gives up on a service that does not answer", async () => {
  using clock = fakeClock();
  await using fake = fakeGreeter();
  fake.script("greet", { latencyMs: 60_000 });
  const welcomed = welcome(fake.client({ timeoutMs: 5_000 }), "Ada");
  await Promise.all([rejects(welcomed, { code: Status.DEADLINE_EXCEEDED }), clock.advance(5_000)]);
});
