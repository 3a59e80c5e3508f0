// The process that the test of runServer starts and sends signals to.
import { echoService, EchoServiceDefinition } from "@callwire/testkit";
import { createServer } from "../create-server.js";
import { createLogger } from "../logger.js";
import { runServer } from "../run-server.js";

const { ADDRESS = "127.0.0.1:0", TLS_CERT, TLS_KEY } = process.env;
await runServer(createServer().add(EchoServiceDefinition, echoService()), {
  address: ADDRESS,
  logger: createLogger({ name: "echo" }),
  tls: { certFile: TLS_CERT, keyFile: TLS_KEY },
});
