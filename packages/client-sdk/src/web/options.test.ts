import { afterEach, describe, expect, test } from "@jest/globals";
import { EchoServiceDefinition } from "@callwire/testkit";
import { baseUrlOf } from "./base-url.js";
import { connect } from "./connect.js";
import { createClient } from "./create-client.js";
import { grpcWeb } from "./grpc-web.js";
import type { WebClientOptions } from "./web-options.js";

const baseUrl = "https://api.example.com";
const protocol = connect;

function making(options: object) {
  return () => createClient(EchoServiceDefinition, { protocol, ...options } as WebClientOptions);
}

test.each<[object, string]>([
  [{}, "createClient: baseUrl is null: it must be a text like 'https://api.example.com'"],
  [{ baseURL: baseUrl }, "createClient has no option 'baseURL'; did you mean 'baseUrl'?"],
  [{ baseUrl, timeout: 1 }, "createClient has no option 'timeout'; did you mean 'timeoutMs'?"],
  [
    { baseUrl, retry: { attempts: 1 } },
    "createClient has no option 'retry.attempts'; did you mean 'retry.maxAttempts'?",
  ],
  ...[
    [undefined, "null"],
    ["connect", '"connect"'],
    [{ name: "Connect" }, "object"],
    [() => connect, "function"],
  ].map(([given, shown]): [object, string] => [
    { baseUrl, protocol: given },
    `createClient: protocol is ${shown as string}: it must be connect or grpcWeb, as "@callwire/client-sdk/web" exports them`,
  ]),
  [
    { baseUrl, credentials: true },
    'createClient: credentials is true: it must be "omit", "same-origin" or "include"',
  ],
  [
    { baseUrl, maxReceiveMessageBytes: 0 },
    "createClient: maxReceiveMessageBytes is 0: it must be a whole number of at least 1, or Infinity",
  ],
  [
    { baseUrl, token: "a b" },
    "createClient: token is string: it must be a text of printable ASCII without spaces, and without 'Bearer' before it, or a function that gives one",
  ],
  [
    { baseUrl, middleware: [{ begun() {} }] },
    "createClient: middleware[0] has no option 'begun'; did you mean 'began'?",
  ],
  [
    { baseUrl, middleware: [async function* () {}] },
    "createClient: middleware[0] is function, which is none",
  ],
])("%j is refused at once", (options, message) => {
  expect(making(options)).toThrow(message);
});

test.each<[object, boolean]>([
  [{ timeoutMs: 0 }, false],
  [{ timeoutMs: -1 }, false],
  [{ timeoutMs: NaN }, false],
  [{ timeoutMs: "5" }, false],
  [{ timeoutMs: 0.5 }, true],
  [{ timeoutMs: Infinity }, true],
  [{ timeoutMs: undefined }, true],
  [{ maxReceiveMessageBytes: 1.5 }, false],
  [{ maxReceiveMessageBytes: 1024 }, true],
  [{ allowTokenInClear: "true" }, false],
  [{ allowTokenInClear: false }, true],
  [{ fetch: {} }, false],
  [{ metadata: [["a", "b"]] }, false],
  [{ metadata: { a: "b" } }, true],
  [{ middleware: {} }, false],
  [{ middleware: [null] }, false],
  [{ middleware: [{ began: 1 }] }, false],
  [{ retry: true }, false],
  [{ retry: false }, true],
  [{ retry: { maxAttempts: 6 } }, false],
  [{ retry: { maxAttempts: 5, initialBackoffMs: 0.1, maxBackoffMs: Infinity } }, true],
  [{ retry: { backoffMultiplier: 0.5 } }, false],
  [{ retry: { backoffMultiplier: 1.5, maxWaitMs: 0 } }, true],
  [{ retry: { maxWaitMs: -1 } }, false],
  [{ retry: { maxTokens: 1001 } }, false],
  [{ retry: { maxTokens: 0 } }, false],
  [{ retry: { maxTokens: 0.5, tokenRatio: 1e-7 } }, true],
  [{ retry: { tokenRatio: 0 } }, false],
  [{ protocol: grpcWeb }, true],
  [{ token: "" }, false],
  [{ token: 'a"\\' }, true],
  [{ token: () => "a" }, true],
])("%j: %j", (options, isTaken) => {
  const make = making({ baseUrl, ...options });
  if (isTaken) expect(make).not.toThrow();
  else expect(make).toThrow(/^createClient: .* is .*: it must be |which is none$/);
});

test("a number that is out of range is a RangeError, and what is no object is refused", () => {
  expect(making({ baseUrl, timeoutMs: 0 })).toThrow(RangeError);
  expect(making({ baseUrl, timeoutMs: "5" })).toThrow(TypeError);
  expect(() => createClient(EchoServiceDefinition, undefined as never)).toThrow(
    "createClient: baseUrl is null",
  );
  expect(making({ baseUrl, cors: true })).toThrow(
    "createClient has no option 'cors'; it has allowTokenInClear, ",
  );
});

