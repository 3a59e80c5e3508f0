import { toJsonText } from "@callwire/protobuf";
import { ServerError, Status } from "nice-grpc-common";
import type { EdgeCall } from "../calls/edge-method.js";
import { errorObject } from "../errors/error-body.js";
import type { Exchange } from "../http/exchange.js";
import { metadataOf } from "../http/metadata.js";
import { timeoutOf } from "../http/timeout.js";
import { nextTurn } from "../internal/next-turn.js";
import { TimeLimit } from "../internal/time-limit.js";
import { failureOf } from "../serve/answer.js";
import { openCall } from "../serve/open-call.js";
import type { EdgeSettings } from "../serve/settings.js";
import type { McpLimits } from "./mcp-options.js";
import type { Tool } from "./tool.js";

/** One call of a tool. */
export interface ToolCall {
  readonly exchange: Exchange;
  /** JSON, as it was sent; undefined if there are none. */
  readonly arguments: Uint8Array | undefined;
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
  /** Says that a message of a stream has come, if the client wants to know. */
  readonly onMessage: ((count: number, json: string) => Promise<void>) | undefined;
  readonly limits: McpLimits;
}

/** What a tool answers with (Model Context Protocol, "Tool Result"). */
export interface ToolResult {
  // The protocol's results have more properties of any name.
  [name: string]: unknown;
  content: { type: "text"; text: string }[];
  structuredContent?: Record<string, unknown>;
  isError?: boolean;
}

/** Calls a method as any call of the edge is made, and makes a result of what comes back. It does not throw. */
export async function callTool(tool: Tool, toolCall: ToolCall, settings: EdgeSettings): Promise<ToolResult> {
  const { exchange, signal } = toolCall;
  const { responseStream } = tool.method.descriptor;
  let call: EdgeCall | undefined;
  const cancel = () => call?.cancel();
  try {
    const limitMs = responseStream ? Infinity : settings.limits.callTimeoutMs;
    const { timeoutMs = Infinity } = timeoutOf(exchange, limitMs);
    call = openCall(exchange, tool, settings, {
      metadata: metadataOf(exchange, settings.requestMetadata),
      timeoutMs: Math.min(timeoutMs, limitMs),
    });
    signal.addEventListener("abort", cancel);
    if (signal.aborted) cancel();
    return responseStream
      ? await readStream(tool, call, toolCall, settings)
      : await readOne(tool, call, toolCall, settings);
  } catch (thrown) {
    const { httpStatus, json } = failureOf(thrown, call, tool, settings);
    return {
      content: [{ type: "text", text: JSON.stringify(errorObject(httpStatus, json)) }],
      isError: true,
    };
  } finally {
    signal.removeEventListener("abort", cancel);
    call?.end();
  }
}

/** Reads the arguments as the body of a request is read, which finds all that is wrong with them. */
function read({ request }: Tool, { arguments: given }: ToolCall): unknown {
  return request.message({ pathValues: [], query: [] }, given);
}

async function readOne(
  tool: Tool,
  call: EdgeCall,
  toolCall: ToolCall,
  settings: EdgeSettings,
): Promise<ToolResult> {
  const text = await call.unary(
    () => read(tool, toolCall),
    (message) => toJsonText<unknown>(tool.responseType, message, settings.write),
  );
  const { maxResultBytes } = toolCall.limits;
  if (Buffer.byteLength(text) > maxResultBytes) throw tooLarge(maxResultBytes);
  return resultOf(text, tool.shown.outputSchema !== undefined);
}

/** Reads a stream up to its end, or up to a limit. */
async function readStream(
  tool: Tool,
  call: EdgeCall,
  toolCall: ToolCall,
  settings: EdgeSettings,
): Promise<ToolResult> {
  const { onMessage, limits } = toolCall;
  const { maxMessages, maxResultBytes, streamTimeoutMs } = limits;
  const texts: string[] = [];
  let bytes = 0;
  let isOver = false;
  const result = (complete: boolean) =>
    resultOf(`{"messages":[${texts.join(",")}],"complete":${complete}}`, true);
  const leave = (): void => {
    isOver = true;
    call.end();
  };
  const limit = new TimeLimit(streamTimeoutMs, () => {
    isOver = true;
    call.cancel();
  });
  try {
    await call.stream(
      () => read(tool, toolCall),
      async (message) => {
        const text = toJsonText<unknown>(tool.responseType, message, settings.write);
        bytes += Buffer.byteLength(text);
        if (bytes > maxResultBytes) {
          if (texts.length === 0) throw tooLarge(maxResultBytes);
          leave();
          return;
        }
        texts.push(text);
        await onMessage?.(texts.length, text);
        if (texts.length >= maxMessages) leave();
        // A handler that never waits has its messages there at once.
        await nextTurn();
      },
    );
    return result(!isOver);
  } catch (thrown) {
    // The time is over: what came until then is the result.
    if (isOver) return result(false);
    throw thrown;
  } finally {
    limit.clear();
  }
}

function resultOf(text: string, isStructured: boolean): ToolResult {
  return {
    content: [{ type: "text", text }],
    ...(isStructured && { structuredContent: JSON.parse(text) as Record<string, unknown> }),
  };
}

function tooLarge(maxResultBytes: number): ServerError {
  return new ServerError(
    Status.RESOURCE_EXHAUSTED,
    `the result has more than ${maxResultBytes} bytes of JSON`,
  );
}
