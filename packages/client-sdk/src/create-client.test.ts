import { describe, expect, test } from "@jest/globals";
import type { ClientCallContext, ClientRuntime, CompatServiceDefinition } from "@callwire/transport";
import { echoService, EchoServiceDefinition, startServer } from "@callwire/testkit";
import {
  type CallContext,
  type CallOptions,
  type ClientMiddleware,
  type ClientMiddlewareCall,
  Metadata,
  ServerError,
  Status,
} from "nice-grpc-common";
import { CallError } from "./errors/call-error.js";
import { createClient as createWithoutTests } from "./create-client.js";
import { retry } from "./middleware/retry.js";
import { createClient, runtime } from "./test-room/clients.js";

const unreachable = "127.0.0.1:1";

function fail(): never {
  throw new Error("no token");
}

function startRecording(calls: CallContext[]) {
  return startServer((s) =>
    s.add(
      EchoServiceDefinition,
      echoService((context) => void calls.push(context)),
    ),
  );
}

describe("middleware", () => {
  test("are outermost first: around the whole call, inside request id and errors, outside retries", async () => {
    const events: string[] = [];
    const named = (name: string): ClientMiddleware =>
      async function* record<Request, Response>(
        call: ClientMiddlewareCall<Request, Response>,
        options: CallOptions,
      ) {
        events.push(
          `${name} in ${options.metadata?.get("x-request-id")} ${options.metadata?.has("authorization")}`,
        );
        try {
          return yield* call.next(call.request, options);
        } catch (error) {
          events.push(`${name} out ${(error as Error).name}`);
          throw error;
        }
      };
    let attempts = 0;
    await using server = await startServer((s) =>
      s.add(
        EchoServiceDefinition,
        echoService(() => {
          attempts += 1;
          throw new ServerError(Status.UNAVAILABLE, "");
        }),
      ),
    );
    await using client = createClient(EchoServiceDefinition, {
      address: server.address,
      token: "t",
      retry: { maxAttempts: 2, initialBackoffMs: 5 },
      middleware: [named("outer"), named("inner")],
    });
    await expect(client.echoUnary({}, { requestId: "r" })).rejects.toBeInstanceOf(CallError);
    expect(events).toEqual([
      "outer in r false",
      "inner in r false",
      "inner out ClientError",
      "outer out ClientError",
    ]);
    expect(attempts).toBe(2);
  });

  test("have call options of their own, and their errors become CallErrors", async () => {
    const tenant: ClientMiddleware<{ tenant: string }> = async function* tenant<Request, Response>(
      call: ClientMiddlewareCall<Request, Response>,
      { tenant, ...options }: CallOptions & { tenant?: string },
    ) {
      if (!tenant) throw new Error("no tenant");
      const metadata = Metadata(options.metadata).set("x-tenant", tenant);
      return yield* call.next(call.request, { ...options, metadata });
    };
    const calls: CallContext[] = [];
    await using server = await startRecording(calls);
    await using client = createClient(EchoServiceDefinition, {
      address: server.address,
      middleware: [tenant],
    });
    await client.echoUnary({}, { tenant: "acme" });
    expect(calls[0]?.metadata.get("x-tenant")).toBe("acme");
    await expect(client.echoUnary({})).rejects.toMatchObject({
      name: "CallError",
      code: Status.UNKNOWN,
      description: "no tenant",
    });
  });
});

