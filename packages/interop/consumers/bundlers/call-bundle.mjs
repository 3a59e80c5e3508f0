// Serves what a bundle of the client alone calls.
import { createServer } from "@callwire/server-kit";

const { call } = await import(process.argv[2]);
const server = createServer();
await call(`127.0.0.1:${await server.listen("127.0.0.1:0")}`);
await server.shutdown();
