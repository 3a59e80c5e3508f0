import { createEdge } from "@callwire/edge";
import { createLogger, runServer } from "@callwire/server-kit";
import { createGreeterServer } from "./server.js";

const { ADDRESS = "127.0.0.1:50051", LOG_LEVEL, NODE_ENV, TLS_CERT, TLS_KEY } = process.env;
const { TOKEN = NODE_ENV === "production" ? "" : "development" } = process.env;
if (TOKEN === "") throw new Error("TOKEN is not set: in production only callers with it may call");

const callers = new Map([[TOKEN, { name: "the operator", roles: ["greeter"] }]]);
const logger = createLogger({ name: "callwire-template", level: LOG_LEVEL ?? "info" });
const server = createGreeterServer({ logger, verify: (token) => callers.get(token) });
// The same port answers JSON over HTTP, and GET /healthz.
server.http(createEdge({ server }));
await runServer(server, { address: ADDRESS, logger, tls: { certFile: TLS_CERT, keyFile: TLS_KEY } });
