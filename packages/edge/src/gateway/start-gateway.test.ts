import { once } from "node:events";
import { Agent, request, type IncomingMessage } from "node:http";
import { connect, createServer as createNetServer, Socket, type AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { ServerReflectionDefinition } from "@callwire/contracts/grpc/reflection/v1alpha";
import {
  createLogger,
  createServer,
  tlsCredentials,
  type CallwireServer,
  type TlsCredentials,
} from "@callwire/server-kit";
import { testCertificates } from "@callwire/testkit";
import { describe, expect, jest, test } from "@jest/globals";
import { WebSocket } from "ws";
import { readContract } from "../descriptors/contract.js";
import { FileDescriptorProto, FileDescriptorSet } from "../descriptors/gen/google/protobuf/descriptor.js";
import { descriptorSet } from "../testing/gen/descriptor-set.js";
import { ProbeServiceDefinition } from "../testing/gen/callwire/edge/testing/v1/probe_service.js";
import { probeService } from "../testing/probe-service.js";
import { send } from "../testing/serve-edge.js";
import { httpServer } from "./http-port.js";
import { readSettings, type GatewaySettings } from "./settings.js";
import { startGateway, type Gateway } from "./start-gateway.js";

type AnyServer = Pick<CallwireServer<object>, "listen" | "forceShutdown">;

const probe = "callwire.edge.testing.v1.ProbeService";

/** A gateway before a server. Disposing of it stops both. */
async function startBefore(
  server: AnyServer,
  change: Partial<GatewaySettings> = {},
  credentials?: TlsCredentials,
) {
  const target = `127.0.0.1:${await server.listen("127.0.0.1:0", credentials)}`;
  const lines: string[] = [];
  const logger = createLogger({ destination: { write: (line) => void lines.push(line) } });
  const settings = readSettings(["--target", target, "--listen", "127.0.0.1:0"]) as GatewaySettings;
  let gateway: Gateway;
  try {
    gateway = await startGateway({ ...settings, ...change }, logger);
  } catch (error) {
    server.forceShutdown();
    throw new Error((error as Error).message.replace(target, "TARGET"), { cause: error });
  }
  return {
    gateway,
    url: `http://127.0.0.1:${gateway.port}`,
    lines,
    async [Symbol.asyncDispose]() {
      await gateway.shutdown({ timeoutMs: 0 });
      server.forceShutdown();
    },
  };
}

const probeServer = (options: { reflection?: Uint8Array } = {}) =>
  createServer({ middleware: [], ...options }).add(ProbeServiceDefinition, probeService());

/** A server whose reflection is v1alpha alone, and sends one file at a time, as those of some languages do. */
function oldServer(files: readonly FileDescriptorProto[], more: readonly string[] = []) {
  return createServer({ middleware: [] })
    .add(ProbeServiceDefinition, probeService())
    .add(ServerReflectionDefinition, {
      async *serverReflectionInfo(requests) {
        for await (const { messageRequest } of requests) {
          const wanted = messageRequest?.value;
          if (messageRequest?.$case === "listServices") {
            const listed = [probe, ServerReflectionDefinition.fullName, ...more];
            const service = listed.map((name) => ({ name }));
            yield { messageResponse: { $case: "listServicesResponse", value: { service } } };
            continue;
          }
          const found = files.find(
            ({ name, package: scope, service }) =>
              name === wanted ||
              service.some((each) => `${scope}.${each.name}` === wanted) ||
              (scope === "x" && wanted === "x.Y"),
          );
          yield {
            messageResponse:
              found === undefined
                ? { $case: "errorResponse", value: { errorCode: 5, errorMessage: `no ${wanted as string}` } }
                : {
                    $case: "fileDescriptorResponse",
                    value: { fileDescriptorProto: [FileDescriptorProto.encode(found).finish()] },
                  },
          };
        }
      },
    });
}

const { file: files } = FileDescriptorSet.decode(descriptorSet);

describe("a gateway learns the contract", () => {
  test.each<[string, () => AnyServer, Partial<GatewaySettings>]>([
    ["by reflection", () => probeServer({ reflection: descriptorSet }), {}],
    ["by reflection of v1alpha, file by file", () => oldServer(files), { services: [probe] }],
    [
      "by descriptors",
      probeServer,
      { descriptors: { file: "x.binpb", bytes: descriptorSet }, json: { originalNames: true } },
    ],
  ])("%s", async (_, server, change) => {
    await using served = await startBefore(server(), change);
    const answer = await send(`${served.url}/v1/query?int32_value=5&otherName=x&mask=a_b&secret`);
    expect([answer.status, answer.json]).toMatchObject([
      400,
      { error: { message: "secret: no field of the request" } },
    ]);
    const { json } = await send(`${served.url}/v1/query?int32_value=5&otherName=x&mask=a_b`);
    const named = change.json?.originalNames
      ? { int32_value: 5, json_named: "x" }
      : { int32Value: 5, otherName: "x" };
    expect(json).toEqual({ ...named, mask: "aB" });
    // A line a request, without the query.
    expect(served.lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { "http.request.method": "GET", "url.path": "/v1/query", "http.response.status_code": 400 },
      { "url.path": "/v1/query", "http.response.status_code": 200, "peer.address": "127.0.0.1" },
    ]);
    expect(served.lines.join("")).not.toContain("secret");
  });
});

