import { expect, test } from "@jest/globals";
import type { ServerMiddleware } from "nice-grpc-common";
import { startEcho } from "../testing/echo-server.js";
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
