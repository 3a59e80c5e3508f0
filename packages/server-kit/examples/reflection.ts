import { createServer, type ServiceImplementation } from "@callwire/server-kit";
import { EchoServiceDefinition } from "@callwire/testkit";

/** The path of a file that `buf build` or `protoc` made. */
const { CONTRACT = "contract.binpb" } = process.env;

/** A server that describes its contract. */
export function describedServer(echo: ServiceImplementation<EchoServiceDefinition>) {
  const server = createServer({ reflection: CONTRACT }).add(EchoServiceDefinition, echo);
  return server;
}
