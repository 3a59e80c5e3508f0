import { deepEqual, equal, rejects } from "node:assert/strict";
import { test } from "node:test";
import { createServer, defaultMiddleware, Metadata, Status } from "@callwire/server-kit";
import { testServer } from "@callwire/server-kit/testing";
import { tenant } from "./tenant.js";
import { WhoDefinition } from "./test-contract.js";

/** A server behind the middleware, within this process, that answers with the tenant. */
function start() {
  return testServer(({ logger }) =>
    createServer({
      middleware: [...defaultMiddleware({ logger }), tenant({ isKnown: (name) => name === "acme" })],
    }).add(WhoDefinition, { who: (_request, context) => ({ tenant: context.tenant }) }),
  );
}

const of = (name: string) => ({ metadata: Metadata({ "x-tenant": name }) });

test("handlers know the tenant", async () => {
  await using server = await start();
  deepEqual(await server.client(WhoDefinition).who({}, of("acme")), { tenant: "acme" });
});

test("calls of others are refused, before their body is read", async () => {
  await using server = await start();
  const client = server.client(WhoDefinition);
  await rejects(client.who({}, of("evil")), { code: Status.PERMISSION_DENIED });
  await rejects(client.who({}, of("No Name")), { code: Status.INVALID_ARGUMENT });
  await rejects(client.who({}), { code: Status.INVALID_ARGUMENT });
  equal(server.calls.all.flatMap(({ requests }) => requests).length, 0);
});
