// The process that the test of stopOnSignals sends signals to.
import { echoService, EchoServiceDefinition } from "@callwire/testkit";
import { createServer } from "../create-server.js";
import { stopOnSignals } from "../stop-on-signals.js";

const server = createServer().add(EchoServiceDefinition, echoService());
const stopped = stopOnSignals(server, {
  timeoutMs: 60_000,
  onSignal: (signal) => console.log(JSON.stringify({ signal })),
});
console.log(JSON.stringify({ port: await server.listen("127.0.0.1:0") }));
const report = await stopped;
const listeners = process.listenerCount("SIGTERM") + process.listenerCount("SIGINT");
console.log(JSON.stringify({ report, listeners }));