describe("options of a call", () => {
  const call = (options: object, more: Partial<WebClientOptions> = {}) => {
    const fetch = async () => Promise.reject(new Error("nothing is sent"));
    const client = createClient(EchoServiceDefinition, { baseUrl, protocol, retry: false, fetch, ...more });
    return client.echoUnary({}, options);
  };
  const path = "/callwire.echo.v1.EchoService/EchoUnary";

  test.each<[object, string]>([
    [{ timeout: 5 }, "has no option 'timeout'; did you mean 'timeoutMs'?"],
    [{ abortSignal: undefined }, "has no option 'abortSignal'; did you mean 'signal'?"],
    [{ retries: 0 }, "has no option 'retries'; did you mean 'retry'?"],
    [{ deadline: 5000 }, ": deadline is 5000: it must be a Date, or milliseconds since the epoch"],
    [{ retry: 3 }, ": retry is 3: it must be true or false"],
    [{ signal: null }, ": signal is null: it must be an AbortSignal"],
  ])("%j is refused", async (options, message) => {
    await expect(call(options)).rejects.toThrow(TypeError);
    await expect(call(options)).rejects.toThrow(
      message.startsWith(":") ? path + message : `${path} ${message}`,
    );
  });

  test.each<object>([
    { timeoutMs: 5000.5, deadline: new Date(Date.now() + 5000), metadata: [["a", "b"]], signal: undefined },
    { deadline: Date.now() + 5000, onHeader() {}, retry: false, requestId: "a", waitForReady: true },
  ])("%j is taken", async (options) => {
    await expect(call(options)).rejects.toThrow("nothing is sent");
  });

  test.each<[unknown, string]>([
    [5000, "5000"],
    ["5s", '"5s"'],
    [null, "null"],
    [() => {}, "function"],
    [[], "an array"],
    ...[new AbortController().signal, Promise.resolve({}), new Map(), new Date()].map(
      (value): [unknown, string] => [value, "object"],
    ),
  ])("cannot be read from %p", async (value, shown) => {
    const said = `${path} takes an object of options, not ${shown}`;
    await expect(call(value as object)).rejects.toThrow(said);
    await expect(call(value as object, { middleware: [{}] })).rejects.toThrow(said);
  });

  test("may be those of middleware, if there are any", async () => {
    const middleware = [{ began() {} }];
    await expect(call({ tenant: "a" }, { middleware })).rejects.toThrow("nothing is sent");
    await expect(call({ timeout_ms: 5 }, { middleware })).rejects.toThrow("did you mean 'timeoutMs'?");
  });
});

test("a definition that is none", () => {
  const make = (definition: unknown) => () =>
    createClient(definition as EchoServiceDefinition, { baseUrl, protocol });
  const message =
    "createClient: the definition has no methods: is its name imported from the generated file?";
  expect(make(undefined)).toThrow(message);
  expect(make({})).toThrow(message);
});

test.each([
  ["https://api.example.com", "https://api.example.com"],
  ["https://api.example.com/rpc/v1/", "https://api.example.com/rpc/v1"],
])("the base %s", (base, url) => {
  expect(baseUrlOf({ baseUrl: base })).toBe(url);
});

const page = globalThis as { location?: { href: string } };
afterEach(() => {
  delete page.location;
});

test("a base that is relative to the page", () => {
  page.location = { href: "https://shop.example.com/cart?item=1" };
  expect(baseUrlOf({ baseUrl: "/rpc" })).toBe("https://shop.example.com/rpc");
});

test.each([
  "/rpc",
  "api.example.com",
  "ws://api.example.com",
  "https://a.example/?b=1",
  "https://a.example/#b",
])("the base %s is refused", (base) => {
  expect(making({ baseUrl: base })).toThrow(
    `baseUrl is "${base}": it must be like "https://api.example.com/rpc"; on a page it may be like "/rpc"`,
  );
});

test("a token leaves this machine only by TLS", () => {
  const token = "t1";
  expect(() => baseUrlOf({ baseUrl: "http://api.example.com", token })).toThrow(
    "refusing to send a token in clear text to api.example.com: use https://, or set allowTokenInClear if the network is trusted",
  );
  for (const host of ["localhost:8080", "127.0.0.1", "[::1]:80"]) {
    expect(baseUrlOf({ baseUrl: `http://${host}`, token })).toContain("http://");
  }
  expect(baseUrlOf({ baseUrl: "http://a.example", token, allowTokenInClear: true })).toBe("http://a.example");
});
