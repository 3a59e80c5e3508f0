import { createLogger, runServer } from "@callwire/server-kit";
import { createOrdersServer, type Caller } from "./server.js";

const { ADDRESS = "127.0.0.1:50051", CALLERS = "{}", TLS_CERT, TLS_KEY } = process.env;
const callers = new Map(Object.entries(JSON.parse(CALLERS) as Record<string, Caller>));
const logger = createLogger({ name: "orders" });
const server = createOrdersServer({ logger, verify: (token) => callers.get(token) });
await runServer(server, { address: ADDRESS, logger, tls: { certFile: TLS_CERT, keyFile: TLS_KEY } });
