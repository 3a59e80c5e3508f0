import { createMcpHandler, ProtocolError, ProtocolErrorCode, Server } from "@modelcontextprotocol/server";
import { readBody } from "../compression/request-body.js";
import { EdgeError } from "../errors/edge-error.js";
import { isSameOrigin, originNotAllowed } from "../http/cors.js";
import type { Exchange } from "../http/exchange.js";
import { reportFault } from "../internal/report-fault.js";
import { commonHeaders, refuse } from "../serve/answer.js";
import type { EdgeSettings } from "../serve/settings.js";
import { callTool } from "./call-tool.js";
import type { McpLimits } from "./mcp-options.js";
import { argumentsOf, isBatch } from "./raw-arguments.js";
import type { Tool } from "./tool.js";

/** What an endpoint serves. */
export interface McpService {
  readonly name: string;
  readonly version: string;
  readonly instructions: string | undefined;
  readonly tools: ReadonlyMap<string, Tool>;
  readonly limits: McpLimits;
}

/** Header fields of the protocol that pages may send (Model Context Protocol, "Streamable HTTP"). */
export const MCP_REQUEST_HEADERS: readonly string[] = ["mcp-protocol-version", "mcp-method", "mcp-name"];

/** A request, and how far its client has taken the answer. */
interface McpRequest {
  readonly exchange: Exchange;
  readonly body: Uint8Array;
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
  /** What the client must take before there is more for it. */
  waiting: Promise<void> | undefined;
}

/** Answers a request of the Model Context Protocol. What it rejects with is a mistake of ours. */
export async function serveMcp(
  exchange: Exchange,
  service: McpService,
  settings: EdgeSettings,
): Promise<void> {
  try {
    await answer(exchange, service, settings);
  } catch (thrown) {
    if (!(thrown instanceof EdgeError)) throw thrown;
    refuse(exchange, thrown, settings);
  }
}

/** Answers without a session: each request has a server of its own. @throws {EdgeError} for one that is refused. */
async function answer(exchange: Exchange, service: McpService, settings: EdgeSettings): Promise<void> {
  checkOrigin(exchange, settings);
  const gone = new AbortController();
  exchange.onGone(() => gone.abort());
  const body = await readBody(exchange, settings.body);
  checkBatch(exchange, body);
  const request: McpRequest = { exchange, body, signal: gone.signal, waiting: undefined };
  const handler = createMcpHandler(() => serverOf(request, service, settings), {
    // The list of tools never changes: there is nothing to subscribe to.
    maxSubscriptions: 0,
    // It was bounded above.
    maxRequestBodySize: Math.max(1, body.length),
  });
  await pass(await handler.fetch(asRequest(request)), request, settings);
}

/**
 * A page that has its own name lead to this machine must not call (DNS rebinding): browsers say where a page comes from. Clients
 * that are no browsers say nothing.
 */
function checkOrigin(exchange: Exchange, { cors }: EdgeSettings): void {
  const origin = exchange.header("origin");
  if (origin === undefined || cors?.allows(origin) || isLocalPage(origin, exchange.authority)) return;
  throw originNotAllowed(exchange);
}

/** True for a page of this very port, which is reached by a name that nobody else can have. */
function isLocalPage(origin: string, authority: string): boolean {
  return (
    /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/.test(origin) && isSameOrigin(origin, authority)
  );
}

/** The first revision without batches: a request has one message (Model Context Protocol, "Sending Messages to the Server"). */
const WITHOUT_BATCHES = "2025-06-18";

/** The library takes a batch from clients of any revision before 2026. */
function checkBatch(exchange: Exchange, body: Uint8Array): void {
  const revision = exchange.header("mcp-protocol-version") ?? "";
  if (revision >= WITHOUT_BATCHES && isBatch(body))
    throw new EdgeError(
      "NOT_ONE_MESSAGE",
      `a request has one message, and no batch, from ${WITHOUT_BATCHES} on`,
    );
}

function asRequest({ exchange, body, signal }: McpRequest): Request {
  const headers = new Headers();
  for (const name of ["accept", "content-type", ...MCP_REQUEST_HEADERS]) {
    const value = exchange.header(name);
    if (value !== undefined) headers.set(name, value);
  }
  // Nobody reads the address.
  return new Request("http://edge/", {
    method: "POST",
    headers,
    body: body as Uint8Array<ArrayBuffer>,
    signal,
  });
}

function serverOf(request: McpRequest, service: McpService, settings: EdgeSettings): Server {
  const { name, version, instructions, tools, limits } = service;
  const server = new Server(
    { name, version },
    {
      capabilities: { tools: {} },
      ...(instructions !== undefined && { instructions }),
      // The edge checks arguments by the contract, and asks clients for nothing.
      jsonSchemaValidator: {
        getValidator: () => () => ({ valid: false, data: undefined, errorMessage: "not used" }),
      },
    },
  );
  const list = { tools: Array.from(tools.values(), ({ shown }) => shown) };
  server.setRequestHandler("tools/list", ({ params }) => {
    // All stand on one page.
    if (params?.cursor === undefined) return list;
    throw new ProtocolError(
      ProtocolErrorCode.InvalidParams,
      "there is no such page: list the tools without a cursor",
    );
  });
  server.setRequestHandler("tools/call", async ({ params }, { mcpReq }) => {
    const tool = tools.get(params.name);
    if (tool === undefined)
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, `there is no tool '${params.name}'`);
    const progressToken = mcpReq._meta?.progressToken;
    const onMessage = async (progress: number, message: string) => {
      const params = { progressToken: progressToken!, progress, message };
      try {
        await mcpReq.notify({ method: "notifications/progress", params });
      } catch {
        // The client has gone: the signal says so.
      }
      // The library keeps what is not passed on yet.
      await request.waiting;
    };
    return callTool(
      tool,
      {
        exchange: request.exchange,
        arguments: argumentsOf(request.body, mcpReq.id),
        // Without a session, a client says by nothing else that it waits no more.
        signal: request.signal,
        onMessage: progressToken === undefined ? undefined : onMessage,
        limits,
      },
      settings,
    );
  });
  return server;
}

/** Passes an answer on: as one text, or as the stream that it is. */
async function pass(response: Response, request: McpRequest, settings: EdgeSettings): Promise<void> {
  const { exchange } = request;
  const { status } = response;
  const headers = commonHeaders(exchange, settings);
  const contentType = response.headers.get("content-type");
  if (contentType !== null) headers.push("content-type", contentType);
  if (contentType?.startsWith("text/event-stream") !== true || response.body === null) {
    const text = await response.text();
    const hasBody = text !== "";
    if (hasBody) headers.push("content-length", String(Buffer.byteLength(text)));
    exchange.respond({ status, headers }, hasBody ? text : undefined);
    return;
  }
  headers.push("cache-control", "no-store");
  const writer = exchange.begin({ status, headers });
  try {
    for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
      request.waiting = writer.write(text);
      await request.waiting;
    }
    writer.end();
  } catch (error) {
    reportFault(error);
    writer.breakOff();
  }
}
