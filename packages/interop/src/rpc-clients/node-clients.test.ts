import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { descriptorSet } from "@callwire/contracts/descriptor-set";
import { UserServiceDefinition } from "@callwire/contracts/users";
import { createEdge } from "@callwire/edge";
import { createServer, type ServiceImplementation } from "@callwire/server-kit";
import { ServerError, Status } from "@callwire/transport";
import {
  Code,
  ConnectError,
  createClient,
  decodeBinaryHeader,
  encodeBinaryHeader,
} from "@connectrpc/connect";
import {
  compressionBrotli,
  compressionGzip,
  createConnectTransport,
  createGrpcWebTransport,
  type ConnectTransportOptions,
} from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createEchoClient, streamOf, textsOf, type EchoClient } from "./echo-client.js";
import { echoDescriptors, serveEchoEdge, type EchoEdge } from "./echo-edge.js";

// The clients of Connect for Node.js, as they are published.

type Compressing = Partial<
  Pick<ConnectTransportOptions, "sendCompression" | "acceptCompression" | "compressMinBytes">
>;

const descriptors = echoDescriptors();
let edge: EchoEdge;
beforeAll(async () => (edge = await serveEchoEdge()));
afterAll(async () => edge[Symbol.asyncDispose]());

const failure = (promise: Promise<unknown>): Promise<ConnectError> =>
  promise.then(
    () => Promise.reject(new Error("it did not fail")),
    (error: unknown) => ConnectError.from(error),
  );

describe.each([
  ["Connect in protobuf", "1.1", createConnectTransport, {}],
  ["Connect in JSON", "1.1", createConnectTransport, { useBinaryFormat: false }],
  ["Connect in protobuf", "2", createConnectTransport, {}],
  ["Connect in JSON", "2", createConnectTransport, { useBinaryFormat: false }],
  ["gRPC-Web", "1.1", createGrpcWebTransport, {}],
  ["gRPC-Web", "2", createGrpcWebTransport, {}],
] as const)("%s over HTTP/%s", (_, httpVersion, createTransport, format) => {
  const connect = (options: Compressing = {}): EchoClient => {
    const common = { baseUrl: edge.urls[httpVersion], httpVersion, ...format, ...options };
    return createEchoClient(descriptors, createTransport(common));
  };

  test("has the four shapes", async () => {
    const client = connect();
    expect((await client.echoUnary({ text: "é" })).text).toBe("é");
    expect(await textsOf(client.echoServerStream({ text: "a", count: 3 }))).toEqual(["a", "a", "a"]);
    expect(await client.echoClientStream(streamOf("a", "b"))).toMatchObject({ text: "a,b", count: 2 });
    expect(await textsOf(client.echoBidiStream(streamOf("a", "b")))).toEqual(["a", "b"]);
  });

  test("sends metadata both ways", async () => {
    const client = connect();
    const bytes = Buffer.of(0, 255);
    const header = new Headers({ "x-sent": "text", "x-sent-bin": encodeBinaryHeader(bytes) });
    const seen: (string | null)[] = [];
    const end: Uint8Array[] = [];
    const options = {
      headers: header,
      onHeader: (fields: Headers) => seen.push(fields.get("x-seen")),
      onTrailer: (fields: Headers) => end.push(decodeBinaryHeader(fields.get("x-end-bin") ?? "")),
    };
    await client.echoUnary({}, options);
    await textsOf(client.echoServerStream({ count: 1 }, options));
    expect(seen).toEqual(["text", "text"]);
    expect(end.map((each) => Buffer.from(each))).toEqual([bytes, bytes]);
  });

  test.each([
    ["gzip", compressionGzip],
    ["br", compressionBrotli],
  ])("compresses by %s", async (_name, compression) => {
    const client = connect({
      sendCompression: compression,
      acceptCompression: [compression],
      compressMinBytes: 0,
    });
    const text = "x".repeat(5000);
    expect((await client.echoUnary({ text })).text).toBe(text);
    expect(await textsOf(client.echoServerStream({ text, count: 2 }))).toEqual([text, text]);
  });

  test("gets errors with their details, before messages and after", async () => {
    const client = connect();
    const fault = { code: 5, message: "no é" };
    const outcomes = await Promise.all([
      failure(client.echoUnary({ fault })),
      failure(textsOf(client.echoServerStream({ count: 1, fault }))),
      failure(textsOf(client.echoServerStream({ fault }))),
    ]);
    for (const error of outcomes) {
      expect([error.code, error.rawMessage]).toEqual([Code.NotFound, "no é"]);
      expect(error.details).toMatchObject([{ type: "google.rpc.ErrorInfo" }]);
    }
    const unexpected = await failure(
      client.echoUnary({ fault: { message: "secret", unexpected: true } as object }),
    );
    expect([unexpected.code, unexpected.rawMessage]).toEqual([Code.Internal, "internal error"]);
  });

  test("has deadlines that reach the handler", async () => {
    const client = connect();
    // Long enough for the call to get there, on a busy machine too.
    const error = await failure(client.echoUnary({ fault: { waitForAbort: true } }, { timeoutMs: 1000 }));
    expect(error.code).toBe(Code.DeadlineExceeded);
    await edge.handlersCancelled(1);
  });

  test("cancels the handler when the caller does not wait", async () => {
    const client = connect();
    const caller = new AbortController();
    const request = { count: 1, fault: { waitForAbort: true } };
    const stream = client.echoServerStream(request, { signal: caller.signal })[Symbol.asyncIterator]();
    await stream.next();
    caller.abort();
    expect((await failure(stream.next())).code).toBe(Code.Canceled);
    await edge.handlersCancelled(1);
  });
});

