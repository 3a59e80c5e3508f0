import {
  createLogger,
  createServer,
  defaultMiddleware,
  invalidArgument,
  runServer,
} from "@callwire/server-kit";
import { EchoServiceDefinition } from "@callwire/testkit"; // generated from a contract

const { ADDRESS = "127.0.0.1:50051", TOKEN = "", TLS_CERT, TLS_KEY } = process.env;
const callers = new Map([[TOKEN, { name: "operator", roles: ["reader"] }]]);
const logger = createLogger({ name: "echo" });

const server = createServer({
  middleware: defaultMiddleware({
    logger,
    verify: (token) => callers.get(token),
    allow: {
      "callwire.echo.v1.EchoService/*": ["reader", "writer"],
      "callwire.echo.v1.EchoService/EchoClientStream": "writer",
    },
  }),
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

await runServer(server, { address: ADDRESS, logger, tls: { certFile: TLS_CERT, keyFile: TLS_KEY } });
