import { describe, expect, test } from "@jest/globals";
import { echoService, EchoServiceDefinition } from "@callwire/testkit";
import { ClientError, Metadata, Status } from "nice-grpc-common";
import { createServer } from "../create-server.js";
import { defaultMiddleware } from "../default-middleware.js";
import { notFound } from "../errors/factories.js";
import { forMethods } from "../middleware/for-methods.js";
import { requestId } from "../middleware/request-id.js";
import { niceGrpc } from "../nice-grpc.js";
import { fakeClock, testServer, testService } from "../testing.js";

const ECHO_UNARY = "callwire.echo.v1.EchoService/EchoUnary";
const principals = { ada: { name: "Ada", roles: ["writer"] }, bob: { name: "Bob", roles: [] } };

const failureOf = async (call: Promise<unknown>) =>
  call.then(
    () => Promise.reject(new Error("the call succeeded")),
    (error: ClientError) => error,
  );

describe("testService", () => {
  test("serves handlers with a client in one line", async () => {
    await using echo = await testService(EchoServiceDefinition, echoService());
    expect(await echo.client.echoUnary({ text: "a" })).toEqual({ text: "a" });
    const texts: number[] = [];
    for await (const { index } of echo.client.echoServerStream({ text: "a", count: 3 })) texts.push(index);
    expect(texts).toEqual([0, 1, 2]);
  });

  test("signs calls in, and out", async () => {
    const handlers = {
      ...echoService(),
      echoUnary: (_: unknown, { auth }: { auth: { name: string } }) => ({ text: auth.name }),
    };
    await using echo = await testService(EchoServiceDefinition, handlers, { principals, as: "ada" });
    expect((await echo.client.echoUnary({})).text).toBe("Ada");
    expect((await echo.as("bob").echoUnary({})).text).toBe("Bob");
    const metadata = Metadata({ authorization: "Bearer stolen" });
    expect((await failureOf(echo.client.echoUnary({}, { metadata }))).code).toBe(Status.UNAUTHENTICATED);
    expect(() => echo.as("bub" as "bob")).toThrow("no principal 'bub'; did you mean 'bob'?");
    const nobody = await testService(EchoServiceDefinition, handlers, { principals });
    expect((await failureOf(nobody.client.echoUnary({}))).code).toBe(Status.UNAUTHENTICATED);
    await nobody[Symbol.asyncDispose]();
  });

  test("a call's deadline passes by the fake clock, on both sides", async () => {
    using clock = fakeClock();
    await using echo = await testService(EchoServiceDefinition, echoService());
    const failure = failureOf(
      echo.client.echoUnary({ fault: { waitForAbort: true } }, { deadline: Date.now() + 3_600_000 }),
    );
    await clock.advance(3_600_000);
    expect((await failure).code).toBe(Status.DEADLINE_EXCEEDED);
    const { code } = await echo.calls.ended();
    expect(code).toBe(Status.DEADLINE_EXCEEDED);
    expect(await echo.log.line({ "grpc.code": "DEADLINE_EXCEEDED" })).toMatchObject({
      "grpc.time_ms": 3_600_000,
    });
  });
});

describe("the record of calls", () => {
  test("has each message, who called, and the status", async () => {
    await using echo = await testService(EchoServiceDefinition, echoService(), { principals, as: "ada" });
    const metadata = Metadata({ "x-team": "payments" });
    await echo.client.echoUnary({ text: "a" }, { metadata });
    async function* two() {
      yield { text: "b" };
      yield { text: "c" };
    }
    for await (const _ of echo.client.echoBidiStream(two()));
    const [unary, bidi] = echo.calls;
    expect(unary).toMatchObject({
      method: ECHO_UNARY,
      principal: principals.ada,
      requests: [{ text: "a" }],
      responses: [{ text: "a" }],
      code: Status.OK,
      error: undefined,
    });
    expect(unary!.metadata.get("x-team")).toBe("payments");
    expect(bidi).toMatchObject({ requests: [{ text: "b" }, { text: "c" }], code: Status.OK });
    expect(bidi!.responses).toHaveLength(2);
  });

  test("has calls that were refused, with the error that went out", async () => {
    await using echo = await testService(
      EchoServiceDefinition,
      {
        ...echoService(),
        echoUnary() {
          throw notFound({ resource: "Echo", id: "e" });
        },
      },
      { principals },
    );
    await failureOf(echo.client.echoUnary({}));
    await failureOf(echo.as("bob").echoUnary({}));
    expect(echo.calls.all).toMatchObject([
      { principal: undefined, requests: [], error: { reason: "CREDENTIALS_MISSING" } },
      { principal: principals.bob, error: { errorDetails: { resource: { type: "Echo", name: "e" } } } },
    ]);
  });

  test("waits for a call that its client has left", async () => {
    await using echo = await testService(EchoServiceDefinition, echoService());
    await echo.client.echoUnary({ text: "a" });
    const left = echo.calls.ended({ code: Status.CANCELLED });
    for await (const _ of echo.client.echoServerStream({ count: 1, fault: { waitForAbort: true } })) break;
    expect((await left).method).toBe("callwire.echo.v1.EchoService/EchoServerStream");
    expect((await echo.calls.ended({ method: ECHO_UNARY })).code).toBe(Status.OK);
  });
});

describe("testServer", () => {
  test("serves what createServer made, with the parts of the test", async () => {
    await using test = await testServer(
      ({ logger, verify }) =>
        createServer({ middleware: defaultMiddleware({ logger, verify }) }).add(
          EchoServiceDefinition,
          echoService(),
        ),
      { principals },
    );
    const ada = test.client(EchoServiceDefinition, { as: "ada" });
    expect(await ada.echoUnary({ text: "a" })).toEqual({ text: "a" });
    const stranger = test.client(EchoServiceDefinition);
    expect((await failureOf(stranger.echoUnary({}))).code).toBe(Status.UNAUTHENTICATED);
    expect(test.log.lines.map((line) => line["grpc.code"])).toEqual(["OK", "UNAUTHENTICATED"]);
    expect(test.log.text()).not.toContain(test.connection({ as: "ada" }).token);
  });

  test("stops gracefully when it is asked to", async () => {
    await using test = await testServer(() => createServer().add(EchoServiceDefinition, echoService()));
    const client = test.client(EchoServiceDefinition);
    await client.echoUnary({ text: "a" });
    expect(await test.server.shutdown()).toEqual({ forced: false, cutOff: [] });
    expect((await failureOf(client.echoUnary({}))).code).toBe(Status.UNAVAILABLE);
  });

  test("finds at its start what listen would find", async () => {
    const create = () =>
      createServer({ middleware: [forMethods("callwire.echo.v1.EchoService/EchoUnry", requestId())] }).add(
        EchoServiceDefinition,
        echoService(),
      );
    await expect(testServer(create)).rejects.toThrow(`did you mean '${ECHO_UNARY}'?`);
  });

  test("refuses a runtime that has no connections within the process, and what is no server", async () => {
    const other = () => createServer({ runtime: niceGrpc });
    await expect(testServer(other)).rejects.toThrow("leave out 'runtime'");
    await expect(testServer(() => ({}) as never)).rejects.toThrow("must return what createServer made");
    await expect(testServer(createServer() as never)).rejects.toThrow(
      "testServer: the function is an object: it must be a function",
    );
  });

  test("a server that serves a test cannot listen", async () => {
    await using test = await testServer(() => createServer());
    await expect(test.server.listen("127.0.0.1:0")).rejects.toThrow("the server listens already");
  });
});
