import { createServer as createHttpServer, request as httpRequest, type IncomingMessage } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import {
  auth,
  createLogger,
  createServer,
  errorBoundary,
  logging,
  type AnyMiddleware,
} from "@callwire/server-kit";
import { createChannel, deadlines } from "@callwire/transport";
import { describe, expect, jest, test } from "@jest/globals";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { createEdge } from "../create-edge.js";
import type { CommonEdgeOptions } from "../edge-options.js";
import { FileDescriptorSet, MethodOptions } from "../descriptors/gen/google/protobuf/descriptor.js";
import { mcp, type McpOptions } from "../mcp.js";
import { ProbeServiceDefinition } from "../testing/gen/callwire/edge/testing/v1/probe_service.js";
import { descriptorSet } from "../testing/gen/descriptor-set.js";
import { probeService, type Seen } from "../testing/probe-service.js";
import { send } from "../testing/serve-edge.js";

const probe = "callwire.edge.testing.v1.ProbeService";
const tools = [`${probe}/Query`, { method: `${probe}/Bind`, name: "bind_it" }, `${probe}/WatchNumbers`];

interface Serving {
  readonly mcp?: Partial<McpOptions>;
  readonly edge?: CommonEdgeOptions;
  readonly middleware?: readonly AnyMiddleware[];
  readonly behind?: "server" | "channel";
}

/** Serves the probe's methods as tools. Disposing of it stops all. */
async function serveTools({ mcp: options, edge: more, middleware = [], behind = "server" }: Serving = {}) {
  const seen: Seen = { binds: [], masks: [], ended: 0, sums: 0, made: 0 };
  const server = createServer({ middleware }).add(ProbeServiceDefinition, probeService(seen));
  const tooling = { ...more, mcp: mcp({ tools, descriptors: descriptorSet, ...options }) };
  const channel =
    behind === "channel" ? createChannel(`127.0.0.1:${await server.listen("127.0.0.1:0")}`) : undefined;
  const edge =
    channel === undefined
      ? createEdge({ ...tooling, server })
      : createEdge({ ...tooling, channel, services: [ProbeServiceDefinition] });
  const http = createHttpServer(edge.handler).listen(0, "127.0.0.1");
  await once(http, "listening");
  const { port } = http.address() as AddressInfo;
  return {
    seen,
    server,
    edge,
    url: `http://127.0.0.1:${port}/mcp`,
    async [Symbol.asyncDispose]() {
      const closed = once(http, "close");
      http.close();
      http.closeAllConnections();
      channel?.close();
      server.forceShutdown();
      await closed;
    },
  };
}

type Mode = "legacy" | "auto";

/** The protocol's own client. `auto` speaks the revision of 2026, `legacy` those before. */
async function connect(url: string, mode: Mode = "auto", headers: Record<string, string> = {}) {
  const client = new Client({ name: "test", version: "1" }, { versionNegotiation: { mode } });
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
  return {
    client,
    call: async (name: string, args: Record<string, unknown> = {}) =>
      client.callTool({ name, arguments: args }),
    [Symbol.asyncDispose]: () => client.close(),
  };
}

/** A result's text, as JSON. */
function jsonOf(result: unknown): unknown {
  const { content } = result as { content: { text: string }[] };
  return JSON.parse(content[0]!.text);
}

