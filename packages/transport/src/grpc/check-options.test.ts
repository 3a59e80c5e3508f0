import { describe, expect, test } from "@jest/globals";
import { checkDefinition } from "./check-definition.js";
import { checkOptions, checkValue } from "./check-options.js";
import { checkGrpcJsChannelOptions } from "./grpc-js-channel-options.js";
import * as rules from "./option-rules.js";

const { milliseconds, oneOf, options, pem, required, rulesFrom, secret, text, wholeNumber } = rules;
const known = {
  address: required(text),
  timeoutMs: milliseconds(),
  retry: options({ maxAttempts: wholeNumber({ min: 1, max: 5 }) }),
  balancing: oneOf("pick_first", "round_robin"),
  token: secret(text),
};

test.each<[unknown, string]>([
  [undefined, "make takes an object of options, and was given undefined"],
  [null, "make takes an object of options, and was given null"],
  [[], "make takes an object of options, and was given an empty array"],
  ["a:1", "make takes an object of options, and was given a text"],
  [{}, "make: the option 'address' is missing: it must be a text"],
  [{ address: undefined }, "make: the option 'address' is missing"],
  [{ address: 5 }, "make: address is 5: it must be a text"],
  [{ adress: "a:1" }, "make has no option 'adress'; did you mean 'address'?"],
  [{ address: "a:1", timeout: 5 }, "make has no option 'timeout'; did you mean 'timeoutMs'?"],
  [{ address: "a:1", "time-out_ms": 5 }, "did you mean 'timeoutMs'?"],
  [
    { address: "a:1", timeoutMs: NaN },
    "make: timeoutMs is NaN: it must be a number of milliseconds of at least 0, or Infinity",
  ],
  [{ address: "a:1", timeoutMs: -1 }, "make: timeoutMs is -1: it must be"],
  [{ address: "a:1", timeoutMs: 5n }, "make: timeoutMs is 5n: it must be"],
  [{ address: "a:1", timeoutMs: Symbol("s") }, "make: timeoutMs is Symbol(s): it must be"],
  [{ address: "a:1", maxAttempts: 5 }, "make has no option 'maxAttempts'; did you mean 'retry.maxAttempts'?"],
  [
    { address: "a:1", retry: { maxAttempt: 5 } },
    "make has no option 'retry.maxAttempt'; did you mean 'retry.maxAttempts'?",
  ],
  [
    { address: "a:1", retry: { timeoutMs: 5 } },
    "make has no option 'retry.timeoutMs'; did you mean 'timeoutMs'?",
  ],
  [
    { address: "a:1", retry: { maxAttempts: 1.5 } },
    "make: retry.maxAttempts is 1.5: it must be a whole number from 1 to 5",
  ],
  [
    { address: "a:1", retry: Object.create(null) as object, zzzzzz: 1 },
    "make has no option 'zzzzzz'; it has address, timeoutMs",
  ],
  [
    { address: "a:1", balancing: "random" },
    'make: balancing is "random": it must be "pick_first" or "round_robin"',
  ],
  [{ address: "a:1", token: 123 }, "make: token is a number: it must be a text"],
  [{ address: "a:1", toString: 1 }, "make has no option 'toString'"],
])("%p is refused", (given, message) => {
  expect(() => checkOptions("make", given, known)).toThrow(message);
});

test.each<[string, object, string]>([
  ["a promise", Promise.resolve({ address: "a:1" }), "a promise, which was not awaited"],
  ["a Map", new Map([["address", "a:1"]]), "an object (Map)"],
  ["a Date", new Date(0), "an object (Date)"],
  ["a signal", new AbortController().signal, "an object (AbortSignal)"],
])("%s has no options of its own", (_, given, shown) => {
  expect(() => checkOptions("make", given, { timeoutMs: milliseconds() })).toThrow(
    `make takes an object of options, and was given ${shown}`,
  );
  expect(() => checkOptions("make", { address: "a:1", retry: given }, known)).toThrow(
    `make: retry is ${shown}: it must be an object of options`,
  );
});

test("what is inherited is checked too, since it is read", () => {
  const inherited = (options: object) => Object.create(options) as object;
  expect(() => checkOptions("make", inherited({ address: "a:1", timeoutMs: NaN }), known)).toThrow(
    "make: timeoutMs is NaN",
  );
  expect(() => checkOptions("make", inherited({ address: "a:1" }), known)).not.toThrow();
});