describe("metadata", () => {
  test("of the client goes with every call, and the call's own before it", async () => {
    const calls: CallContext[] = [];
    await using server = await startRecording(calls);
    await using client = createClient(EchoServiceDefinition, {
      address: server.address,
      metadata: { "x-a": "client", "x-b": "client" },
    });
    await client.echoUnary({}, { metadata: Metadata({ "x-b": "call" }) });
    await client.echoUnary({});
    expect(calls.map(({ metadata }) => [metadata.get("x-a"), metadata.get("x-b")])).toEqual([
      ["client", "call"],
      ["client", "client"],
    ]);
  });

  test.each<[string, unknown]>([
    ["an object", { "X-Tenant": "a" }],
    ["Headers", new Headers({ "x-tenant": "a" })],
    ["a Map", new Map([["x-tenant", "a"]])],
  ])("of a call may be %s", async (_what, metadata) => {
    const calls: CallContext[] = [];
    await using server = await startRecording(calls);
    await using client = createClient(EchoServiceDefinition, { address: server.address });
    await client.echoUnary({}, { metadata: metadata as Metadata });
    expect(calls.map((call) => call.metadata.get("x-tenant"))).toEqual(["a"]);
  });

  test.each<[object, string]>([
    [{ metadata: "x" }, "metadata"],
    [{ metadata: { a: 1 } }, "'a'"],
    [{ metadata: { "a b": "x" } }, "'a b'"],
    [{ metadata: { "a-bin": "x" } }, "'a-bin'"],
    [{ requestId: 5 }, "requestId"],
  ])("of a call that is none is refused by name: %j", async (options, name) => {
    await using client = createClient(EchoServiceDefinition, { address: unreachable });
    await expect(client.echoUnary({}, options)).rejects.toMatchObject({
      code: Status.INVALID_ARGUMENT,
      message: expect.stringContaining(name),
    });
  });

  test("carries a new request id for each call, unless the call has one", async () => {
    const calls: CallContext[] = [];
    await using server = await startRecording(calls);
    await using client = createClient(EchoServiceDefinition, { address: server.address });
    await client.echoUnary({});
    await client.echoUnary({});
    await client.echoUnary({}, { requestId: "mine" });
    await client.echoUnary({}, { metadata: Metadata({ "x-request-id": "theirs" }) });
    const [first, second, third, fourth] = calls.map(({ metadata }) => metadata.get("x-request-id"));
    expect(first).toMatch(/^[0-9a-f-]{36}$/);
    expect(second).not.toBe(first);
    expect([third, fourth]).toEqual(["mine", "theirs"]);
    await expect(client.echoUnary({}, { requestId: "a\nb" })).rejects.toMatchObject({
      name: "CallError",
      code: Status.INVALID_ARGUMENT,
    });
  });
});

describe("a token", () => {
  test("is asked for at each attempt, and a call's own authorization goes before it", async () => {
    const seen: (string | undefined)[] = [];
    await using server = await startServer((s) =>
      s.add(
        EchoServiceDefinition,
        echoService(({ metadata }) => {
          seen.push(metadata.get("authorization"));
          if (seen.length === 1) throw new ServerError(Status.UNAVAILABLE, "");
        }),
      ),
    );
    let asked = 0;
    await using client = createClient(EchoServiceDefinition, {
      address: server.address,
      token: async () => `t${++asked}`,
      retry: { initialBackoffMs: 5 },
    });
    await client.echoUnary({});
    await client.echoUnary({}, { metadata: Metadata({ authorization: "Basic x" }) });
    expect(seen).toEqual(["Bearer t1", "Bearer t2", "Basic x"]);
    expect(asked).toBe(2);
  });

  test("goes out anew at each attempt, but never in place of what a middleware has set", async () => {
    const seen: (string | undefined)[] = [];
    await using server = await startServer((s) =>
      s.add(
        EchoServiceDefinition,
        echoService(({ metadata }) => {
          seen.push(metadata.get("authorization"));
          if (seen.length % 2 === 1) throw new ServerError(Status.UNAVAILABLE, "");
        }),
      ),
    );
    let asked = 0;
    const options = { address: server.address, token: () => `t${++asked}`, retry: { initialBackoffMs: 5 } };
    await using plain = createClient(EchoServiceDefinition, options);
    await plain.echoUnary({});
    const began = ({ metadata }: ClientCallContext) => void metadata.set("authorization", "Digest x");
    await using other = createClient(EchoServiceDefinition, { ...options, middleware: [{ began }] });
    await other.echoUnary({});
    expect(seen).toEqual(["Bearer t1", "Bearer t2", "Digest x", "Digest x"]);
  });

  test.each([
    ["throws", () => fail()],
    ["is none", () => 7 as unknown as string],
    ["rejects", () => Promise.reject(new Error("no login"))],
    ["is empty", () => ""],
    ["has its scheme before it", () => "Bearer x"],
  ])("that %s is UNAUTHENTICATED, with the cause", async (_, token) => {
    await using client = createClient(EchoServiceDefinition, { address: unreachable, token });
    const error = await client.echoUnary({}).catch((e: unknown) => e as CallError);
    expect(error).toMatchObject({ name: "CallError", code: Status.UNAUTHENTICATED });
    expect((error as CallError).cause).toBeInstanceOf(Error);
  });

  test.each(["users.example.com:80", "http://10.0.0.1:50051", "dns:///users:1"])(
    "is not sent in clear text to %s unless that is allowed",
    (address) => {
      const options = { address, token: "t" };
      expect(() => createClient(EchoServiceDefinition, options)).toThrow(
        /refusing to send a token in clear text/,
      );
      createClient(EchoServiceDefinition, { ...options, allowTokenInClear: true }).close();
      if (!address.includes("//")) createClient(EchoServiceDefinition, { ...options, tls: true }).close();
    },
  );
});

