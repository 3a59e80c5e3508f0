import { createServer } from "@callwire/server-kit";
import { echoService, EchoServiceDefinition } from "@callwire/testkit";

const server = createServer().add(EchoServiceDefinition, echoService());
server.http({ handler: (request, response) => void response.end(`${request.url} is not gRPC\n`) });
await server.listen("127.0.0.1:50051");