test("a name of which several have a part is that of which it is the most", () => {
  const times = { stallTimeoutMs: milliseconds(), timeoutMs: milliseconds() };
  expect(() => checkOptions("make", { timeout: 1 }, times)).toThrow("did you mean 'timeoutMs'?");
});

test("what an option stands in is no place for it", () => {
  expect(() => checkOptions("make", { address: "a:1", retry: { retries: 1 } }, known)).toThrow(
    "make has no option 'retry.retries'; it has maxAttempts",
  );
});

test("what is right passes, and undefined is not given", () => {
  const right = { address: "a:1", timeoutMs: Infinity, retry: { maxAttempts: 5 }, balancing: undefined };
  expect(() => checkOptions("make", right, known)).not.toThrow();
});

test("an option of defaults cannot be without a check", () => {
  expect(Object.keys(rulesFrom({ a: 1, bMs: 1, c: true, d: { e: 1 } }))).toEqual(["a", "bMs", "c", "d"]);
  expect(() => rulesFrom({ hook: () => {} })).toThrow("hook has a default of a kind without a check");
});

test("numbers out of range are RangeErrors, the rest TypeErrors; secrets are not shown", () => {
  expect(() => checkValue("drain", "timeoutMs", NaN, milliseconds())).toThrow(RangeError);
  expect(() => checkValue("drain", "timeoutMs", "1", milliseconds())).toThrow(TypeError);
  expect(() => checkValue("tls", "key", 5, pem)).toThrow(
    "tls: key is a number: it must be PEM, as a text or as bytes",
  );
});

test.each<[object, string | undefined]>([
  [{ "grpc.max_recieve_message_length": 1 }, "did you mean 'grpc.max_receive_message_length'?"],
  [{ "grpc.keepalive_time_ms": NaN }, "channelOptions['grpc.keepalive_time_ms'] is NaN"],
  [{ maxConnections: 2 }, "createClient (nice-grpc) has no option 'maxConnections'"],
  [
    { "grpc.keepalive_permit_without_calls": true },
    "grpc.keepalive_permit_without_calls is true: it must be a number; 1 is yes, and 0 no",
  ],
  [{ "grpc.keepalive_time_ms": "10" }, 'grpc.keepalive_time_ms is "10": it must be a number'],
  [{ "grpc.service_config": {} }, "grpc.service_config is an object: it must be a text"],
  [{ "grpc.http2.max_pings_without_data": 0 }, undefined],
  [{ "grpc.keepalive_time_ms": 1, interceptors: [] }, undefined],
])("options of grpc-js's channels: %p", (given, message) => {
  const check = () => checkGrpcJsChannelOptions("createClient", given);
  if (message === undefined) expect(check).not.toThrow();
  else expect(check).toThrow(message);
});

describe("a definition that is none", () => {
  const GrpcJsClient = Object.assign(function GrpcJsClient() {}, { service: {} });
  test.each<[string, unknown, string]>([
    ["nothing", undefined, "the service definition is undefined"],
    ["null", null, "the service definition is null"],
    ["a name", "users.UserService", "the service definition is a text"],
    ["nothing in it", {}, "an object without methods"],
    ["options", { address: "a:1" }, "an object whose 'address' describes no method"],
    ["handlers", { getUser: async () => ({}) }, "an object whose 'getUser' describes no method"],
    [
      "a message type",
      { typeName: "a.M", encode: () => {} },
      "the message type a.M: it must be one that protoc-gen-callwire",
    ],
    [
      "a module",
      { M: { typeName: "a.M" }, SDefinition: { fullName: "a.S", methods: {} } },
      "the module of a contract: it must be one that protoc-gen-callwire, ts-proto or grpc-tools makes; give its SDefinition",
    ],
    ["protobuf-es's", { kind: "service", typeName: "a.B", methods: [] }, "a service of protobuf-es"],
    ["a class of grpc-js", GrpcJsClient, "give its `service`"],
    [
      "one without types",
      { fullName: "a.B", methods: { get: { name: "Get" } } },
      "'get' describes no method",
    ],
  ])("%s", (_, definition, message) => {
    expect(() => checkDefinition(definition)).toThrow(message);
    expect(() => checkDefinition(definition)).toThrow(TypeError);
  });
});
