// The server that is attacked: the echo service, with the limits that are the default. Prints its state on `state`.
import { createInterface } from "node:readline";
import { createServer } from "@callwire/transport";
import { EchoServiceDefinition, echoService } from "@callwire/testkit";
import { noteUnhandledRejections, processState, type ProcessState } from "./state.js";

/** The server's answer to the line `state`. */
export interface AttackedState extends ProcessState {
  connectionsOpen: number;
  /** The calls that have neither succeeded nor failed. */
  callsOpen: number;
}

noteUnhandledRejections();
const server = createServer();
server.add(EchoServiceDefinition, {
  ...echoService(),
  // The echo service's own keeps every text, and an attack sends them without end.
  async echoClientStream(requests) {
    let count = 0;
    for await (const _ of requests) count++;
    return { count };
  },
});
const port = await server.listen("127.0.0.1:0");

async function state(): Promise<AttackedState> {
  const { callsStarted, callsSucceeded, callsFailed, connectionsOpen } = server.stats;
  const callsOpen = callsStarted - callsSucceeded - callsFailed;
  return { ...(await processState()), connectionsOpen, callsOpen };
}

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  if (line === "state") state().then((answer) => console.log(JSON.stringify(answer)), console.error);
});
lines.on("close", () => process.exit(0));
console.log(JSON.stringify({ port }));
