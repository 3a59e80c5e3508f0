import { describe, expect, test } from "@jest/globals";
import { EchoServiceDefinition } from "@callwire/testkit";
import { Metadata } from "../grpc/new-metadata.js";
import { collect, failureOf } from "../testing/outcomes.js";
import { callOptionRules, CallOptionsCheck } from "./call-options-check.js";
import { createChannel } from "./channel.js";
import type { CallOptions } from "./client-types.js";
import { createClient, createClientFactory } from "./create-client.js";

/** Options that are not right, and what is said of them. */
const wrong: readonly [options: object, message: string][] = [
  [{ timeout: 5 }, "has no option 'timeout'; did you mean 'timeoutMs'?"],
  [{ timeoutMS: 5 }, "has no option 'timeoutMS'; did you mean 'timeoutMs'?"],
  [{ deadlineMs: 5 }, "has no option 'deadlineMs'; did you mean 'deadline'?"],
  [{ waitforready: true }, "has no option 'waitforready'; did you mean 'waitForReady'?"],
  [{ abortSignal: undefined }, "has no option 'abortSignal'; did you mean 'signal'?"],
  [{ timeoutMs: "5" }, '.timeoutMs is "5": it must be a number of milliseconds'],
  [
    { deadline: 5000 },
    ".deadline is 5000: it must be a Date, or milliseconds since the epoch; for a time from now",
  ],
  [{ waitForReady: 1 }, ".waitForReady is 1: it must be true or false"],
  [{ compression: "zip" }, '.compression is "zip": it must be "identity" or "gzip"'],
  [{ signal: new AbortController() }, ".signal is an object (AbortController): it must be an AbortSignal"],
  [{ signal: null }, ".signal is null: it must be an AbortSignal"],
  [{ onHeader: true }, ".onHeader is true: it must be a function"],
  [{ metadata: "a" }, ".metadata is a text: it must be metadata, such as"],
];

describe("the options of a call", () => {
  const check = new CallOptionsCheck(callOptionRules, false);

  test.each(wrong)("%o is refused", (options, message) => {
    const text = message.startsWith(".") ? `: ${message.slice(1)}` : ` ${message}`;
    expect(() => check.check(options, "/a/b")).toThrow(`/a/b${text}`);
  });

  test.each<[CallOptions]>([
    [{}],
    [{ timeoutMs: Infinity, deadline: Date.now(), stallTimeoutMs: 1, waitForReady: false }],
    [{ deadline: Infinity, compression: "gzip", signal: AbortSignal.abort(), onTrailer() {} }],
    [{ timeoutMs: undefined, deadline: new Date(0) } as object],
  ])("%o is taken", (options) => {
    expect(() => check.check(options, "/a/b")).not.toThrow();
  });

  test.each<[unknown, string]>([
    [() => {}, "/a/b takes an object of options, and was given a function"],
    [5000, "/a/b takes an object of options, and was given 5000"],
    [null, "/a/b takes an object of options, and was given null"],
    [Promise.resolve({}), "/a/b takes an object of options, and was given a promise, which was not awaited"],
    [new Date(), "/a/b takes an object of options, and was given an object (Date)"],
    [AbortSignal.abort(), "/a/b takes an object of options, and was given an object (AbortSignal)"],
    [Metadata({ a: "b" }), "/a/b takes an object of options, and was given a list of values: metadata goes"],
    [[], "/a/b takes an object of options, and was given a list of values"],
  ])("are no %p", (options, message) => {
    expect(() => check.check(options as object, "/a/b")).toThrow(message);
  });

  test("that middleware may have are passed over, but for those of another case", () => {
    const lenient = new CallOptionsCheck(callOptionRules, true);
    for (let round = 0; round < 2; round++) {
      for (const name of ["tenant", "timeout", "retryMaxAttempts", "__proto__x"])
        expect(() => lenient.check({ [name]: 1 }, "/a/b")).not.toThrow();
      expect(() => lenient.check({ timeoutMS: 1 }, "/a/b")).toThrow("did you mean 'timeoutMs'?");
      expect(() => lenient.check({ timeout_ms: 1 }, "/a/b")).toThrow("did you mean 'timeoutMs'?");
      expect(() => lenient.check({ timeoutMs: "1" }, "/a/b")).toThrow("timeoutMs is");
    }
  });
});

test("a client fails the call, whatever its shape, and refuses defaults at once", async () => {
  using channel = Object.assign(createChannel("127.0.0.1:1"), {
    [Symbol.dispose]() {
      (this as unknown as { close(): void }).close();
    },
  });
  const client = createClient(EchoServiceDefinition, channel);
  const options = { timeoutMS: 1 } as CallOptions;
  const said = { name: "TypeError", message: expect.stringContaining("did you mean 'timeoutMs'?") };
  expect(await failureOf(client.echoUnary({ text: "" }, options))).toMatchObject(said);
  expect(await failureOf(collect(client.echoServerStream({}, options)))).toMatchObject(said);
  const callback: object = () => {};
  const called = client.echoUnary({ text: "" }, callback);
  expect((await failureOf(called)).message).toContain("was given a function");
  const passing = createClientFactory()
    .use(async function* pass(call, given) {
      return yield* call.next(call.request, given);
    })
    .create(EchoServiceDefinition, channel);
  expect(await failureOf(passing.echoUnary({ text: "" }, options))).toMatchObject(said);
  for (const name of ["*", "echoUnary"])
    expect(() => createClient(EchoServiceDefinition, channel, { [name]: options })).toThrow(TypeError);
});
