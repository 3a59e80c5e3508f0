import { once } from "node:events";
import { EchoServiceDefinition, echoService } from "@callwire/testkit";
import { describe, expect, test } from "@jest/globals";
import { createChannel, createClient, createServer } from "nice-grpc";
import { Metadata, ServerError, Status, type CallContext, type ServerMiddleware } from "nice-grpc-common";
import { auth } from "./middleware/auth.js";
import { errorBoundary } from "./middleware/error-boundary.js";
import { except, forMethods } from "./middleware/for-methods.js";
import { logging } from "./middleware/logging.js";
import { requestId } from "./middleware/request-id.js";
import type { Middleware } from "./middleware.js";
import { drain, failure } from "./test-room/errors.js";
import { recordLog } from "./testing/recorded-log.js";
import { toNiceGrpc } from "./to-nice-grpc.js";

/** A server of nice-grpc, without the kit, and its client. */
async function start(middleware: readonly ServerMiddleware[], handlers: object = {}) {
  let server = createServer();
  for (const one of middleware) server = server.use(one);
  server.add(EchoServiceDefinition, { ...echoService(), ...handlers });
  const channel = createChannel(`127.0.0.1:${await server.listen("127.0.0.1:0")}`);
  return {
    client: createClient(EchoServiceDefinition, channel),
    async [Symbol.asyncDispose]() {
      channel.close();
      server.forceShutdown();
    },
  };
}

const words = async function* () {
  yield { text: "a" };
};

test("requestId gives the handler an id, and sends it back", async () => {
  const seen: unknown[] = [];
  const echoUnary = async ({ text }: { text: string }, context: object) => {
    seen.push((context as { requestId?: string }).requestId);
    if (text === "fail") throw new ServerError(Status.NOT_FOUND, "no");
    return { text };
  };
  await using echo = await start([toNiceGrpc(requestId()) as ServerMiddleware], { echoUnary });
  const metadata = Metadata({ "x-request-id": "mine-1" });
  let header = Metadata();
  await echo.client.echoUnary({ text: "a" }, { metadata, onHeader: (value) => (header = value) });
  expect(seen).toEqual(["mine-1"]);
  expect(header.get("x-request-id")).toBe("mine-1");
  const failed = await failure((options) =>
    echo.client.echoUnary({ text: "fail" }, { ...options, metadata }),
  );
  expect(failed.trailer.get("x-request-id")).toBe("mine-1");
});

test("all of them in a chain do what they do in the kit, for each shape", async () => {
  const log = recordLog();
  const { logger } = log;
  const chain = [
    toNiceGrpc(requestId()),
    toNiceGrpc(logging({ logger })),
    toNiceGrpc(errorBoundary({ logger })),
    toNiceGrpc(auth({ verify: async (token) => ({ name: token }) })),
  ] as unknown as ServerMiddleware[];
  const seen: unknown[] = [];
  await using echo = await start(chain, {
    async echoUnary({ text }: { text: string }, context: Record<string, never>) {
      const {
        auth,
        log: callLog,
        addLogFields,
      } = context as unknown as {
        auth: { name: string };
        log: { info: (message: string) => void };
        addLogFields: (fields: object) => void;
      };
      seen.push(auth.name);
      addLogFields({ subject: auth.name });
      callLog.info("from the handler");
      if (text === "fail") throw new Error("bug");
      return { text };
    },
  });
  const metadata = Metadata({ authorization: "Bearer ann", "x-request-id": "r1" });
  await echo.client.echoUnary({ text: "a" }, { metadata });
  await drain(echo.client.echoServerStream({ text: "a", count: 2 }, { metadata }));
  await echo.client.echoClientStream(words(), { metadata });
  await drain(echo.client.echoBidiStream(words(), { metadata }));
  const failed = await failure((options) =>
    echo.client.echoUnary({ text: "fail" }, { ...options, metadata }),
  );
  expect(failed).toMatchObject({ code: Status.INTERNAL, message: "internal error" });
  expect(failed.details.ErrorInfo?.domain).toBe("callwire.echo.v1.EchoService");
  const refused = await failure((options) => echo.client.echoUnary({}, options));
  expect(refused.code).toBe(Status.UNAUTHENTICATED);
  expect(seen).toEqual(["ann", "ann"]);
  const calls = log.lines.filter((line) => line["msg"] === "finished call");
  expect(calls.map((line) => [line["grpc.method_type"], line["grpc.code"]])).toEqual([
    ["unary", "OK"],
    ["server_stream", "OK"],
    ["client_stream", "OK"],
    ["bidi_stream", "OK"],
    ["unary", "INTERNAL"],
    ["unary", "UNAUTHENTICATED"],
  ]);
  expect(calls[0]).toMatchObject({ subject: "ann", request_id: "r1", "peer.address": expect.any(String) });
  expect(log.lines[0]).toMatchObject({ msg: "from the handler", request_id: "r1" });
});

