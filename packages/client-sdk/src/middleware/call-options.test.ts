import { describe, expect, test } from "@jest/globals";
import { EchoServiceDefinition } from "@callwire/testkit";
import { type ClientMiddleware, Metadata, Status } from "nice-grpc-common";
import type { ClientOptions } from "../client-options.js";
import { createClient, createUsersClient } from "../test-room/clients.js";

/** Nothing is sent, so that nobody need be there. */
const nobody: ClientOptions = { address: "127.0.0.1:1", retry: false };
const own: ClientMiddleware = async function* own(call, options) {
  return yield* call.next(call.request, options);
};

/** The error of a call with options of JavaScript's callers. */
async function errorOf(options: object, clientOptions: Partial<ClientOptions> = {}): Promise<unknown> {
  await using client = createClient(EchoServiceDefinition, { ...nobody, ...clientOptions });
  return await client.echoUnary({ text: "" }, options).catch((error: unknown) => error);
}

const refused = (description: string) => ({
  name: "CallError",
  code: Status.INVALID_ARGUMENT,
  origin: "local",
  description,
  cause: { name: "TypeError" },
});

describe("a call is refused, and nothing is sent, for", () => {
  test.each<[object, string]>([
    [{ deadlineMs: 1 }, "the call has no option 'deadlineMs'; did you mean 'deadline'?"],
    [{ timeout: 1 }, "the call has no option 'timeout'; did you mean 'timeoutMs'?"],
    [{ requestID: "a" }, "the call has no option 'requestID'; did you mean 'requestId'?"],
    [{ retries: 3 }, "the call has no option 'retries'; did you mean 'retry'?"],
    [{ retry: 3 }, "the call: retry is 3: it must be true or false"],
    [
      { timeoutMs: "5" },
      "timeoutMs is of type string: it must be a number of more than 0; Infinity means no limit",
    ],
    // JavaScript compares some of these with numbers, and throws at others.
    [
      { timeoutMs: 5n },
      "timeoutMs is of type bigint: it must be a number of more than 0; Infinity means no limit",
    ],
    [
      { timeoutMs: Symbol("s") },
      "timeoutMs is of type symbol: it must be a number of more than 0; Infinity means no limit",
    ],
    [
      { stallTimeoutMs: [5] },
      "stallTimeoutMs is of type object: it must be a number of more than 0; Infinity means no limit",
    ],
    [{ requestId: 5n }, "requestId is of type bigint: it must be printable ASCII without spaces"],
    [
      { deadline: Symbol("s") },
      "the call: deadline is Symbol(s): it must be a Date, or milliseconds since the epoch; for a time from now there is 'timeoutMs'",
    ],
    [
      { deadline: 5000 },
      "the call: deadline is 5000: it must be a Date, or milliseconds since the epoch; for a time from now there is 'timeoutMs'",
    ],
  ])("%p", async (options, description) => {
    expect(await errorOf(options)).toMatchObject(refused(description));
  });

  test("a call of any shape, and of the users client", async () => {
    const said = refused("the call has no option 'timeout'; did you mean 'timeoutMs'?");
    const options = { timeout: 1 } as object;
    await using client = createClient(EchoServiceDefinition, nobody);
    const next = async (stream: AsyncIterable<unknown>) => stream[Symbol.asyncIterator]().next();
    await expect(next(client.echoServerStream({}, options))).rejects.toMatchObject(said);
    await expect(client.echoClientStream([], options)).rejects.toMatchObject(said);
    await expect(next(client.echoBidiStream([], options))).rejects.toMatchObject(said);
    await using users = createUsersClient(nobody);
    await expect(users.getUser({ id: "a" }, options)).rejects.toMatchObject(said);
    await expect(next(users.list({}, options))).rejects.toMatchObject(said);
  });
});

describe("a call that was given for options what has none", () => {
  const passing: ClientMiddleware = async function* passing(call, options) {
    return yield* call.next(call.request, { ...options });
  };
  const values: [string, unknown][] = [
    ["5000", 5000],
    ["a text", "5s"],
    ["5n", 5n],
    ["true", true],
    ["Symbol(s)", Symbol("s")],
    ["a function", () => {}],
    ["an object (AbortSignal)", new AbortController().signal],
    ["an object (AbortController)", new AbortController()],
    ["a promise, which was not awaited", Promise.resolve({ timeoutMs: 5 })],
    ["an object (Date)", new Date()],
    ["an object (Error)", new Error("late")],
    ["a list of values: metadata goes into 'metadata'", new Map([["timeoutMs", 5]])],
    ["a list of values: metadata goes into 'metadata'", []],
    ["a list of values: metadata goes into 'metadata'", Metadata({ a: "b" })],
  ];

  test.each(["phases", "a generator"])("is refused whatever its shape, with %s around it", async (around) => {
    await using client = createClient(EchoServiceDefinition, {
      ...nobody,
      middleware: around === "phases" ? [{}] : [passing],
    });
    await using users = createUsersClient(nobody);
    const next = async (stream: AsyncIterable<unknown>) => stream[Symbol.asyncIterator]().next();
    for (const [shown, value] of values) {
      const options = value as object;
      const said = refused(`the call takes an object of options, and was given ${shown}`);
      // oxlint-disable-next-line no-await-in-loop -- one value after the other
      const calls = await Promise.allSettled([
        client.echoUnary({}, options),
        next(client.echoServerStream({}, options)),
        client.echoClientStream([], options),
        next(client.echoBidiStream([], options)),
        users.createUser({}, options),
        next(users.list({}, options)),
      ]);
      expect(calls).toMatchObject(calls.map(() => ({ status: "rejected", reason: said })));
    }
  });

  test("takes null for none", async () => {
    await using client = createClient(EchoServiceDefinition, { ...nobody, middleware: [passing] });
    await using users = createUsersClient(nobody);
    const none = null as unknown as undefined;
    const stream = client.echoServerStream({}, none)[Symbol.asyncIterator]();
    const calls = [client.echoUnary({}, none), stream.next(), users.createUser({}, none)];
    expect(await Promise.allSettled<unknown>(calls)).toMatchObject(
      calls.map(() => ({ status: "rejected", reason: { code: Status.UNAVAILABLE } })),
    );
  });
});

test("middleware may have options of their own, but not ours in another case", async () => {
  const unavailable = { code: Status.UNAVAILABLE };
  for (const middleware of [own, {}]) {
    expect(await errorOf({ tenant: "a", timeout: 1 }, { middleware: [middleware] })).toMatchObject(
      unavailable,
    );
    expect(await errorOf({ timeoutMS: 1 }, { middleware: [middleware] })).toMatchObject(
      refused("the call has no option 'timeoutMS'; did you mean 'timeoutMs'?"),
    );
  }
  expect(await errorOf({ tenant: "a" })).toMatchObject({ code: Status.INVALID_ARGUMENT });
});