test("a gateway serves tools of the Model Context Protocol, if they are named", async () => {
  await using served = await startBefore(probeServer({ reflection: descriptorSet }), {
    mcpTools: [`${probe}/Query`],
  });
  const call = { name: "Query", arguments: { color: "COLOR_RED" } };
  const answer = await send(`${served.url}/mcp`, {
    method: "POST",
    json: { jsonrpc: "2.0", id: 1, method: "tools/call", params: call },
    headers: { accept: "application/json, text/event-stream" },
  });
  expect(answer.text).toContain('"structuredContent":{"request":{"color":"COLOR_RED"}}');
});

test("a gateway calls its server over TLS, with a certificate of its own", async () => {
  const { ca, server, client } = await testCertificates();
  const credentials = tlsCredentials({ ...server, clientCa: ca });
  const [authority, cert, key] = [ca, client.cert, client.key].map((pem) => Buffer.from(pem));
  await using served = await startBefore(
    probeServer({ reflection: descriptorSet }),
    { tls: { ca: authority, cert, key } },
    credentials,
  );
  const { json } = await send(`${served.url}/v1/query?int32_value=5`);
  expect(json).toEqual({ int32Value: 5 });
});

const withoutRules = FileDescriptorSet.encode({
  file: files.map((each) => ({
    ...each,
    service: each.service.map((service) => ({
      ...service,
      method: service.method.map((method) => ({ ...method, options: undefined })),
    })),
  })),
}).finish();

describe("a gateway says what is wrong, and what to do", () => {
  test.each<[string, () => AnyServer, Partial<GatewaySettings>, RegExp]>([
    [
      "no server",
      probeServer,
      { target: "127.0.0.1:1" },
      /^127\.0\.0\.1:1: no gRPC server answers there \(UNAVAILABLE: .*\): start it, and look/,
    ],
    [
      "a target that is no address",
      probeServer,
      { target: "127.0.0.1:" },
      /^--target: Invalid address: '127\.0\.0\.1:'/,
    ],
    [
      "a certificate that is none",
      probeServer,
      { tls: { ca: Buffer.from("x"), cert: undefined, key: undefined } },
      /^--tls-ca/,
    ],
    [
      "no reflection",
      probeServer,
      {},
      /^TARGET: the server has no reflection: give its contract by --descriptors/,
    ],
    [
      "reflection that lacks a file",
      () => oldServer(files.slice(-1)),
      {},
      /^TARGET: the server's reflection does not describe google\/\S+: no google\/\S+; give its contract/,
    ],
    [
      "reflection that lists what it does not describe",
      () => oldServer([...files, FileDescriptorProto.create({ name: "x.proto", package: "x" })], ["x.Y"]),
      { services: ["x.Y"] },
      /^TARGET: the server's reflection lists x\.Y, and describes no such service; give its contract by --desc/,
    ],
    [
      "a service that there is not",
      () => oldServer(files),
      { services: [probe.slice(0, -1)] },
      /^TARGET: there is no service '.*ProbeServic'; did you mean '.*ProbeService'\?$/,
    ],
    [
      "a file that is no set",
      probeServer,
      { descriptors: { file: "x", bytes: Buffer.from("no set") } },
      /^x: no serialized google\.protobuf\.FileDescriptorSet: make it by 'buf build/,
    ],
    [
      "no annotation",
      probeServer,
      { descriptors: { file: "x", bytes: withoutRules } },
      /^x: no method has a google\.api\.http annotation.* There are\n[^]* {2}\S+ProbeService: Query, Bind, .*\nImport "google\/api/,
    ],
    [
      "a tool that there is not",
      probeServer,
      { descriptors: { file: "x", bytes: descriptorSet }, mcpTools: [`${probe}/Quer`] },
      /^--mcp-tool: there is no method '\S+\/Quer'; did you mean '\S+\/Query'\?$/,
    ],
    [
      "two services of one name",
      probeServer,
      { descriptors: { file: "x", bytes: descriptorSet }, services: [probe, probe] },
      /^\w+ \/v1\/\S+ of \S+ and .* take the same requests$/,
    ],
    ...[
      [{ corsOrigins: ["a"] }, /^--cors-origin: "a" is no origin/] as const,
      [{ hosts: ["a:1"] }, /^--allow-host: "a:1" is no host without a port$/] as const,
      [{ requestMetadata: ["A"] }, /^--request-metadata: "A" is no name of metadata/] as const,
      [{ responseMetadata: ["te"] }, /^--response-metadata: te belongs to HTTP/] as const,
    ].map(([change, message]): [string, () => AnyServer, Partial<GatewaySettings>, RegExp] => [
      `a wrong ${Object.keys(change)[0]}`,
      probeServer,
      { descriptors: { file: "x", bytes: descriptorSet }, ...change },
      message,
    ]),
    [
      "an address of another machine",
      probeServer,
      { descriptors: { file: "x", bytes: descriptorSet }, host: "192.0.2.1" },
      /^--listen: listen EADDRNOTAVAIL/,
    ],
  ])("%s", async (_, server, change, message) => {
    await expect(startBefore(server(), change)).rejects.toThrow(message);
  });

  test("a port that is in use", async () => {
    const other = createNetServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    const change = { descriptors: { file: "x", bytes: descriptorSet }, host: "127.0.0.1", port };
    await expect(startBefore(probeServer(), change)).rejects.toThrow(
      /^--listen: listen EADDRINUSE.*; stop what listens there, or give another port$/,
    );
    other.close();
  });
});