describe.each<[Mode, "server" | "channel"]>([
  ["auto", "server"],
  ["legacy", "channel"],
])("the protocol's client (%s), before a %s", (mode, behind) => {
  test("finds the tools that are named, by the contract's words", async () => {
    await using served = await serveTools({ behind, mcp: { name: "probe", instructions: "Be kind." } });
    await using connection = await connect(served.url, mode);
    expect(connection.client.getServerVersion()).toMatchObject({ name: "probe", version: "0.0.0" });
    expect(connection.client.getInstructions()).toBe("Be kind.");
    const { tools: found } = await connection.client.listTools();
    expect(found.map(({ name, annotations, description }) => [name, annotations, description])).toEqual([
      [
        "Query",
        { readOnlyHint: true, idempotentHint: true },
        "Answers with the request, which a query can give whole.",
      ],
      [
        "bind_it",
        { readOnlyHint: false, idempotentHint: true },
        "Answers with the request, and with the rule's own part of it in the body.",
      ],
      [
        "WatchNumbers",
        { readOnlyHint: false, idempotentHint: false },
        "Streams numbers from the position that the token names.",
      ],
    ]);
    expect(found[2]!.inputSchema).toEqual({
      type: "object",
      description: "What WatchNumbers is asked.",
      properties: {
        resumeToken: { type: "string", description: "The position to go on from." },
        count: { type: "integer", description: "How many numbers to send; 0 for ever." },
        failCode: {
          type: "integer",
          description: "Fail with this code after them, if not 0.",
        },
        padding: {
          type: "integer",
          description: "The characters of the text beside each number.",
        },
      },
      additionalProperties: false,
    });
  });

  test("calls, and is answered as the output's schema says", async () => {
    await using served = await serveTools({ behind });
    await using connection = await connect(served.url, mode);
    // The client holds results to the schemas that it has seen.
    await connection.client.listTools();
    const given = {
      int64Value: "5",
      colors: ["COLOR_RED", 9],
      doubleValue: "NaN",
      messageMap: { a: { nested: {} } },
    };
    const result = await connection.call("Query", given);
    expect(result).toMatchObject({ structuredContent: { request: given } });
    expect(result.isError).toBeUndefined();
    expect(jsonOf(result)).toEqual(result.structuredContent);
  });

  test("is told of errors as of a tool's, with details", async () => {
    await using served = await serveTools({ behind });
    await using connection = await connect(served.url, mode);
    const wrong = await connection.call("bind_it", { nmber: 1, tags: "x", part: { count: 1.5 } });
    expect(wrong.isError).toBe(true);
    expect(jsonOf(wrong)).toMatchObject({
      error: {
        status: "INVALID_ARGUMENT",
        details: [
          { reason: "INVALID_FIELDS" },
          { fieldViolations: [{ field: "nmber" }, { field: "tags" }, { field: "part.count" }] },
        ],
      },
    });
    const failed = await connection.call("bind_it", { failCode: 5 });
    expect(jsonOf(failed)).toMatchObject({
      error: { code: 404, message: "failed with 5", status: "NOT_FOUND" },
    });
    await expect(connection.call("Sum")).rejects.toMatchObject({ code: -32_602, message: /no tool 'Sum'/ });
  });

  test("gets a stream as progress, and as a list that has an end", async () => {
    await using served = await serveTools({ behind, mcp: { limits: { maxMessages: 3 } } });
    await using connection = await connect(served.url, mode);
    await connection.client.listTools();
    const progress: unknown[] = [];
    const params = { name: "WatchNumbers", arguments: { count: 2 } };
    const whole = await connection.client.callTool(params, { onprogress: (each) => progress.push(each) });
    const messages = [
      { number: 1, resumeToken: "1" },
      { number: 2, resumeToken: "2" },
    ];
    expect(whole.structuredContent).toEqual({ messages, complete: true });
    expect(progress).toEqual(
      messages.map((message, index) => ({ progress: index + 1, message: JSON.stringify(message) })),
    );
    const { structuredContent } = await connection.call("WatchNumbers", { resumeToken: "4" });
    expect(structuredContent).toMatchObject({
      messages: [{ number: 5 }, { number: 6 }, { number: 7 }],
      complete: false,
    });
    await expect(
      connection.call("WatchNumbers", { count: 1, failCode: 8 }).then(jsonOf),
    ).resolves.toMatchObject({
      error: { code: 429, status: "RESOURCE_EXHAUSTED", message: "failed with 8" },
    });
  });
});

/** Sends a message, or what else is given, by the protocol's revisions before 2026; the answer's text. */
async function ask(
  url: string,
  message: unknown,
  headers: Record<string, string> = {},
): Promise<[status: number, text: string]> {
  const accept = "application/json, text/event-stream";
  const { status, text } = await send(url, {
    method: "POST",
    json: message,
    headers: { accept, ...headers },
  });
  return [status, text];
}

