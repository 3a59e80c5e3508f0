// The server of the soak: listens on the port that its first argument names, so that it can be killed and come again.
import { createInterface } from "node:readline";
import { createServer } from "@callwire/transport";
import { UserServiceDefinition } from "@callwire/contracts/users";
import { BlobServiceDefinition } from "../gen/ts-proto/callwire/bench/v1/blob_service.js";
import { Directory } from "../service/directory.js";
import { blobHandlers, usersHandlers } from "../service/handlers.js";
import { noteUnhandledRejections, processState, type ProcessState } from "./state.js";

/** The server's answer to the line `state`. */
export interface ServerState extends ProcessState {
  callsStarted: number;
  callsEnded: number;
  connectionsOpen: number;
}

noteUnhandledRejections();
const server = createServer();
server.add(UserServiceDefinition, usersHandlers(new Directory()));
server.add(BlobServiceDefinition, blobHandlers);
const port = await server.listen(`127.0.0.1:${process.argv[2] ?? "0"}`);

async function state(): Promise<ServerState> {
  const { callsStarted, callsSucceeded, callsFailed, connectionsOpen } = server.stats;
  return {
    ...(await processState()),
    callsStarted,
    callsEnded: callsSucceeded + callsFailed,
    connectionsOpen,
  };
}

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  if (line === "state") state().then((answer) => console.log(JSON.stringify(answer)), console.error);
});
lines.on("close", () => process.exit(0));
console.log(JSON.stringify({ port }));
