import { createLogger, runServer } from "@callwire/server-kit";
import { createStockServer } from "./service.js";

const { ADDRESS = "127.0.0.1:50051", TOKEN, TLS_CERT, TLS_KEY } = process.env;
if (!TOKEN) throw new Error("set TOKEN, the token that callers must send");

const logger = createLogger({ name: "stock" });
const callers = new Map([[TOKEN, { name: "till" }]]);
const server = createStockServer({ logger, verify: (token) => callers.get(token) });
await runServer(server, { address: ADDRESS, logger, tls: { certFile: TLS_CERT, keyFile: TLS_KEY } });
