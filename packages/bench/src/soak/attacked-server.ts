// The server that is attacked: the echo service and the users', with an edge, and the limits that are the default. Prints its state on
// `state`.
import { createInterface } from "node:readline";
import { UserServiceDefinition } from "@callwire/contracts/users";
import { createEdge } from "@callwire/edge";
import { createLogger, createServer } from "@callwire/server-kit";
import { EchoServiceDefinition, echoService } from "@callwire/testkit";
import { serverRuntime, type RuntimeServer, type ServerStats } from "@callwire/transport";
import { Directory } from "../service/directory.js";
import { usersHandlers } from "../service/handlers.js";
import { noteUnhandledRejections, processState, type ProcessState } from "./state.js";

/** The server's answer to the line `state`. */
export interface AttackedState extends ProcessState {
  connectionsOpen: number;
  /** The calls that have neither succeeded nor failed. */
  callsOpen: number;
}

noteUnhandledRejections();
let stats!: ServerStats;
const server = createServer({
  logger: createLogger({ level: "silent" }),
  runtime: {
    ...serverRuntime,
    openServer(options) {
      const opened = serverRuntime.openServer(options) as RuntimeServer & { stats: ServerStats };
      ({ stats } = opened);
      return opened;
    },
  },
}).add(EchoServiceDefinition, {
  ...echoService(),
  // The echo service's own keeps every text, and an attack sends them without end.
  async echoClientStream(requests) {
    let count = 0;
    for await (const _ of requests) count++;
    return { count };
  },
});
server.add(UserServiceDefinition, usersHandlers(new Directory()));
server.http(createEdge({ server }));
const port = await server.listen("127.0.0.1:0");

async function state(): Promise<AttackedState> {
  const { callsStarted, callsSucceeded, callsFailed, connectionsOpen } = stats;
  const callsOpen = callsStarted - callsSucceeded - callsFailed;
  return { ...(await processState()), connectionsOpen, callsOpen };
}

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  if (line === "state") state().then((answer) => console.log(JSON.stringify(answer)), console.error);
});
lines.on("close", () => process.exit(0));
console.log(JSON.stringify({ port }));