/** A stream of requests, in a connection that may have more of them. Its one answer comes when it has ended. */
function openSum(url: string, agent: Agent) {
  const headers = { "content-type": "application/x-ndjson" };
  const sent = request(`${url}/v1/sums/a`, { method: "POST", headers, agent });
  sent.write('{"number":1}\n');
  return sent;
}

const descriptors = { file: "x", bytes: descriptorSet };

test("a gateway that stops ends streams of responses, and lets other requests end", async () => {
  await using served = await startBefore(probeServer(), { descriptors });
  const { gateway, url, lines } = served;
  // What nobody reads waits for the end.
  const path = `${url}/v1/numbers?padding=100000`;
  const [watch, events] = await Promise.all([
    fetch(path),
    fetch(path, { headers: { accept: "text/event-stream" } }),
  ]);
  const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}/v1/talk`);
  const socketClosed = once(socket, "close");
  await once(socket, "open");
  socket.send('{"text":"a"}');
  await once(socket, "message");
  const agent = new Agent({ keepAlive: true });
  const sum = openSum(url, agent);
  const summed = once(sum, "response");
  while ((await send(`${url}/v1/query`)).status !== 200);
  const stopped = gateway.shutdown({ timeoutMs: 3_000 });
  expect(await watch.text()).toMatch(/\{"error":\{"code":503,.*SERVER_STOPPING.*\}\n$/);
  expect(await events.text()).toMatch(/event: error\n.*data: \{"error":\{"code":503,.*SERVER_STOPPING/s);
  expect(await socketClosed).toEqual([
    1001,
    Buffer.from("UNAVAILABLE: the server is stopping; come back to another, or to its successor"),
  ]);
  await expect(fetch(`${url}/v1/query`)).rejects.toThrow();
  expect((await gateway.edge.fetch(new Request(path))).status).toBe(503);
  sum.end('{"number":2}\n');
  const [answer] = (await summed) as [IncomingMessage];
  expect(JSON.parse(await text(answer))).toMatchObject({ sum: 3 });
  // Its connection is not waited for.
  expect(await stopped).toEqual({ forced: false, cutOff: [] });
  agent.destroy();
  expect(lines.map((line) => JSON.parse(line) as object)).toContainEqual(
    expect.objectContaining({ "url.path": "/v1/talk", "http.upgrade": "websocket" }),
  );
});

test("a gateway that stops cuts off what does not end, a socket too", async () => {
  await using served = await startBefore(probeServer(), { descriptors });
  const { gateway, url, lines } = served;
  const agent = new Agent();
  const sum = openSum(url, agent);
  const broken = once(sum, "error");
  const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}/v1/sums/a`);
  socket.on("error", () => {});
  const socketClosed = once(socket, "close");
  await once(socket, "open");
  const stopped = gateway.shutdown({ timeoutMs: 60_000 });
  await expect(fetch(`${url}/v1/query`)).rejects.toThrow();
  gateway.forceShutdown();
  await expect(stopped).resolves.toEqual({ forced: true, cutOff: [] });
  expect((await socketClosed)[0]).toBe(1006);
  await broken;
  expect(lines.map((line) => JSON.parse(line) as object)).toContainEqual(
    expect.objectContaining({ "url.path": "/v1/sums/a", "http.cut_off": true }),
  );
});

