import { parentPort, workerData } from "node:worker_threads";
import { serverAttacks } from "./server-attacks.js";

// A thread that attacks until it is told to stop: an attacker's work is not the server's.

const { name, port } = workerData as { name: string; port: number };
const controller = new AbortController();
parentPort!.once("message", () => controller.abort());
const found = serverAttacks.find((each) => each.name === name);
if (found === undefined) throw new Error(`there is no attack '${name}'`);
void found.run(port, controller.signal).then(() => parentPort!.close());