test("a bidirectional stream of Connect is a conversation over HTTP/2", async () => {
  const client = createEchoClient(
    descriptors,
    createConnectTransport({ baseUrl: edge.urls["2"], httpVersion: "2" }),
  );
  let answered = () => {};
  async function* conversation() {
    yield { text: "first" };
    await new Promise<void>((resolve) => (answered = resolve));
    yield { text: "second" };
  }
  const texts: (string | undefined)[] = [];
  for await (const { text } of client.echoBidiStream(conversation())) {
    texts.push(text);
    answered();
  }
  expect(texts).toEqual(["first", "second"]);
});

test("Connect asks by GET where a method changes nothing", async () => {
  const refuse = () => Promise.reject(new ServerError(Status.UNIMPLEMENTED, ""));
  const handlers = Object.keys(UserServiceDefinition.methods).map((name) => [name, refuse]);
  const getUser = ({ id }: { id: string }) => Promise.resolve({ id, name: "Ada" });
  const implementation = {
    ...Object.fromEntries(handlers),
    getUser,
  } as ServiceImplementation<UserServiceDefinition>;
  const server = createServer().add(UserServiceDefinition, implementation);
  const { handler } = createEdge({ server });
  const asked: unknown[] = [];
  const http = createHttpServer((request, response) => {
    asked.push(request.method);
    handler(request, response);
  }).listen(0, "127.0.0.1");
  await once(http, "listening");
  const baseUrl = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, new Uint8Array(descriptorSet)));
  const transport = createConnectTransport({ baseUrl, httpVersion: "1.1", useHttpGet: true });
  const users = createClient(registry.getService("users.UserService")!, transport) as unknown as {
    getUser(request: { id: string }): Promise<{ name: string }>;
    deleteUser(request: { id: string }): Promise<unknown>;
  };
  expect((await users.getUser({ id: "a&b" })).name).toBe("Ada");
  expect((await failure(users.deleteUser({ id: "7" }))).code).toBe(Code.Unimplemented);
  expect(asked).toEqual(["GET", "POST"]);
  http.close();
  http.closeAllConnections();
});
