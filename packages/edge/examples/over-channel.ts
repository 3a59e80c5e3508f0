import { createServer } from "node:http";
import { UserServiceDefinition } from "@callwire/contracts/users";
import { createEdge } from "@callwire/edge";
import { createChannel } from "@callwire/transport";

const channel = createChannel(process.env["USERS_ADDRESS"] ?? "127.0.0.1:50051");
const edge = createEdge({ channel, services: [UserServiceDefinition] });
createServer(edge.handler).listen(Number(process.env["PORT"] ?? 8080), "127.0.0.1");