test.each([
  [{ timeoutMS: 1 }, "createClient has no option 'timeoutMS'; did you mean 'timeoutMs'?"],
  [
    { retry: { attempts: 2 } },
    "createClient has no option 'retry.attempts'; did you mean 'retry.maxAttempts'?",
  ],
  [{ tls: { cert: "c", keys: "k" } }, "createClient has no option 'tls.keys'; did you mean 'tls.key'?"],
  [{ middleware: [7] }, "createClient: middleware[0] is a number, which is none"],
  [
    { middleware: [{ begin() {} }] },
    "createClient: middleware[0] has no option 'begin'; did you mean 'began'?",
  ],
])("an option that is none is refused by name: %j", (options, message) => {
  const wrong = { address: unreachable, ...(options as object) };
  expect(() => createClient(EchoServiceDefinition, wrong)).toThrow(message);
  expect(() => createClient(EchoServiceDefinition, wrong)).toThrow(TypeError);
});

test.each<[string, unknown[], string]>([
  ["nothing", [], "the service definition is undefined"],
  ["no definition", [undefined, { address: "a:1" }], "the service definition is undefined"],
  ["no options", [EchoServiceDefinition], "createClient takes an object of options, and was given undefined"],
  ["no address", [EchoServiceDefinition, {}], "createClient: the option 'address' is missing"],
  ["an address alone", [EchoServiceDefinition, "a:1"], "an object of options, and was given a text"],
  ["the wrong order", [{ address: "a:1" }, EchoServiceDefinition], "'address' describes no method"],
  ["an address that is none", [EchoServiceDefinition, { address: 50051 }], "createClient: address is 50051"],
  ["a token that is none", [EchoServiceDefinition, { address: "a:1", token: 5 }], "token is a number"],
  ["an empty token", [EchoServiceDefinition, { address: "a:1", token: "" }], "token is an empty text"],
  ["tls as false", [EchoServiceDefinition, { address: "a:1", tls: false }], "createClient: tls is false"],
  [
    "a path for PEM",
    [EchoServiceDefinition, { address: "a:1", tls: { ca: "./ca.pem" } }],
    "tls.ca is no PEM",
  ],
  [
    "a factory",
    [EchoServiceDefinition, { address: "a:1", middleware: [retry] }],
    "middleware[0] is retry itself",
  ],
  [
    "an async function",
    [EchoServiceDefinition, { address: "a:1", middleware: [async function slow() {}] }],
    "createClient: middleware[0] (slow) is an async function: a middleware is an async generator",
  ],
  [
    "a generator that is not async",
    [EchoServiceDefinition, { address: "a:1", middleware: [function* () {}] }],
    "createClient: middleware[0] is a generator that is not async",
  ],
  [
    "options that are to come",
    [EchoServiceDefinition, Promise.resolve({})],
    "a promise, which was not awaited",
  ],
  [
    "metadata that is to come",
    [EchoServiceDefinition, { address: "a:1", metadata: Promise.resolve({}) }],
    "createClient: metadata is a promise, which was not awaited",
  ],
  [
    "one middleware",
    [EchoServiceDefinition, { address: "a:1", middleware: retry() }],
    "middleware is an object",
  ],
  [
    "no number",
    [EchoServiceDefinition, { address: "a:1", timeoutMs: NaN }],
    "createClient: timeoutMs is NaN",
  ],
  [
    "a channel option that is none",
    [EchoServiceDefinition, { address: "a:1", channelOptions: { "grpc.max_recieve_message_length": 1 } }],
    "did you mean 'grpc.max_receive_message_length'?",
  ],
  [
    "a channel option that is no number",
    [EchoServiceDefinition, { address: "a:1", channelOptions: { "grpc.max_receive_message_length": NaN } }],
    "grpc.max_receive_message_length",
  ],
])("JavaScript's callers too: %s", (_what, args, message) => {
  const make = JSON.stringify(args).includes("channelOptions") ? createClient : createWithoutTests;
  expect(() => (make as (...all: unknown[]) => unknown)(...args)).toThrow(message);
});

