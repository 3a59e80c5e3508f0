import { performance } from "node:perf_hooks";
import type { EventFields, NewUser } from "../service/data.js";
import { newUsers } from "./calls.js";
import type { Job, JobResult, Operations, Reach } from "./job.js";
import { percentiles } from "./meter.js";

/** Events that every stream gets. */
export const WATCH_EVENTS = 10;

/**
 * Opens `inFlight` watch streams over all clients, lets the measuring process see what they cost the server while idle, and
 * then has ten events sent to all of them, one after another: each is made when all streams have the one before it. Fails if
 * a stream misses an event, or gets one twice or out of order.
 */
export async function measureWatch(
  { inFlight, keeps }: Job,
  clients: readonly Operations[],
  reach: Reach,
): Promise<JobResult> {
  // A tenth of it beforehand, so that what the server keeps for good is not counted for the streams.
  const next = newUsers(keeps);
  await openAndClose(clients, Math.ceil(inFlight / 10), next());
  await reach("before");
  const streams = await openAll(clients, inFlight);
  await reach("after");

  const latenciesMs = new Float64Array(inFlight * WATCH_EVENTS);
  let received = 0;
  const seen = new Set<string>();
  const cpuBefore = process.cpuUsage();
  const began = performance.now();
  let madeAt = began;
  for (let event = 0; event < WATCH_EVENTS; event++) {
    madeAt = performance.now();
    const wanted = next();
    const all = streams.map(async (stream) => {
      let { value } = await stream.next();
      // A sign of life, if it takes long.
      while (value?.eventType === "heartbeat") ({ value } = await stream.next());
      latenciesMs[received++] = performance.now() - madeAt;
      if (value?.user?.email !== wanted.email) throw new Error(`a stream got ${JSON.stringify(value)}`);
      return value.resumeToken;
    });
    await clients[0]!.createUser!(wanted);
    const tokens = await Promise.all(all);
    const first = tokens[0]!;
    if (seen.has(first)) throw new Error(`event ${first} came again`);
    seen.add(first);
    if (tokens.some((token) => token !== first)) throw new Error("streams got different events");
  }
  const seconds = (performance.now() - began) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  return {
    rate: received / seconds,
    ...percentiles(latenciesMs),
    clientCpuUs: (cpu.user + cpu.system) / received,
  };
}

type Stream = AsyncIterator<EventFields>;

/** Open once the server has said so, by a first event. */
async function openAll(clients: readonly Operations[], count: number): Promise<Stream[]> {
  const streams = Array.from({ length: count }, (_, index) =>
    clients[index % clients.length]!.watch!()[Symbol.asyncIterator](),
  );
  const first = await Promise.all(streams.map((stream) => stream.next()));
  if (first.some(({ value }) => value?.eventType !== "heartbeat"))
    throw new Error("a stream began without a heartbeat");
  return streams;
}

async function openAndClose(clients: readonly Operations[], count: number, user: NewUser): Promise<void> {
  const streams = await openAll(clients, count);
  await Promise.all(streams.map(async (stream) => stream.return?.()));
  // Wakes the handlers that wait for an event, so that they see that their calls are over.
  await clients[0]!.createUser!(user);
}
