import { gzipSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import { EchoServiceDefinition, EchoUnaryRequest, echoService } from "@callwire/testkit";
import { lengthPrefixed } from "@callwire/testkit/wire";
import type { ServerMiddleware } from "nice-grpc-common";
import { createServer, type ServerCallContextExt } from "./create-server.js";
import { phasedServer, start } from "../testing/echo-server.js";
import { rawClient, type RawAnswer } from "../testing/raw-client.js";

// gRPC over HTTP/2, "Compressed-Flag": each message says for itself whether it is compressed.

const UNARY = "/callwire.echo.v1.EchoService/EchoUnary";
const CLIENT_STREAM = "/callwire.echo.v1.EchoService/EchoClientStream";
const gzip = { "grpc-encoding": "gzip" };

const request = (text: string): Buffer =>
  Buffer.from(EchoUnaryRequest.encode({ text, fault: undefined }).finish());
const plain = lengthPrefixed(request("plain"));
const compressed = lengthPrefixed(gzipSync(request("compressed")), { flag: 1 });
/** What the client got; the response has its text where the request has it. */
const textOf = (answer: RawAnswer): string => EchoUnaryRequest.decode(answer.messages[0]![1]).text;

/** Answers with what came compressed. */
const telling = {
  ...echoService(),
  async echoUnary(message: EchoUnaryRequest, context: ServerCallContextExt) {
    return { text: `${context.wasCompressed(message)}, a copy: ${context.wasCompressed({ ...message })}` };
  },
  async echoClientStream(messages: AsyncIterable<EchoUnaryRequest>, { wasCompressed }: ServerCallContextExt) {
    const told: string[] = [];
    for await (const message of messages) told.push(`${message.text} ${wasCompressed(message)}`);
    return { text: told.join(), count: told.length };
  },
};

/** As most middleware do, it hands on a copy of the context. */
const copying: ServerMiddleware<object, ServerCallContextExt> = async function* copying(call, context) {
  return yield* call.next(call.request, { ...context });
};

describe.each([
  ["without middleware", () => createServer()],
  ["behind middleware", () => createServer().use(copying)],
  ["with phases", () => phasedServer({ arrived: () => {} })],
] as const)("a call %s", (_, create) => {
  async function started() {
    const server = create();
    server.add(EchoServiceDefinition, telling);
    const client = rawClient(`127.0.0.1:${await server.listen("127.0.0.1:0")}`);
    return {
      client,
      [Symbol.dispose]: () => {
        client[Symbol.dispose]();
        server.forceShutdown();
      },
    };
  }

  test("tells whether its message came compressed; of a copy it knows nothing", async () => {
    using peers = await started();
    for (const message of [compressed, plain, compressed]) {
      const answer = await peers.client.call(UNARY, gzip, message);
      expect(textOf(answer)).toBe(`${message === compressed}, a copy: false`);
    }
  });

  test("tells it of each message of a stream, however they come", async () => {
    using peers = await started();
    const parts = [plain, compressed, plain, plain, compressed];
    const whole = Buffer.concat(parts);
    for (const data of [parts, [whole], Array.from(whole, (byte) => Buffer.of(byte))]) {
      const answer = await peers.client.call(CLIENT_STREAM, gzip, ...data);
      expect(textOf(answer)).toBe("plain false,compressed true,plain false,plain false,compressed true");
    }
  });
});

test("messages that are no objects are taken as before, and nothing is told of them", async () => {
  const echo = {
    path: "/test.Text/Echo",
    requestStream: false,
    responseStream: false,
    requestSerialize: (text: string) => Buffer.from(text),
    requestDeserialize: (bytes: Buffer) => bytes.toString(),
    responseSerialize: (text: string) => Buffer.from(text),
    responseDeserialize: (bytes: Buffer) => bytes.toString(),
    options: {},
  } as const;
  await using started = await start((server) =>
    server.add(
      { echo },
      { echo: async (text, context) => `${text} ${context.wasCompressed(text as unknown as object)}` },
    ),
  );
  using client = rawClient(started.address);
  const answer = await client.call(echo.path, gzip, lengthPrefixed(gzipSync("a text"), { flag: 1 }));
  expect(answer.messages[0]![1].toString()).toBe("a text false");
});

test("a handler may answer as it was asked", async () => {
  await using started = await start((server) =>
    server.add(EchoServiceDefinition, {
      ...echoService(),
      async echoUnary(request, context) {
        context.compressResponses(context.wasCompressed(request));
        return { text: request.text };
      },
    }),
  );
  using client = rawClient(started.address);
  for (const message of [compressed, plain]) {
    const answer = await client.call(UNARY, { ...gzip, "grpc-accept-encoding": "gzip" }, message);
    expect(answer.messages[0]![0]).toBe(message === compressed);
  }
});
