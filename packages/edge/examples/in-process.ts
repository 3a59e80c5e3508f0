import { UserServiceDefinition } from "@callwire/contracts/users"; // generated from a contract
import { createEdge } from "@callwire/edge";
import { createLogger, createServer, errorBoundary, logging, requestId } from "@callwire/server-kit";
import type { ServiceImplementation } from "@callwire/server-kit";

export async function serve(users: ServiceImplementation<UserServiceDefinition>) {
  const logger = createLogger({ name: "users" });
  const middleware = [requestId(), logging({ logger }), errorBoundary({ logger })] as const;
  const server = createServer({ middleware }).add(UserServiceDefinition, users);
  server.http(createEdge({ server }));
  await server.listen("127.0.0.1:50051");
  return server;
}
