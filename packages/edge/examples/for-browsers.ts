import { createEdge, type ServerEdgeOptions } from "@callwire/edge";

export function createPublicEdge({ server }: ServerEdgeOptions) {
  return createEdge({
    server,
    cors: { origins: ["https://app.example.com"] },
    protocols: { grpcWeb: false, connect: ["users.UserService"] },
  });
}
