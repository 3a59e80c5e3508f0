import { deepEqual, equal, rejects } from "node:assert/strict";
import { once, EventEmitter } from "node:events";
import { test } from "node:test";
import { createClient, Status } from "@callwire/client-sdk";
import { testServer } from "@callwire/server-kit/testing";
import { GreeterServiceDefinition } from "./gen/greeter/v1/greeter_service.js";
import { createGreeterServer } from "./server.js";

const principals = { ada: { name: "Ada", roles: ["greeter"] }, eve: { name: "Eve", roles: [] } };

/** A server within this process, and a client that calls as somebody. */
async function start(as?: keyof typeof principals) {
  const server = await testServer(createGreeterServer, { principals });
  const greeter = createClient(GreeterServiceDefinition, server.connection(as && { as }));
  return { server, greeter, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

test("greets, and logs it", async () => {
  await using running = await start("ada");
  deepEqual(await running.greeter.greet({ name: "Bob" }), { greeting: "Hello Bob, from Ada!" });
  equal((await running.server.log.line({ msg: "greeted" }))["name"], "Bob");
});

test("names what is wrong with a request", async () => {
  await using running = await start("ada");
  await rejects(running.greeter.greet({}), (error: { code: Status; details: unknown }) => {
    equal(error.code, Status.INVALID_ARGUMENT);
    const { badRequest } = error.details as { badRequest: { fieldViolations: { field: string }[] } };
    deepEqual(
      badRequest.fieldViolations.map(({ field }) => field),
      ["name"],
    );
    return true;
  });
});

test("lets only those call who may", async () => {
  await using nobody = await start();
  await rejects(nobody.greeter.greet({ name: "Bob" }), { code: Status.UNAUTHENTICATED });
  await using eve = await start("eve");
  await rejects(eve.greeter.greet({ name: "Bob" }), { code: Status.PERMISSION_DENIED });
});

test("streams the greetings", async () => {
  await using running = await start("ada");
  const events = new EventEmitter();
  const watching = once(events, "watching");
  const greetings = running.greeter.watchGreetings({}, { onHeader: () => events.emit("watching") });
  const first = greetings[Symbol.asyncIterator]().next();
  await watching;
  await running.greeter.greet({ name: "Bob" });
  deepEqual((await first).value, { greeting: "Hello Bob, from Ada!" });
});
