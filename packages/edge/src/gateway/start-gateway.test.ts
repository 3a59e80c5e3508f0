import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { createServer as createNetServer, type AddressInfo } from "node:net";
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
import { describe, expect, test } from "@jest/globals";
import { WebSocket } from "ws";
import { readContract } from "../descriptors/contract.js";
import { FileDescriptorProto, FileDescriptorSet } from "../descriptors/gen/google/protobuf/descriptor.js";
import { descriptorSet } from "../testing/gen/descriptor-set.js";
import { ProbeServiceDefinition } from "../testing/gen/callwire/edge/testing/v1/probe_service.js";
import { probeService } from "../testing/probe-service.js";
import { send } from "../testing/serve-edge.js";
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
function oldServer(files: readonly FileDescriptorProto[]) {
  return createServer({ middleware: [] })
    .add(ProbeServiceDefinition, probeService())
    .add(ServerReflectionDefinition, {
      async *serverReflectionInfo(requests) {
        for await (const { messageRequest } of requests) {
          const wanted = messageRequest?.value;
          if (messageRequest?.$case === "listServices") {
            const service = [{ name: probe }, { name: ServerReflectionDefinition.fullName }];
            yield { messageResponse: { $case: "listServicesResponse", value: { service } } };
            continue;
          }
          const found = files.find(
            ({ name, package: scope, service }) =>
              name === wanted || service.some((each) => `${scope}.${each.name}` === wanted),
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
      /^mcp: there is no method '\S+\/Quer'; did you mean '\S+\/Query'\?$/,
    ],
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

test("a gateway that stops lets requests end, and cuts off what does not", async () => {
  await using served = await startBefore(probeServer(), {
    descriptors: { file: "x", bytes: descriptorSet },
  });
  const { gateway, url, lines } = served;
  const watch = await fetch(`${url}/v1/numbers`);
  const reader = watch.body!.getReader();
  await reader.read();
  const talk = request(`${url}/v1/talk`, {
    method: "POST",
    headers: { "content-type": "application/x-ndjson" },
  });
  talk.write('{"text": "a"}\n');
  const [talking] = (await once(talk, "response")) as [IncomingMessage];
  const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}/v1/talk?secret=1`);
  await once(socket, "open");
  const socketClosed = once(socket, "close");
  const stopped = gateway.shutdown({ timeoutMs: 60_000 });
  await expect(fetch(`${url}/v1/query`)).rejects.toThrow();
  talk.end('{"text": "b"}\n');
  expect(await text(talking)).toBe('{"text":"a!"}\n{"text":"b!"}\n');
  gateway.forceShutdown();
  await expect(stopped).resolves.toMatchObject({ forced: true });
  await socketClosed;
  await expect(
    (async () => {
      while (!(await reader.read()).done);
    })(),
  ).rejects.toThrow();
  expect(lines.map((line) => JSON.parse(line) as object)).toContainEqual(
    expect.objectContaining({ "url.path": "/v1/numbers", "http.cut_off": true }),
  );
  expect(lines.map((line) => JSON.parse(line) as object)).toContainEqual(
    expect.objectContaining({ "url.path": "/v1/talk", "http.upgrade": "websocket" }),
  );
});

test("the set of the probe has its comments", () => {
  const { messages, services } = readContract(descriptorSet);
  expect(messages.get("callwire.edge.testing.v1.Part")).toMatchObject({ comment: "A part of a thing." });
  expect(services.get(probe)!.methods[0]).toMatchObject({
    comment: "Answers with the request, which a query can give whole.",
  });
});
