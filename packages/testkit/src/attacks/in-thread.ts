import { once } from "node:events";
import { Worker } from "node:worker_threads";

/** Runs one of the attacks on servers in a thread of its own until it is disposed of. */
export function attackInThread(name: string, port: number): AsyncDisposable {
  return stopping(start(name, port));
}

/** Runs one of the hostile servers in a thread of its own until it is disposed of. */
export async function hostileServerInThread(name: string): Promise<AsyncDisposable & { port: number }> {
  const worker = start(name, undefined);
  const [port] = (await once(worker, "message")) as [number];
  return { port, ...stopping(worker) };
}

function start(name: string, port: number | undefined): Worker {
  return new Worker(new URL("worker.js", import.meta.url), { workerData: { name, port } });
}

function stopping(worker: Worker): AsyncDisposable {
  const exited = once(worker, "exit");
  return {
    async [Symbol.asyncDispose]() {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
      worker.postMessage("stop");
      await exited;
    },
  };
}
