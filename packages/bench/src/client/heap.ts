import { performance } from "node:perf_hooks";
import type { Job, JobResult, Operations, Reach } from "./job.js";

/** Of the calls, how many are made beforehand: what is compiled and cached for good is there then. */
const WARM_UP_SHARE = 0.2;

/**
 * Makes `size` calls of all kinds, and compares what lives in the heap, after a collection, with what lived there before
 * them; the measuring process does so for the server.
 */
export async function measureHeap(
  { size, inFlight }: Job,
  clients: readonly Operations[],
  reach: Reach,
): Promise<JobResult> {
  const client = clients[0]!;
  let next = 0;
  const makeCalls = async (count: number): Promise<void> => {
    const end = next + count;
    const worker = async (): Promise<void> => {
      while (next < end) await client.mixed!(next++);
    };
    await Promise.all(Array.from({ length: inFlight }, worker));
  };
  await makeCalls(Math.ceil(size * WARM_UP_SHARE));
  const before = await liveBytes();
  await reach("before");
  const cpuBefore = process.cpuUsage();
  const began = performance.now();
  await makeCalls(size);
  const seconds = (performance.now() - began) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  const after = await liveBytes();
  await reach("after");
  return {
    rate: size / seconds,
    p50Us: 0,
    p99Us: 0,
    clientCpuUs: (cpu.user + cpu.system) / size,
    clientHeapRatio: after / before,
  };
}

/** After what is under way has ended, and a collection. */
async function liveBytes(): Promise<number> {
  if (globalThis.gc === undefined) throw new Error("the client must run with --expose-gc");
  await new Promise((resolve) => {
    setTimeout(resolve, 500);
  });
  // Twice: what finalizers let go in the first is collected in the second.
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