const calling = (name: string, given: string, id = 1) =>
  `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"${name}","arguments":${given}}}`;

describe("arguments come to the contract as they were sent", () => {
  test.each([
    ["digits", '{"int64Value":9007199254740993}', '{"request":{"int64Value":"9007199254740993"}}'],
    ["a key that is there twice", '{"stringValue":"a","stringValue":"b"}', "string_value: there twice"],
    [
      "a key that objects have",
      '{"__proto__":{},"constructor":1}',
      "__proto__: no field of the message; constructor:",
    ],
    ["text that is no Unicode", '{"stringValue":"\\ud800"}', "string_value: not Unicode text"],
  ])("%s", async (_, given, said) => {
    await using served = await serveTools();
    const [status, text] = await ask(served.url, calling("Query", given));
    const { result } = JSON.parse(/data: (.*)/.exec(text)![1]!) as {
      result: { content: { text: string }[] };
    };
    expect([status, result.content[0]!.text]).toEqual([200, expect.stringContaining(said)]);
  });

  test("also in a batch, which the revisions from 2025-06-18 on do not have", async () => {
    await using served = await serveTools();
    const batch = `[${calling("Query", '{"int32Value":1}', 1)},${calling("Query", '{"int32Value":2}', 2)}]`;
    for (const revision of ["2025-03-26", undefined]) {
      const headers: Record<string, string> =
        revision === undefined ? {} : { "mcp-protocol-version": revision };
      const [status, text] = await ask(served.url, batch, headers);
      expect(status).toBe(200);
      for (const id of [1, 2]) expect(text).toMatch(new RegExp(`"int32Value":${id}.*"id":${id}\\}`));
    }
    for (const revision of ["2025-06-18", "2025-11-25", "2026-07-28"]) {
      const [status, text] = await ask(served.url, batch, { "mcp-protocol-version": revision });
      expect([revision, status]).toEqual([revision, 400]);
      expect(text).toContain("a request has one message, and no batch, from 2025-06-18 on");
    }
  });
});

test("what the protocol says of single requests is so", async () => {
  await using served = await serveTools();
  const revision = { "mcp-protocol-version": "2025-06-18" };
  const request = (method: string, params?: object) => ({ jsonrpc: "2.0", id: 1, method, params });
  const clientInfo = { name: "test", version: "1" };
  const begin = (protocolVersion: string) =>
    request("initialize", { protocolVersion, capabilities: {}, clientInfo });
  const prefix = "io.modelcontextprotocol";
  const newest = {
    [`${prefix}/protocolVersion`]: "2026-07-28",
    [`${prefix}/clientInfo`]: clientInfo,
    [`${prefix}/clientCapabilities`]: {},
  };
  const wanted: [message: unknown, headers: Record<string, string>, status: number, text: RegExp][] = [
    [begin("2025-06-18"), {}, 200, /"protocolVersion":"2025-06-18"/],
    [begin("1999-01-01"), {}, 200, /"protocolVersion":"2025-11-25"/],
    [{ jsonrpc: "2.0", method: "notifications/initialized" }, revision, 202, /^$/],
    [{ jsonrpc: "2.0", id: 1, result: {} }, revision, 202, /^$/],
    [request("ping"), revision, 200, /"result":\{\}/],
    [request("ping"), { "mcp-protocol-version": "1999-01-01" }, 400, /Unsupported protocol version/],
    [request("ping"), { accept: "application/json" }, 406, /text\/event-stream/],
    [request("resources/list"), revision, 200, /"code":-32601/],
    [request("tools/list", { cursor: "x" }), revision, 200, /"code":-32602.*list the tools without a cursor/],
    [request("tools/call", { name: "__proto__" }), revision, 200, /"code":-32602.*no tool '__proto__'/],
    [request("tools/call", { name: "Query", arguments: [] }), revision, 200, /"code":-32602/],
    [
      request("subscriptions/listen", { notifications: { toolsListChanged: true }, _meta: newest }),
      { "mcp-protocol-version": "2026-07-28", "mcp-method": "subscriptions/listen" },
      200,
      /"Subscription limit reached"/,
    ],
    [{ ...request("ping"), id: null }, revision, 400, /"code":-32600/],
    [[], {}, 400, /"code":-32600/],
  ];
  for (const [message, headers, status, text] of wanted)
    expect([message, ...(await ask(served.url, message, headers))]).toEqual([
      message,
      status,
      expect.stringMatching(text),
    ]);
});

