import { afterEach, expect, test } from "@jest/globals";
import { EchoServiceDefinition } from "@callwire/testkit";
import { baseUrlOf } from "./base-url.js";
import { createClient } from "./create-client.js";
import type { WebClientOptions } from "./web-options.js";

const baseUrl = "https://api.example.com";

function making(options: object) {
  return () => createClient(EchoServiceDefinition, options as WebClientOptions);
}

test.each<[object, string]>([
  [{}, "createClient: the option 'baseUrl' is missing: it must be a text like 'https://api.example.com'"],
  [{ baseURL: baseUrl }, "createClient has no option 'baseURL'; did you mean 'baseUrl'?"],
  [{ baseUrl, timeout: 1 }, "createClient has no option 'timeout'; did you mean 'timeoutMs'?"],
  [
    { baseUrl, retry: { attempts: 1 } },
    "createClient has no option 'retry.attempts'; did you mean 'retry.maxAttempts'?",
  ],
  [{ baseUrl, protocol: "grpc" }, 'createClient: protocol is "grpc": it must be "connect" or "grpc-web"'],
  [
    { baseUrl, credentials: true },
    'createClient: credentials is true: it must be "omit" or "same-origin" or "include"',
  ],
  [
    { baseUrl, maxReceiveMessageBytes: 0 },
    "createClient: maxReceiveMessageBytes is 0: it must be a whole number of at least 1, or Infinity",
  ],
  [
    { baseUrl, token: "a b" },
    "createClient: token is a text: it must be a text of printable ASCII without spaces",
  ],
  [
    { baseUrl, middleware: [{ begun() {} }] },
    "createClient: middleware[0] has no option 'begun'; did you mean 'began'?",
  ],
  [
    { baseUrl, middleware: [async function* () {}] },
    "createClient: middleware[0] is a function, which is none",
  ],
])("%j is refused at once", (options, message) => {
  expect(making(options)).toThrow(message);
});

test("a definition that is none", () => {
  const make = (definition: unknown) => () => createClient(definition as EchoServiceDefinition, { baseUrl });
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
  expect(() => baseUrlOf({ baseUrl: base })).toThrow(
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
