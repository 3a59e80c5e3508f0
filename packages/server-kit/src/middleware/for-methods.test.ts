import { EchoServiceDefinition, echoService } from "@callwire/testkit";
import { describe, expect, test } from "@jest/globals";
import type { ServerMiddleware } from "nice-grpc-common";
import { auth } from "./auth.js";
import { createServer } from "../create-server.js";
import type { AnyMiddleware, Middleware } from "../middleware.js";
import { runtimes } from "../test-room/runtimes.js";
import { toNiceGrpc } from "../to-nice-grpc.js";
import { startEcho } from "../test-room/echo-server.js";
import { except, forMethods, matchesMethod, type MethodMatch } from "./for-methods.js";

const method = {
  path: "/users.UserService/GetUser",
  requestStream: false,
  responseStream: false,
  options: {},
};

test.each<[MethodMatch, boolean]>([
  ["users.UserService/GetUser", true],
  ["users.UserService/*", true],
  ["users.UserService/Get", false],
  ["users.User/*", false],
  ["users.UserServiceX/*", false],
  [[], false],
  [["a.B/C", "users.UserService/*"], true],
  [({ path }) => path.endsWith("User"), true],
  [except("users.UserService/GetUser"), false],
  [except(["a.B/C", "d.E/*"]), true],
])("match %p", (match, expected) => {
  expect(matchesMethod(match, method)).toBe(expected);
});

test("runs a middleware for the methods that are meant, by their options too", async () => {
  const ran: string[] = [];
  const record: ServerMiddleware = async function* (call, context) {
    ran.push(call.method.path);
    return yield* call.next(call.request, context);
  };
  const readOnly: MethodMatch = ({ options }) => options.idempotencyLevel !== undefined;
  await using echo = await startEcho({ middleware: [forMethods(readOnly, record)] });
  await echo.client.echoUnary({});
  await echo.client.echoClientStream((async function* () {})());
  expect(ran).toEqual(["/callwire.echo.v1.EchoService/EchoUnary"]);
});

const echo = "callwire.echo.v1.EchoService";
const guard = auth({ verify: () => undefined });
const list = (...middleware: AnyMiddleware[]) => middleware;

describe.each(runtimes)("a match that hits no method stops the start, over %s", (_name, runtime) => {
  const start = (middleware: readonly AnyMiddleware[]) =>
    createServer({ runtime, middleware }).add(EchoServiceDefinition, echoService()).listen("127.0.0.1:0");

  test.each<[string, string]>([
    [`${echo}/Typo`, "is named"],
    [`${echo}/EchoUnaryy`, `did you mean '${echo}/EchoUnary'?`],
    [`${echo}/echoUnary`, `did you mean '${echo}/EchoUnary'?`],
    [`/${echo}/EchoUnary`, `did you mean '${echo}/EchoUnary'?`],
    [`${echo}.EchoUnary`, `did you mean '${echo}/EchoUnary'?`],
    [`${echo}/`, `did you mean '${echo}/*'?`],
    ["EchoUnary", `did you mean '${echo}/EchoUnary'?`],
    ["echoUnary", `did you mean '${echo}/EchoUnary'?`],
    ["EchoService/EchoUnary", `did you mean '${echo}/EchoUnary'?`],
    [echo, `did you mean '${echo}/*'?`],
    ["EchoService", `did you mean '${echo}/*'?`],
    ["callwire.echo.v1.EcoService/*", `did you mean '${echo}/*'?`],
    [`/${echo}/*`, `did you mean '${echo}/*'?`],
    [`${echo}/Echo*`, `did you mean '${echo}`],
    ["Typo/*", "is named 'Typo/*'"],
    ["*", "is named '*'"],
    ["", "is named ''"],
    ["grpc.health.v1.Health/*", "health and reflection are outside of all middleware"],
  ])("the name '%s'", async (name, message) => {
    for (const match of [name, [`${echo}/EchoUnary`, name], except(name)]) {
      const one = forMethods(match, guard);
      for (const middleware of [
        one,
        forMethods(`${echo}/*`, one),
        forMethods(name, forMethods(`${echo}/*`, guard)),
        toNiceGrpc(one),
        { name: "inside", for: () => one } satisfies Middleware,
      ]) {
        await expect(start([middleware])).rejects.toThrow(message);
      }
    }
  });

  test.each<[string, readonly AnyMiddleware[]]>([
    ["a function", list(forMethods(({ path }) => path.endsWith("/Renamed"), guard))],
    ["all but all", list(forMethods(except(`${echo}/*`), guard))],
    ["nothing", list(forMethods([], guard))],
    [
      "two that exclude each other",
      list(forMethods(`${echo}/EchoUnary`, forMethods(`${echo}/EchoBidiStream`, guard))),
    ],
    [
      "one inside all but it",
      list(forMethods(except(`${echo}/EchoUnary`), forMethods(`${echo}/EchoUnary`, guard))),
    ],
  ])("%s", async (_what, middleware) => {
    await expect(start(middleware)).rejects.toThrow(/hits no method of a service that was added/);
  });

  test("a method of any service counts, whichever was added last", async () => {
    const server = createServer({ runtime, middleware: [forMethods("a.B/C", guard)] });
    server.add(EchoServiceDefinition, echoService());
    await expect(server.listen("127.0.0.1:0")).rejects.toThrow("is named 'a.B/C'");
    const codec = () => Buffer.alloc(0);
    const method = {
      path: "/a.B/C",
      requestStream: false,
      responseStream: false,
      requestSerialize: codec,
      requestDeserialize: codec,
      responseSerialize: codec,
      responseDeserialize: codec,
      options: {},
    } as const;
    server.add({ c: method }, { c: async () => Buffer.alloc(0) });
    await expect(server.listen("127.0.0.1:0")).resolves.toBeGreaterThan(0);
    server.forceShutdown();
  });

  test("no service at all is said", async () => {
    const server = createServer({ runtime, middleware: [forMethods(() => true, guard)] });
    await expect(server.listen("127.0.0.1:0")).rejects.toThrow("none was added");
  });
});

test.each<[string, unknown[], string]>([
  ["no match", [undefined, guard], "forMethods: the match is missing"],
  ["the wrong order", [guard, `${echo}/*`], "forMethods: the match is an object: it must be a text like"],
  ["no middleware", ["a.B/*"], "forMethods: the middleware is missing"],
  ["a number among names", [["a.B/C", 5], guard], "forMethods: the match is an array"],
])("forMethods refuses %s", (_what, args, message) => {
  expect(() => (forMethods as (...all: unknown[]) => unknown)(...args)).toThrow(message);
});