test("a gateway that stops waits for a WebSocket whose call goes on", async () => {
  await using served = await startBefore(probeServer(), { descriptors });
  const socket = new WebSocket(`ws://127.0.0.1:${served.gateway.port}/v1/sums/a`);
  const closed = once(socket, "close");
  await once(socket, "open");
  let isStopped = false;
  const stopped = served.gateway.shutdown({ timeoutMs: 10_000 }).finally(() => (isStopped = true));
  socket.send('{"number":1}');
  socket.send("");
  expect(String((await once(socket, "message"))[0])).toContain('"sum":1');
  expect([isStopped, (await closed)[0]]).toEqual([false, 1000]);
  expect(await stopped).toEqual({ forced: false, cutOff: [] });
});

test.each([
  ["ends idle connections", "GET /v1/query", (gateway: Gateway) => void gateway.shutdown()],
  ["cuts off busy ones", "GET /v1/numbers?padding=1000", (gateway: Gateway) => gateway.forceShutdown()],
])("a gateway that stops %s, a few in each turn of the event loop", async (_what, line, stop) => {
  await using served = await startBefore(probeServer(), { descriptors });
  const sockets = Array.from({ length: 100 }, () => connect(served.gateway.port, "127.0.0.1"));
  for (const socket of sockets) socket.write(`${line} HTTP/1.1\r\nhost: x\r\n\r\n`);
  await Promise.all(sockets.map((socket) => once(socket, "data")));
  const closed = sockets.map((socket) => once(socket.on("error", () => {}).resume(), "close"));
  // At every other look at the clock, a turn's time is over.
  let now = performance.now();
  const clock = jest.spyOn(performance, "now").mockImplementation(() => (now += 1.5));
  const ends = [jest.spyOn(Socket.prototype, "destroy"), jest.spyOn(Socket.prototype, "end")];
  stop(served.gateway);
  const ended = ends.map(({ mock }) => mock.calls.length);
  await Promise.all(closed);
  for (const spy of [clock, ...ends]) spy.mockRestore();
  expect(Math.max(...ended)).toBeLessThan(50);
});

test("a request that fails by our side's fault is a line of another level", async () => {
  await using served = await startBefore(probeServer(), { descriptors });
  for (const failCode of [0, 5, 13])
    await send(`${served.url}/v1/shelves/1/books/2:bind`, { method: "POST", json: { failCode } });
  while (served.lines.length < 3) await new Promise((resolve) => setImmediate(resolve));
  // pino's numbers of info and error.
  expect(served.lines.map((line) => (JSON.parse(line) as { level: unknown }).level)).toEqual([30, 30, 50]);
});

test("a gateway on loopback answers to no name that leads there", async () => {
  await using served = await startBefore(probeServer(), { descriptors });
  const statusOf = async (host: string) => {
    const sent = request(`${served.url}/v1/query`, { headers: { host } }).end();
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    response.resume();
    return response.statusCode;
  };
  expect(await statusOf("evil.example")).toBe(421);
  expect(await statusOf("localhost:1")).toBe(200);
});

test("a header has an end, though a request may have none", () => {
  const server = httpServer();
  expect([server.headersTimeout, server.requestTimeout]).toEqual([60_000, 0]);
});

test("the set of the probe has its comments", () => {
  const { messages, services } = readContract(descriptorSet);
  expect(messages.get("callwire.edge.testing.v1.Part")).toMatchObject({ comment: "A part of a thing." });
  expect(services.get(probe)!.methods[0]).toMatchObject({
    comment: "Answers with the request, which a query can give whole.",
  });
});