describe("options that contradict each other are refused:", () => {
  const secure = runtime.createCredentials({});
  const insecure = runtime.createCredentials(undefined);
  test.each([
    ["tls with credentials", { address: unreachable, tls: true as const, credentials: secure }, /not both/],
    ["http with tls", { address: "http://a", tls: true as const }, /http:/],
    ["http with secure credentials", { address: "http://a", credentials: secure }, /http:/],
    ["https with insecure credentials", { address: "https://a", credentials: insecure }, /https:/],
    ["a key without a certificate", { address: unreachable, tls: { key: "k" } }, /go together/],
    ["no address", { address: "" }, /address is/],
  ])("%s", (_, options, message) => {
    expect(() => createClient(EchoServiceDefinition, options)).toThrow(message);
    expect(() => createClient(EchoServiceDefinition, options)).toThrow(TypeError);
  });
});

test("a service without methods, as a new contract may have one, has a client", async () => {
  await using client = createClient({ name: "S", fullName: "a.S", methods: {} }, { address: "127.0.0.1:1" });
  expect(Object.keys(client)).toEqual(["close"]);
});

test("methods of every name are called, and to await a client calls none", async () => {
  const { echoUnary } = EchoServiceDefinition.methods;
  const definition = {
    name: "S",
    fullName: "a.S",
    methods: {
      close: { ...echoUnary, name: "Close" },
      // oxlint-disable-next-line unicorn/no-thenable
      then: { ...echoUnary, name: "Then" },
      toString: { ...echoUnary, name: "ToString" },
      constructor: { ...echoUnary, name: "Constructor" },
      // Its own, and no prototype.
      ["__proto__"]: { ...echoUnary, name: "Proto" },
    },
  } as const;
  const called: string[] = [];
  const handler = (name: string) => async () => {
    called.push(name);
    return { text: name };
  };
  await using server = await startServer((s) =>
    s.add(definition, {
      close: handler("close"),
      // oxlint-disable-next-line unicorn/no-thenable
      then: handler("then"),
      toString: handler("toString"),
      constructor: handler("constructor"),
      ["__proto__"]: handler("__proto__"),
    }),
  );
  // TypeScript itself refuses an async function that returns an object with `then`.
  const make = async () => createClient(definition as CompatServiceDefinition, { address: server.address });
  const client = await make();
  expect(await Promise.resolve(client)).toBe(client);
  expect(called).toEqual([]);
  const methods = client as unknown as Record<string, (request: object) => Promise<{ text: string }>>;
  const names = ["close", "then", "toString", "constructor"];
  for (const name of names) {
    // oxlint-disable-next-line no-await-in-loop
    expect(await methods[name]!({ text: "" })).toEqual({ text: name });
  }
  expect(called.splice(0)).toEqual(names);
  // nice-grpc's own server cannot have that name.
  await expect(methods["__proto__"]!({ text: "" })).rejects.toMatchObject({ code: Status.UNIMPLEMENTED });
  // Without a request it is the client's own.
  expect(client.close()).toBeUndefined();
  await expect(methods["toString"]!({})).rejects.toMatchObject({ code: Status.CANCELLED });
  expect(called).toEqual([]);
});