test("a client that takes nothing of its progress is waited for, until it goes", async () => {
  await using served = await serveTools({
    mcp: { limits: { maxMessages: Infinity, maxResultBytes: Infinity, streamTimeoutMs: Infinity } },
  });
  const sent = httpRequest(served.url, {
    method: "POST",
    headers: { accept: "application/json, text/event-stream", "content-type": "application/json" },
  });
  const params = { name: "WatchNumbers", arguments: { padding: 100_000 }, _meta: { progressToken: 1 } };
  sent.end(JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params }));
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  expect(response.headers).toMatchObject({
    "content-type": "text/event-stream",
    "cache-control": "no-store",
  });
  response.on("error", () => {}).pause();
  let made = -1;
  for (let still = 0; still < 200 && made < 400;) {
    await turn();
    still = made === served.seen.made ? still + 1 : 0;
    ({ made } = served.seen);
  }
  expect(made).toBeLessThan(400);
  response.destroy();
  while (served.seen.ended === 0) await turn();
});

test("a client that has gone before its call begins is not called for", async () => {
  await using served = await serveTools({
    mcp: { limits: { maxMessages: Infinity, maxResultBytes: Infinity, streamTimeoutMs: Infinity } },
  });
  const init = {
    method: "POST",
    body: calling("WatchNumbers", "{}"),
    headers: { accept: "application/json, text/event-stream", "content-type": "application/json" },
    signal: AbortSignal.abort(),
  };
  await served.edge.fetch(new Request(served.url, init));
  // The next one is answered after it.
  await ask(served.url, calling("Query", "{}"));
  expect(served.seen.made).toBe(0);
});

test("a call that has ended leaves no limit of time behind", async () => {
  const added = jest.spyOn(deadlines, "add");
  await using served = await serveTools();
  await ask(served.url, calling("WatchNumbers", '{"count":1}'));
  await ask(served.url, calling("Query", "{}"));
  const entries = added.mock.calls.map(([entry]) => entry);
  added.mockRestore();
  // The call's, the stream's, and those of the bodies.
  expect(entries.length).toBeGreaterThanOrEqual(4);
  expect(entries.filter(({ deadlineBefore }) => deadlineBefore !== undefined)).toEqual([]);
});

test("a method that is deprecated says so", async () => {
  const set = FileDescriptorSet.decode(descriptorSet);
  const methods = set.file.flatMap(({ service }) => service.flatMap(({ method }) => method));
  const query = methods.find(({ name }) => name === "Query")!;
  query.options = MethodOptions.create({ ...query.options, deprecated: true });
  await using served = await serveTools({ mcp: { descriptors: FileDescriptorSet.encode(set).finish() } });
  const [, text] = await ask(served.url, { jsonrpc: "2.0", id: 1, method: "tools/list" });
  expect(text).toContain("which a query can give whole.\\n\\nDeprecated.");
});

test("a stream of a handler that never waits leaves others their turn, and has an end when the server stops", async () => {
  await using served = await serveTools({
    mcp: { limits: { maxMessages: Infinity, maxResultBytes: Infinity, streamTimeoutMs: Infinity } },
  });
  const called = ask(served.url, calling("WatchNumbers", "{}"));
  while (served.seen.made === 0) expect((await ask(served.url, calling("Query", "{}")))[0]).toBe(200);
  await served.server.shutdown();
  const [status, text] = await called;
  expect([status, served.seen.ended]).toEqual([200, 1]);
  expect(text).toMatch(/SERVER_STOPPING.*"isError":true/);
});

