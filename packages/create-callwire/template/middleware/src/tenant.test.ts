import { deepEqual, equal, rejects } from "node:assert/strict";
import { test } from "node:test";
import { createServer, defaultMiddleware, Metadata, Status } from "@callwire/server-kit";
import { testServer } from "@callwire/server-kit/testing";
import { tenant } from "./tenant.js";

/** Messages as JSON. */
const json = {
  encode: (message: object) => Buffer.from(JSON.stringify(message)),
  decode: (bytes: Uint8Array) => JSON.parse(Buffer.from(bytes).toString()) as { tenant?: string },
};

/** The contract of the tests: a service that says for which tenant it was called. Yours has generated code instead. */
const WhoDefinition = {
  who: {
    path: "/test.WhoService/Who",
    requestStream: false,
    responseStream: false,
    requestSerialize: json.encode,
    requestDeserialize: json.decode,
    responseSerialize: json.encode,
    responseDeserialize: json.decode,
    options: {},
  },
} as const;

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