test("fields that HTTP/2 and gRPC keep for themselves are left out of metadata", async () => {
  const calls: CallContext[] = [];
  await using server = await startRecording(calls);
  await using client = createClient(EchoServiceDefinition, { address: server.address });
  const own = [
    "te",
    "connection",
    "content-type",
    "grpc-status",
    "grpc-encoding",
    "host",
    "transfer-encoding",
  ];
  const metadata = Metadata({ "x-mine": "1", "user-agent": "me", "grpc-timeout": "5S" });
  for (const name of own) metadata.set(name, "x");
  expect(await client.echoUnary({ text: "a" }, { metadata })).toEqual({ text: "a" });
  const requests = [{ text: "b" }];
  expect(await client.echoClientStream(requests, { metadata })).toMatchObject({ text: "b" });
  for (const call of calls) {
    expect(call.metadata.get("x-mine")).toBe("1");
    expect(call.metadata.get("user-agent")).not.toBe("me");
    for (const name of own) expect(call.metadata.get(name)).not.toBe("x");
  }
  expect(calls).toHaveLength(2);
});

test("a runtime gets the defaults of the channel and what overrides them", async () => {
  const calls: CallContext[] = [];
  await using server = await startRecording(calls);
  const channels: unknown[] = [];
  const recording: ClientRuntime = {
    ...runtime,
    openChannel(address, credentials, options) {
      channels.push(options);
      return runtime.openChannel(address, credentials, options);
    },
  };
  const channelOptions = { "grpc.keepalive_time_ms": 10_000 };
  await using client = createClient(EchoServiceDefinition, {
    address: server.address,
    runtime: recording,
    channelOptions,
  });
  expect(await client.echoUnary({ text: "hi" })).toEqual({ text: "hi" });
  expect(channels).toEqual([
    expect.objectContaining({ "grpc.keepalive_time_ms": 10_000, "grpc.keepalive_timeout_ms": 20_000 }),
  ]);
});

describe("close", () => {
  test("ends the calls under way and refuses later ones, both with CANCELLED", async () => {
    const calls: CallContext[] = [];
    await using server = await startRecording(calls);
    const client = createClient(EchoServiceDefinition, { address: server.address });
    const fault = { waitForAbort: true };
    const unary = client.echoUnary({ fault });
    const stream = client.echoServerStream({ count: 1, fault })[Symbol.asyncIterator]();
    await stream.next();
    const next = stream.next();
    while (calls.length < 2) await new Promise(setImmediate);
    client.close();
    client.close();
    const closed = { name: "CallError", code: Status.CANCELLED, description: "the client is closed" };
    await expect(unary).rejects.toMatchObject(closed);
    await expect(next).rejects.toMatchObject(closed);
    await expect(client.echoUnary({})).rejects.toMatchObject(closed);
    await expect(client.echoServerStream({})[Symbol.asyncIterator]().next()).rejects.toMatchObject(closed);
  });

  test("is what disposing does", async () => {
    await using server = await startRecording([]);
    const client = createClient(EchoServiceDefinition, { address: server.address });
    await client.echoUnary({});
    await client[Symbol.asyncDispose]();
    await expect(client.echoUnary({})).rejects.toMatchObject({ code: Status.CANCELLED });
  });
});
