import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { echoService, EchoServiceDefinition } from "@callwire/testkit";
import { Status } from "nice-grpc-common";
import { createClient } from "../create-client.js";
import { CallError } from "../errors/call-error.js";
import { niceGrpc } from "../nice-grpc.js";
import { createFakeServer, fakeClock, fakeError, type FakeServer } from "../testing.js";

let fake: FakeServer<EchoServiceDefinition>;

beforeEach(() => {
  fake = createFakeServer(EchoServiceDefinition, echoService());
});
afterEach(async () => fake[Symbol.asyncDispose]());

const failureOf = async (call: Promise<unknown>): Promise<CallError> => {
  const error: unknown = await call.then(
    () => new Error("the call succeeded"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof CallError)) throw error;
  return error;
};

/** Reads a stream as far as it goes. */
async function read<T>(stream: AsyncIterable<T>): Promise<{ messages: T[]; error?: unknown }> {
  const messages: T[] = [];
  try {
    for await (const message of stream) messages.push(message);
    return { messages };
  } catch (error) {
    return { messages, error };
  }
}

const texts = (...all: string[]) => all.map((text) => ({ text }));

describe("a fake server", () => {
  test("answers the four shapes, and has what was asked", async () => {
    const client = fake.client({ metadata: { "x-team": "payments" } });
    expect(await client.echoUnary({ text: "a" })).toEqual({ text: "a" });
    expect((await read(client.echoServerStream({ text: "b", count: 2 }))).messages).toHaveLength(2);
    expect(await client.echoClientStream(texts("c", "d"))).toMatchObject({ count: 2 });
    expect((await read(client.echoBidiStream(texts("e", "f")))).messages).toHaveLength(2);
    expect(fake.calls.all.map(({ method, requests }) => [method, requests])).toMatchObject([
      ["echoUnary", texts("a")],
      ["echoServerStream", [{ text: "b", count: 2 }]],
      ["echoClientStream", texts("c", "d")],
      ["echoBidiStream", texts("e", "f")],
    ]);
    expect(fake.calls.all[0]!.metadata.get("x-team")).toBe("payments");
  });

  test("serves code that takes an address", async () => {
    await using client = createClient(EchoServiceDefinition, {
      address: await fake.listen(),
      retry: false,
    });
    expect(await client.echoUnary({ text: "a" })).toEqual({ text: "a" });
    expect(await fake.listen()).toBe(await fake.listen());
    const stream = client.echoServerStream({ text: "a", count: 1, fault: { waitForAbort: true } });
    const reading = read(stream);
    await fake.calls.waitFor("echoServerStream");
    fake.loseConnections();
    expect((await reading).error).toMatchObject({ code: Status.UNAVAILABLE, origin: "connection" });
    expect(await client.echoUnary({ text: "b" })).toEqual({ text: "b" });
  });

  test("serves clients of grpc-js by its address", async () => {
    fake.script("echoUnary", { code: Status.NOT_FOUND, message: "no echo" });
    await using client = createClient(EchoServiceDefinition, {
      address: await fake.listen(),
      runtime: niceGrpc,
    });
    expect(await failureOf(client.echoUnary({}))).toMatchObject({ description: "no echo" });
    expect((await read(client.echoBidiStream(texts("a", "b")))).messages).toHaveLength(2);
  });

  test("takes tokens of clients within the process", async () => {
    await using client = createClient(EchoServiceDefinition, { ...fake.connection, token: "secret" });
    await client.echoUnary({});
    expect(fake.calls.of("echoUnary")[0]!.metadata.get("authorization")).toBe("Bearer secret");
  });

  test("what has no handler is unimplemented, and handlers can be replaced", async () => {
    await using empty = createFakeServer(EchoServiceDefinition);
    const client = empty.client();
    const missing = await failureOf(client.echoUnary({}));
    expect([missing.code, missing.description]).toEqual([
      Status.UNIMPLEMENTED,
      "the fake has no handler 'echoUnary'",
    ]);
    expect((await read(client.echoServerStream({}))).error).toMatchObject({ code: Status.UNIMPLEMENTED });
    empty.handle({ echoUnary: () => ({ text: "later" }) });
    expect((await client.echoUnary({})).text).toBe("later");
  });

  test("a handler's error arrives with its details, and a mistake in it with its text", async () => {
    fake.handle({
      echoUnary({ text }) {
        if (text === "") throw new TypeError("of the test");
        throw fakeError({
          code: Status.NOT_FOUND,
          details: {
            errorInfo: { reason: "NO_ECHO", metadata: new Map([["a", "b"]]) },
            resourceInfo: { resourceName: text },
            retryInfo: { retryDelay: { seconds: 1n } },
          },
        });
      },
    });
    const client = fake.client();
    const { code, description, details } = await failureOf(client.echoUnary({ text: "e1" }));
    expect([code, description]).toEqual([Status.NOT_FOUND, "NOT_FOUND"]);
    expect(details).toMatchObject({
      errorInfo: { reason: "NO_ECHO", metadata: new Map([["a", "b"]]) },
      resourceInfo: { resourceName: "e1" },
      retryInfo: { retryDelay: { seconds: 1n } },
    });
    const mistake = await failureOf(client.echoUnary({ text: "" }));
    expect(mistake.description).toBe("a handler of the fake has thrown: TypeError: of the test");
  });

  test("names of methods and options are checked", () => {
    expect(() => createFakeServer(EchoServiceDefinition, { echoUnry: () => ({}) } as object)).toThrow(
      "the service has no method 'echoUnry'; did you mean 'echoUnary'?",
    );
    expect(() => fake.script("echoUnry" as "echoUnary", { code: Status.INTERNAL })).toThrow(
      "did you mean 'echoUnary'?",
    );
    expect(() => fake.script("echoUnary", { code: Status.OK })).toThrow("a status other than OK");
    expect(() => fake.script("echoUnary", { code: Status.INTERNAL, connectionLost: true })).toThrow(
      "not both",
    );
    expect(() => fake.script("echoUnary", { afterMessages: 1 })).toThrow("needs code or connectionLost");
    expect(() => createFakeServer(EchoServiceDefinition, {}, { latencyMs: -1 })).toThrow(RangeError);
  });
});

