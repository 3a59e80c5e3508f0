import { performance } from "node:perf_hooks";
import { checkUser, userId } from "../service/data.js";
import { spread } from "../service/spread.js";
import type { Job, JobResult, Operations } from "./job.js";
import { percentiles } from "./meter.js";

/** A GetUser begins so often, in milliseconds, whether those before it are answered or not. */
const INTERVAL_MS = 2;

/** The number of lists that run at any time. */
const LISTS = 2;

/**
 * Asks for users at fixed times while others list: a call counts from the time when it was due, so that one that is held up
 * cannot hide that those after it would have waited too. The first client asks, the second one lists.
 */
export async function measureBeside(job: Job, clients: readonly Operations[]): Promise<JobResult> {
  const { list, users = 1, warmupMs, measureMs } = job;
  const [asking, listing] = clients;
  if (list === undefined || asking === undefined || listing === undefined) throw new Error("nothing to list");
  const lists = { latenciesMs: [] as number[], refused: 0, count: 0, done: false };
  const listers = Array.from({ length: LISTS }, async () => {
    while (!lists.done) {
      const began = performance.now();
      if (!(await listing.tryList!(list))) lists.refused++;
      lists.count++;
      lists.latenciesMs.push(performance.now() - began);
    }
  });
  const latenciesMs: number[] = [];
  const calls: Promise<void>[] = [];
  const call = async (index: number, due: number, counts: boolean): Promise<void> => {
    const which = spread(index, users);
    checkUser(await asking.getUser!(userId(which)), which);
    if (counts) latenciesMs.push(performance.now() - due);
  };
  const began = performance.now();
  const cpuBefore = process.cpuUsage();
  const total = Math.ceil((warmupMs + measureMs) / INTERVAL_MS);
  for (let index = 0; index < total;) {
    const now = performance.now();
    for (; index < total && began + index * INTERVAL_MS <= now; index++) {
      const offset = index * INTERVAL_MS;
      calls.push(call(index, began + offset, offset >= warmupMs));
    }
    await Promise.race([delay(1), ...listers]);
  }
  await Promise.all(calls);
  const seconds = (performance.now() - began) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  lists.done = true;
  await Promise.all(listers);
  const sorted = percentiles(latenciesMs);
  return {
    rate: total / seconds,
    ...sorted,
    maxUs: 1000 * (latenciesMs.at(-1) ?? 0),
    clientCpuUs: (cpu.user + cpu.system) / total,
    listP50Us: percentiles(lists.latenciesMs).p50Us,
    listsRefused: lists.refused / lists.count,
  };
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
