import { once } from "node:events";
import { Worker } from "node:worker_threads";

/** Runs an attack in a thread of its own until it is disposed of. */
export function attackInThread(name: string, port: number): AsyncDisposable {
  const worker = new Worker(new URL("worker.js", import.meta.url), { workerData: { name, port } });
  const exited = once(worker, "exit");
  return {
    async [Symbol.asyncDispose]() {
      worker.postMessage("stop");
      await exited;
    },
  };
}
