import { describe, expect, test } from "@jest/globals";
import { echoService, EchoServiceDefinition } from "@callwire/testkit";
import { Metadata, Status, type ClientError } from "nice-grpc-common";
import { createServer } from "../create-server.js";
import { defaultMiddleware } from "../default-middleware.js";
import { testServer } from "../testing.js";
import { requireRoles, type RequireRolesOptions } from "./require-roles.js";

const SERVICE = "callwire.echo.v1.EchoService";
const principals = { reader: { roles: ["reader"] }, writer: { roles: ["writer"] }, none: { roles: [] } };

const start = (allow: RequireRolesOptions["allow"]) =>
  testServer(
    ({ logger, verify }) =>
      createServer({ middleware: defaultMiddleware({ logger, verify, allow }) }).add(
        EchoServiceDefinition,
        echoService(),
      ),
    { principals },
  );

const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => Status.OK,
    (error: ClientError) => error.code,
  );

describe("requireRoles", () => {
  test("lets callers with a role of the method pass, and no others", async () => {
    await using test = await start({
      [`${SERVICE}/*`]: ["reader", "writer"],
      [`${SERVICE}/EchoUnary`]: "writer",
      [`${SERVICE}/EchoClientStream`]: true,
    });
    const outcomes: Record<string, Status[]> = {};
    for (const as of ["reader", "writer", "none"] as const) {
      const client = test.client(EchoServiceDefinition, { as });
      const answers = async () => {
        for await (const _ of client.echoServerStream({ text: "a", count: 1 }));
      };
      async function* nothing(): AsyncGenerator<{ text: string }> {}
      outcomes[as] = [
        await codeOf(client.echoUnary({ text: "a" })),
        await codeOf(answers()),
        await codeOf(client.echoClientStream(nothing())),
      ];
    }
    const { OK, PERMISSION_DENIED } = Status;
    expect(outcomes).toEqual({
      reader: [PERMISSION_DENIED, OK, OK],
      writer: [OK, OK, OK],
      none: [PERMISSION_DENIED, PERMISSION_DENIED, OK],
    });
    expect(test.calls.all[0]).toMatchObject({
      requests: [],
      error: {
        reason: "ROLE_MISSING",
        metadata: { roles: "writer" },
        details: "the caller needs a role: writer",
      },
    });
  });

  test("an empty list lets nobody pass", async () => {
    await using test = await start({ [`${SERVICE}/*`]: [] });
    const client = test.client(EchoServiceDefinition, { as: "writer" });
    expect(await codeOf(client.echoUnary({}))).toBe(Status.PERMISSION_DENIED);
  });

  test("forgets no method", async () => {
    await expect(start({ [`${SERVICE}/EchoUnary`]: "writer" })).rejects.toThrow(
      `requireRoles: nothing says who may call ${SERVICE}/EchoServerStream: name it, or '${SERVICE}/*', in allow`,
    );
  });

  test("refuses names that no method has, and what is no role", async () => {
    await expect(start({ [`${SERVICE}/*`]: "a", [`${SERVICE}/EchoUnari`]: "b" })).rejects.toThrow(
      `did you mean '${SERVICE}/EchoUnary'?`,
    );
    expect(() => requireRoles({ allow: { [`${SERVICE}/*`]: false as unknown as string } })).toThrow(
      "it must be an object of roles by method",
    );
  });

  test("stands after auth, or is refused", () => {
    expect(() =>
      // @ts-expect-error -- nothing adds `auth`
      createServer({ middleware: [requireRoles({ allow: { [`${SERVICE}/*`]: "writer" } })] }).add(
        EchoServiceDefinition,
        echoService(),
      ),
    ).toThrow("needs 'auth'");
  });
});

test.each<[string, unknown, string]>([
  ["a text", { roles: "no-writer" }, "a text"],
  ["a Set", { roles: new Set(["writer"]) }, "an object (Set)"],
  ["nothing", {}, "undefined"],
  ["no object", "ada", "undefined"],
])("roles that are %s let nobody pass, also not by a part of a name", async (_, identity, shown) => {
  await using test = await testServer(({ logger }) =>
    createServer({
      middleware: defaultMiddleware({
        logger,
        verify: () => identity as { roles: string[] },
        allow: { [`${SERVICE}/*`]: "writer" },
      }),
    }).add(EchoServiceDefinition, echoService()),
  );
  const metadata = Metadata({ authorization: "Bearer t" });
  const call = test.client(EchoServiceDefinition).echoUnary({}, { metadata });
  await expect(call).rejects.toThrow("INTERNAL: internal error");
  expect(test.log.lines[0]).toMatchObject({
    msg: "unexpected error",
    err: { message: `requireRoles: the roles that verify gives are ${shown}: they must be an array` },
  });
});

test("an allow list that is a Map would allow nothing, and is refused", () => {
  const allow = new Map([[`${SERVICE}/*`, "writer"]]) as unknown as RequireRolesOptions["allow"];
  expect(() => requireRoles({ allow })).toThrow("requireRoles: allow is an object (Map)");
});

describe("defaultMiddleware", () => {
  test("without verify anyone passes, and handlers find no caller", async () => {
    await using test = await testServer(({ logger }) =>
      createServer({ middleware: defaultMiddleware({ logger }) }).add(EchoServiceDefinition, {
        ...echoService(),
        echoUnary: (_, context) => ({
          // @ts-expect-error -- nothing adds `auth`
          text: `${context.requestId} ${typeof context.auth}`,
        }),
      }),
    );
    const client = test.client(EchoServiceDefinition);
    expect((await client.echoUnary({})).text).toMatch(/^[\da-f-]{36} undefined$/);
  });

  test("an unexpected error is hidden and logged", async () => {
    await using test = await testServer(({ logger }) =>
      createServer({ middleware: defaultMiddleware({ logger }) }).add(EchoServiceDefinition, {
        ...echoService(),
        echoUnary: () => Promise.reject(new Error("the secret")),
      }),
    );
    await expect(test.client(EchoServiceDefinition).echoUnary({})).rejects.toThrow(
      "INTERNAL: internal error",
    );
    expect(test.log.lines).toMatchObject([{ msg: "unexpected error" }, { "grpc.code": "INTERNAL" }]);
  });

  test("roles need callers, at compile time and at run time", async () => {
    const { logger } = (await testServer(() => createServer())).log;
    // @ts-expect-error -- without verify
    expect(() => defaultMiddleware({ logger, allow: {} })).toThrow("allow needs verify");
    // @ts-expect-error -- a caller without roles
    defaultMiddleware({ logger, verify: () => ({ name: "ada" }), allow: {} });
  });
});
