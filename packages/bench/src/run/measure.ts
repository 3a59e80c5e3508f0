import type { Job, JobKind, JobResult } from "../client/job.js";
import type { Memory, ServerSettings } from "../service/serve.js";
import type { Certificates } from "./certificates.js";
import type { Databases, Prepared } from "./databases.js";
import { measureLoad } from "./load.js";
import type { Peer } from "./peers.js";
import { RunningProgram } from "./programs.js";
import { USER_COUNT } from "../service/data.js";
import type { Work } from "./work.js";

/** What is set for a whole run. */
export interface MeasureSettings {
  warmupMs: number;
  measureMs: number;
  certificates: Certificates;
  databases: Databases;
}

/** What came of one piece of work for one peer, once. */
export interface Sample extends JobResult {
  /** Of the server for each idle stream, in bytes. */
  rssPerStream?: number;
  livePerStream?: number;
}

/** A running server, which ends with its block. */
export interface StartedServer extends AsyncDisposable {
  server: RunningProgram;
  port: number;
}

/** Starts a peer's server; `work` says which users it has. */
export async function startServer(
  peer: Peer,
  settings: ServerSettings,
  { databases, work }: { databases: Databases; work: Work },
): Promise<StartedServer> {
  const { full, serverArguments } = peer;
  const prepared = full && (await databases.prepare(full.seededBy, usersOf(work)));
  try {
    const all = { ...settings, ...(prepared && { full: prepared.settings }) };
    const server = serverArguments
      ? new RunningProgram(0, peer.server, serverArguments(all), { log: prepared?.settings.log ?? "" })
      : new RunningProgram(0, peer.server, [JSON.stringify(all)]);
    return await started(server, prepared);
  } catch (error) {
    prepared?.[Symbol.dispose]();
    throw error;
  }
}

async function started(server: RunningProgram, prepared: Prepared | undefined): Promise<StartedServer> {
  const end = async (): Promise<void> => {
    await server[Symbol.asyncDispose]();
    prepared?.[Symbol.dispose]();
  };
  try {
    const { port } = await server.answer<{ port: number }>();
    return { server, port, [Symbol.asyncDispose]: end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** How many users the work finds in the database, and whether it adds any. */
function usersOf({ kind, users = USER_COUNT }: Work): { users: number; writes: boolean } {
  return { users, writes: kind !== "get" && kind !== "list" };
}

/** Whether the peer takes part in this work. */
export function takesPart(peer: Peer, { kind, peers }: Work): boolean {
  if (peers === undefined ? peer.full !== undefined : !peers.includes(peer.name)) return false;
  if (kind === "load") return peer.load !== undefined;
  return kind !== "codec" && peer.can.has(kind);
}

/** Measures one piece of work for one peer, with a server and a client of their own. */
export async function measure(peer: Peer, work: Work, settings: MeasureSettings): Promise<Sample> {
  const { tls, ca } = settings.certificates;
  const secure = work.tls === true;
  const { databases } = settings;
  await using running = await startServer(peer, secure ? { tls } : {}, { databases, work });
  const { server, port } = running;
  if (work.kind === "load") {
    // h2load counts an error as a success: the answers are checked apart, before and after.
    const check = { ...checkJob, port, connections: peer.connections };
    await runJobs(peer, server, [check]);
    const rate = await measureLoad(peer, work, settings, server.pid, port);
    await runJobs(peer, server, [check]);
    return { rate, p50Us: 0, p99Us: 0, clientCpuUs: 0 };
  }
  const [sample] = await runJobs(peer, server, [jobOf(peer, work, port, secure ? ca : undefined, settings)]);
  return sample!;
}

/** A few checked calls. */
const checkJob = { kind: "get", inFlight: 4, size: 0, warmupMs: 0, measureMs: 50 } as const;

/** What a peer's client is told to do this work. */
export function jobOf(
  peer: Peer,
  work: Work,
  port: number,
  ca: string | undefined,
  { warmupMs, measureMs }: { warmupMs: number; measureMs: number },
): Job {
  return {
    kind: work.kind as JobKind,
    port,
    ca,
    inFlight: work.inFlight,
    connections: work.connections ?? peer.connections,
    size: work.size ?? 0,
    ...(work.users !== undefined && { users: work.users }),
    ...(peer.full && { keeps: work.users ?? USER_COUNT }),
    warmupMs,
    measureMs,
  };
}

/** Runs a client to its end; at the stages that it tells of, looks at the server's memory. */
export async function runJobs(peer: Peer, server: RunningProgram, jobs: readonly Job[]): Promise<Sample[]> {
  const args = [JSON.stringify(jobs), ...(peer.clientArgument === undefined ? [] : [peer.clientArgument])];
  await using client = new RunningProgram(1, peer.client, args);
  const samples: Sample[] = [];
  for (const job of jobs) {
    const memories: Memory[] = [];
    let answer = await client.answer<JobResult | { stage: string }>();
    while ("stage" in answer) {
      server.tell("memory");
      memories.push(await server.answer<Memory>());
      client.tell("go");
      answer = await client.answer<JobResult | { stage: string }>();
    }
    samples.push({ ...answer, ...perStream(memories, job.inFlight) });
  }
  return samples;
}

function perStream([before, idle]: readonly Memory[], streams: number): Partial<Sample> {
  if (before === undefined || idle === undefined) return {};
  return {
    rssPerStream: (idle.rss - before.rss) / streams,
    livePerStream: (idle.live - before.live) / streams,
  };
}
