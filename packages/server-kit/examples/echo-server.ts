import { readFileSync } from "node:fs";
import { auth, createLogger, createServer, errorBoundary, forMethods } from "@callwire/server-kit";
import { invalidArgument, logging, requestId, stopOnSignals, tlsCredentials } from "@callwire/server-kit";
import { EchoServiceDefinition } from "@callwire/testkit"; // generated from a contract
import { requireRole } from "./require-role.js";

const { ADDRESS = "127.0.0.1:50051", TOKEN = "", TLS_CERT, TLS_KEY } = process.env;
const callers = new Map([[TOKEN, { name: "operator", roles: ["reader"] }]]);
const logger = createLogger({ name: "echo" });

const server = createServer({
  middleware: [
    requestId(),
    logging({ logger }),
    errorBoundary({ logger }),
    auth({ verify: (token) => callers.get(token) }),
    forMethods("callwire.echo.v1.EchoService/EchoClientStream", requireRole("writer")),
  ],
}).add(EchoServiceDefinition, {
  async echoUnary({ text }, { auth, log }) {
    const violations = [{ field: "text", description: "must not be empty" }];
    if (text === "") throw invalidArgument({ violations });
    log.info({ caller: auth.name }, "echoing");
    return { text };
  },
  async *echoServerStream({ text, count }) {
    for (let index = 0; index < count; index++) yield { text, index };
  },
  async echoClientStream(requests) {
    const texts: string[] = [];
    for await (const { text } of requests) texts.push(text);
    return { text: texts.join(), count: texts.length };
  },
  async *echoBidiStream(requests) {
    for await (const { text } of requests) yield { text };
  },
});

const credentials =
  TLS_CERT && TLS_KEY
    ? tlsCredentials({ cert: readFileSync(TLS_CERT), key: readFileSync(TLS_KEY) })
    : undefined;
logger.info({ port: await server.listen(ADDRESS, credentials) }, "listening");
logger.info(await stopOnSignals(server), "stopped");
