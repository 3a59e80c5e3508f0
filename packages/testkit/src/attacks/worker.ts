import { parentPort, workerData } from "node:worker_threads";
import { hostileServers } from "./hostile-servers.js";
import { serverAttacks } from "./server-attacks.js";

// A thread that attacks until it is told to stop: an attacker's work is not its victim's.

const { name, port } = workerData as { name: string; port: number | undefined };
const controller = new AbortController();
const stopped = new Promise<void>((resolve) => {
  parentPort!.once("message", () => {
    controller.abort();
    resolve();
  });
});

function find<T extends { readonly name: string }>(all: readonly T[]): T {
  const found = all.find((each) => each.name === name);
  if (found === undefined) throw new Error(`there is no attack '${name}'`);
  return found;
}

if (port === undefined) {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort!.postMessage(await find(hostileServers).listen(controller.signal));
  await stopped;
} else await find(serverAttacks).run(port, controller.signal);
parentPort!.close();