describe("limits", () => {
  test("a stream is left when its time is over, and the call is ended", async () => {
    await using served = await serveTools({
      behind: "channel",
      mcp: { limits: { streamTimeoutMs: 50, maxMessages: Infinity, maxResultBytes: Infinity } },
    });
    await using connection = await connect(served.url);
    const { structuredContent } = await connection.call("WatchNumbers");
    expect(structuredContent).toMatchObject({ complete: false });
  });

  test("a result is no longer than it may be", async () => {
    await using served = await serveTools({ mcp: { limits: { maxResultBytes: 100 } } });
    await using connection = await connect(served.url);
    const { structuredContent } = await connection.call("WatchNumbers", { padding: 20 });
    expect(structuredContent).toMatchObject({ messages: [{ number: 1 }], complete: false });
    const tooLong = {
      error: { status: "RESOURCE_EXHAUSTED", message: "the result has more than 100 bytes of JSON" },
    };
    expect(jsonOf(await connection.call("WatchNumbers", { padding: 200 }))).toMatchObject(tooLong);
    expect(jsonOf(await connection.call("Query", { stringValue: "x".repeat(100) }))).toMatchObject(tooLong);
  });

  test("a call has the client's deadline", async () => {
    await using served = await serveTools({ edge: { limits: { maxBodyBytes: 2000 } } });
    await using connection = await connect(served.url, "auto", { "grpc-timeout": "0m" });
    expect(jsonOf(await connection.call("Query"))).toMatchObject({ error: { status: "DEADLINE_EXCEEDED" } });
    await expect(connection.call("Query", { stringValue: "x".repeat(2000) })).rejects.toMatchObject({
      message: /413|2000 bytes/,
    });
  });
});

test("a call is cancelled when the client leaves it", async () => {
  await using served = await serveTools({
    behind: "channel",
    mcp: { limits: { maxMessages: Infinity, maxResultBytes: Infinity, streamTimeoutMs: Infinity } },
  });
  await using connection = await connect(served.url);
  const leave = new AbortController();
  const called = connection.client.callTool(
    { name: "WatchNumbers" },
    { signal: leave.signal, onprogress: () => leave.abort() },
  );
  await expect(called).rejects.toThrow();
  // The next call is answered after the first one has ended.
  while (served.seen.ended === 0) await connection.call("Query");
  expect(served.seen.ended).toBe(1);
});

test("calls pass the middleware, with the caller's own token, and have a line in the log", async () => {
  const lines: string[] = [];
  const logger = createLogger({ destination: { write: (line) => void lines.push(line) } });
  const verify = (token: string) => (token === "right" ? { subject: "ada" } : undefined);
  const middleware = [logging({ logger }), errorBoundary({ logger }), auth({ verify })];
  await using served = await serveTools({ middleware });
  await using stranger = await connect(served.url);
  expect(jsonOf(await stranger.call("Query"))).toMatchObject({
    error: { code: 401, status: "UNAUTHENTICATED" },
  });
  await using ada = await connect(served.url, "legacy", { authorization: "Bearer right" });
  expect((await ada.call("Query")).structuredContent).toEqual({ request: {} });
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
    { "grpc.code": "UNAUTHENTICATED", "http.route": "/mcp", "gen_ai.tool.name": "Query" },
    { "grpc.code": "OK", "http.request.method": "POST" },
  ]);
});