describe("forMethods", () => {
  const unaryOnly = "callwire.echo.v1.EchoService/EchoUnary";

  test("goes around phases and around a generator", async () => {
    const ran: string[] = [];
    const phases: Middleware = {
      name: "phases",
      arrived: ({ method }) => void ran.push(`phases ${method.path}`),
    };
    const generator: ServerMiddleware = async function* generator(call, context) {
      ran.push(`generator ${call.method.path}`);
      return yield* call.next(call.request, context);
    };
    await using echo = await start([
      toNiceGrpc(forMethods(unaryOnly, phases)),
      toNiceGrpc(forMethods(except(unaryOnly), generator)),
    ]);
    await echo.client.echoUnary({});
    await echo.client.echoClientStream(words());
    expect(ran).toEqual([
      "phases /callwire.echo.v1.EchoService/EchoUnary",
      "generator /callwire.echo.v1.EchoService/EchoClientStream",
    ]);
  });
});

test("message phases see each message, and the end of a stream that its client left is told once", async () => {
  const told: string[] = [];
  let end = () => {};
  const ended = new Promise<void>((resolve) => (end = resolve));
  const record: Middleware = {
    name: "record",
    request(message) {
      told.push("request");
      return message;
    },
    response(message) {
      told.push("response");
      return message;
    },
    ended(_call, code) {
      told.push(`ended ${Status[code]}`);
      if (code !== Status.OK) end();
    },
  };
  await using echo = await start([toNiceGrpc(record)]);
  await drain(echo.client.echoBidiStream(words()));
  expect(told.splice(0)).toEqual(["request", "response", "ended OK"]);
  const cancel = new AbortController();
  const messages = echo.client.echoServerStream(
    { count: 1, fault: { waitForAbort: true } },
    { signal: cancel.signal },
  );
  const stream = messages[Symbol.asyncIterator]();
  await stream.next();
  cancel.abort();
  await stream.next().catch(() => {});
  await ended;
  expect(told).toEqual(["request", "response", "ended CANCELLED"]);
});

test("a handler whose call was cancelled may say so by an error that this has caused", async () => {
  const said: unknown[] = [];
  const logger = {
    error: (fields: object) => said.push(fields),
    warn: (fields: object) => said.push(fields),
  };
  let end = () => {};
  const ended = new Promise<void>((resolve) => (end = resolve));
  const cancel = new AbortController();
  await using echo = await start(
    [toNiceGrpc({ name: "end", ended: () => end() }), toNiceGrpc(errorBoundary({ logger }))],
    {
      async echoUnary(_request: unknown, { signal }: CallContext) {
        const aborted = once(signal, "abort");
        cancel.abort();
        await aborted;
        throw new Error("the requests could not be read", { cause: signal.reason });
      },
    },
  );
  await expect(echo.client.echoUnary({ text: "a" }, { signal: cancel.signal })).rejects.toThrow("aborted");
  await ended;
  expect(said).toEqual([]);
});
