import { performance } from "node:perf_hooks";
import { newUserAt, type NewUser } from "../service/data.js";
import { reserve } from "./calls.js";
import type { Job, JobResult, Operations } from "./job.js";

/** Rows of an upload beforehand, so that code is compiled. */
const WARM_UP_ROWS = 5000;

/** Uploads `size` users, each of them a new one, in one call; the rate counts rows, from the first to the answer. */
export async function uploadRows(
  { size, keeps = 0 }: Job,
  clients: readonly Operations[],
): Promise<JobResult> {
  const upload = async (count: number): Promise<void> => {
    const created = await clients[0]!.uploadUsers!(rows(keeps + reserve(count), count));
    if (created !== count) throw new Error(`${created} of ${count} users were created`);
  };
  await upload(WARM_UP_ROWS);
  const cpuBefore = process.cpuUsage();
  const began = performance.now();
  await upload(size);
  const seconds = (performance.now() - began) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  return { rate: size / seconds, p50Us: 0, p99Us: 0, clientCpuUs: (cpu.user + cpu.system) / size };
}

/** Rows with a request id each would be kept apart for a day: an upload of files has none. */
async function* rows(first: number, count: number): AsyncGenerator<NewUser, void, undefined> {
  for (let index = first; index < first + count; index++) yield { ...newUserAt(index), requestId: "" };
}
