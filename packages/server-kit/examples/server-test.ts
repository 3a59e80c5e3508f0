import { createServer, defaultMiddleware, type Logger } from "@callwire/server-kit";
import { testServer } from "@callwire/server-kit/testing";
import { echoService, EchoServiceDefinition } from "@callwire/testkit";

interface Parts {
  logger: Logger;
  verify: (token: string) => { roles: readonly string[] } | undefined;
}

/** The server as it is, but for what a test replaces. */
function echoServer({ logger, verify }: Parts) {
  const middleware = defaultMiddleware({
    logger,
    verify,
    allow: { "callwire.echo.v1.EchoService/*": "reader" },
  });
  return createServer({ middleware }).add(EchoServiceDefinition, echoService());
}

const principals = { ada: { roles: ["reader"] } };
await using test = await testServer(({ logger, verify }) => echoServer({ logger, verify }), { principals });
const echo = test.client(EchoServiceDefinition, { as: "ada" });
console.log(await echo.echoUnary({ text: "hello" }));
