import { readContract } from "./descriptors/contract.js";
import type { Exchange } from "./http/exchange.js";
import { MCP_REQUEST_HEADERS, serveMcp } from "./mcp/mcp-endpoint.js";
import {
  checkMcpOptions,
  defaultMcpLimits,
  type Mcp,
  type McpLimits,
  type McpOptions,
  type McpTool,
} from "./mcp/mcp-options.js";
import { toolsOf } from "./mcp/tool.js";
import type { Mount } from "./places/mount.js";

export { defaultMcpLimits, type Mcp, type McpLimits, type McpOptions, type McpTool };

/**
 * Makes tools of the Model Context Protocol of methods, for `createEdge({ mcp })`: models call them by Streamable HTTP, without a
 * session. Calls pass the server's middleware, with the caller's own `authorization`.
 *
 * @throws {TypeError | RangeError} that names an option that there is not, or that is not right.
 * @throws {Error} if `descriptors` is no set of descriptors. `createEdge` throws for a method that cannot be a tool.
 */
export function mcp(options: McpOptions): Mcp {
  const wanted = checkMcpOptions(options);
  const contract = readContract(options.descriptors);
  const { path = "/mcp", version = "0.0.0", instructions } = options;
  const limits = limitsOf(options.limits);
  const mount: Mcp & Mount = {
    path,
    requestHeaders: MCP_REQUEST_HEADERS,
    open(methods, settings) {
      const tools = toolsOf(wanted, methods, contract, path, settings);
      const [first] = tools.values();
      const { name = first!.name.slice(0, first!.name.lastIndexOf("/")) } = options;
      const service = { name, version, instructions, tools, limits };
      const serve = (exchange: Exchange) => serveMcp(exchange, service, settings);
      return { path, option: "mcp", httpMethods: ["POST"], serve };
    },
  };
  return mount;
}

function limitsOf({
  maxMessages = defaultMcpLimits.maxMessages,
  maxResultBytes = defaultMcpLimits.maxResultBytes,
  streamTimeoutMs = defaultMcpLimits.streamTimeoutMs,
}: Partial<McpLimits> = {}): McpLimits {
  return { maxMessages, maxResultBytes, streamTimeoutMs };
}