describe("what the endpoint refuses", () => {
  const json = { jsonrpc: "2.0", id: 1, method: "tools/list", params: {} };
  const accept = "application/json, text/event-stream";

  test("pages of origins that are not allowed, by whatever name they have reached it", async () => {
    await using served = await serveTools({ edge: { cors: { origins: ["https://app.example"] } } });
    const { host, origin } = new URL(served.url);
    const from = (given: string) =>
      send(served.url, { method: "POST", json, headers: { accept, origin: given } });
    const evil = await from("http://evil.example");
    expect([evil.status, evil.json]).toMatchObject([
      403,
      { error: { details: [{ reason: "ORIGIN_NOT_ALLOWED" }] } },
    ]);
    expect((await from(`http://localhost:1`)).status).toBe(403);
    expect((await from("null")).status).toBe(403);
    expect((await from(origin)).status).toBe(200);
    const app = await from("https://app.example");
    expect([app.status, app.headers.get("access-control-allow-origin")]).toEqual([
      200,
      "https://app.example",
    ]);
    const preflight = await send(served.url, {
      method: "OPTIONS",
      headers: { origin: "https://app.example", "access-control-request-method": "POST", host },
    });
    expect(preflight.headers.get("access-control-allow-headers")).toContain("mcp-protocol-version");
  });

  test("other methods, other bodies, and what is no JSON", async () => {
    await using served = await serveTools();
    const get = await send(served.url);
    expect([get.status, get.headers.get("allow")]).toEqual([405, "POST"]);
    const text = await send(served.url, {
      method: "POST",
      body: "{}",
      headers: { "content-type": "text/plain" },
    });
    expect(text.status).toBe(415);
    const broken = await send(served.url, { method: "POST", json: "{", headers: { accept } });
    expect([broken.status, broken.json]).toMatchObject([400, { error: { code: -32_700 } }]);
    const deep = `{"nested":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
    const call = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"Query","arguments":${deep}}}`;
    const answer = await send(served.url, { method: "POST", json: call, headers: { accept } });
    expect(answer.text).toContain("nested: not an object: a list");
    expect((await send(`${served.url}/x`)).status).toBe(404);
  });

  test("and answers by fetch as well", async () => {
    await using served = await serveTools();
    const response = await served.edge.fetch(
      new Request("http://edge.example/mcp", {
        method: "POST",
        body: JSON.stringify(json),
        headers: { accept, "content-type": "application/json" },
      }),
    );
    expect([response.status, await response.text()]).toEqual([
      200,
      expect.stringContaining('"name":"bind_it"'),
    ]);
  });
});

describe("mcp names what is wrong", () => {
  const server = createServer({ middleware: [] }).add(ProbeServiceDefinition, probeService());
  test.each<[string, object, string]>([
    ["an option that is none", { tool: [] }, "mcp has no option 'tool'; did you mean 'tools'?"],
    ["no tool", { tools: [] }, "mcp: tools is an empty array: it must be an array of methods, at least one"],
    [
      "a tool's option that is none",
      { tools: [{ mthod: "x" }] },
      "mcp: tools has no option 'mthod'; did you mean 'method'?",
    ],
    [
      "a tool's name",
      { tools: [{ method: "x", name: "a b" }] },
      'mcp: tools: name is "a b": it must be a name of letters, digits',
    ],
    [
      "a limit that is none",
      { limits: { maxMessage: 1 } },
      "mcp has no option 'limits.maxMessage'; did you mean 'limits.maxMessages'?",
    ],
    [
      "descriptors that are none",
      { descriptors: Buffer.from("no") },
      "no serialized google.protobuf.FileDescriptorSet: make it",
    ],
    [
      "a method that is none",
      { tools: [`${probe}/Qery`] },
      `mcp: there is no method '${probe}/Qery'; did you mean '${probe}/Query'?`,
    ],
    [
      "descriptors of another contract",
      { descriptors: new Uint8Array(0) },
      `mcp: ${probe}/Query is not in the descriptors: give those of its contract`,
    ],
    [
      "two tools of one name",
      { tools: [`${probe}/Query`, { method: `${probe}/Bind`, name: "Query" }] },
      `mcp: ${probe}/Bind has the tool's name 'Query', as another one: give it a name`,
    ],
    [
      "a stream of requests",
      { tools: [`${probe}/Sum`] },
      `mcp: ${probe}/Sum takes a stream of requests, and a tool takes one`,
    ],
  ])("%s", (_, options, message) => {
    const create = () => createEdge({ server, mcp: mcp({ tools, descriptors: descriptorSet, ...options }) });
    expect(create).toThrow(message);
  });
});
