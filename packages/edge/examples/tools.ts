import { createServer as createHttpServer } from "node:http";
import { descriptorSet } from "@callwire/contracts/descriptor-set"; // generated from a contract
import { createEdge } from "@callwire/edge";
import { mcp } from "@callwire/edge/mcp";
import type { CallwireServer } from "@callwire/server-kit";

export function serveTools(server: CallwireServer<never>, port: number) {
  const tools = mcp({
    descriptors: descriptorSet,
    tools: [
      "users.UserService/GetUser",
      "users.UserService/ListUsers",
      {
        method: "users.UserService/WatchUsers",
        name: "recent_changes",
        description: "Changes of users, as they happen.",
      },
    ],
  });
  const edge = createEdge({ server, mcp: tools });
  return createHttpServer(edge.handler).listen(port, "127.0.0.1");
}