describe("a script", () => {
  test("gives each of the next calls its status, then the answers come back", async () => {
    fake.script("echoUnary", { code: Status.INTERNAL, message: "one" }, { code: Status.ABORTED });
    const client = fake.client();
    const failures = [await failureOf(client.echoUnary({})), await failureOf(client.echoUnary({}))];
    expect(failures.map(({ code, description }) => [code, description])).toEqual([
      [Status.INTERNAL, "one"],
      [Status.ABORTED, "ABORTED"],
    ]);
    expect(await client.echoUnary({ text: "a" })).toEqual({ text: "a" });
  });

  test("each attempt of a call is one, and a retry passes it", async () => {
    fake.script("echoUnary", { code: Status.UNAVAILABLE }, { connectionLost: true });
    const client = fake.client({ retry: { initialBackoffMs: 1 } });
    expect(await client.echoUnary({ text: "a" }, { retry: true })).toEqual({ text: "a" });
    expect(fake.calls.of("echoUnary")).toHaveLength(3);
  });

  test.each([0, 1, 2])("ends a stream of answers after %i messages", async (afterMessages) => {
    const client = fake.client({ retry: false });
    fake.script("echoServerStream", { code: Status.DATA_LOSS, afterMessages });
    const status = await read(client.echoServerStream({ text: "a", count: 3 }));
    expect([status.messages.length, status.error]).toMatchObject([afterMessages, { code: Status.DATA_LOSS }]);
    fake.script("echoServerStream", { connectionLost: true, afterMessages });
    const lost = await read(client.echoServerStream({ text: "a", count: 3 }));
    expect([lost.messages.length, lost.error]).toMatchObject([afterMessages, { origin: "connection" }]);
    expect((await read(client.echoServerStream({ text: "a", count: 3 }))).messages).toHaveLength(3);
  });

  test("ends a stream of requests after some messages", async () => {
    fake.script("echoClientStream", { code: Status.RESOURCE_EXHAUSTED, afterMessages: 2 });
    const client = fake.client();
    const failed = await failureOf(client.echoClientStream(texts("a", "b", "c", "d")));
    expect(failed.code).toBe(Status.RESOURCE_EXHAUSTED);
    expect(fake.calls.all[0]!.requests).toEqual(texts("a", "b"));
  });

  test("a stream that is shorter than its fault ends well", async () => {
    fake.script("echoServerStream", { code: Status.DATA_LOSS, afterMessages: 9 });
    expect(await read(fake.client().echoServerStream({ text: "a", count: 2 }))).toMatchObject({
      messages: [{ index: 0 }, { index: 1 }],
    });
  });
});

describe("latency", () => {
  test("is the fake clock's", async () => {
    using clock = fakeClock();
    await using slow = createFakeServer(EchoServiceDefinition, echoService(), { latencyMs: 60_000 });
    slow.script("echoUnary", {}, { latencyMs: 500 });
    const client = slow.client({ timeoutMs: Infinity });
    const first = client.echoUnary({ text: "a" });
    await clock.advance(59_999);
    await expect(Promise.race([first, Promise.resolve("waits")])).resolves.toBe("waits");
    await clock.advance(1);
    expect(await first).toEqual({ text: "a" });
    const second = client.echoUnary({ text: "b" });
    await clock.advance(500);
    expect(await second).toEqual({ text: "b" });
  });

  test("ends with the call", async () => {
    using clock = fakeClock();
    fake.script("echoUnary", { latencyMs: 3_600_000 });
    const failed = failureOf(fake.client().echoUnary({}, { timeoutMs: 5_000 }));
    await clock.advance(5_000);
    expect((await failed).code).toBe(Status.DEADLINE_EXCEEDED);
    expect((await fake.calls.waitFor("echoUnary")).signal.aborted).toBe(true);
  });
});
