import type { Job, JobKind, JobResult } from "../client/job.js";
import type { Memory, ServerSettings } from "../service/serve.js";
import type { Certificates } from "./certificates.js";
import type { Databases, Prepared } from "./databases.js";
import { measureLoad } from "./load.js";
import { measureVariedLoad } from "./varied-load.js";
import type { Peer } from "./peers.js";
import { Peaks } from "./peaks.js";
import { RunningProgram } from "./programs.js";
import { USER_COUNT } from "../service/data.js";
import type { Work } from "./work.js";

/** The settings of a whole run. */
export interface MeasureSettings {
  warmupMs: number;
  measureMs: number;
  certificates: Certificates;
  databases: Databases;
}

/** The result of one piece of work for one peer, once. */
export interface Sample extends JobResult {
  /** Of the server for each idle stream, in bytes. */
  rssPerStream?: number;
  livePerStream?: number;
  /** Of `heap`: what lives in the server at the end for each byte that lived at the start. */
  serverHeapRatio?: number;
  /** Of `upload-rows`: the most memory of the second half for each byte at most of the first half. */
  serverPeakRatio?: number;
  clientPeakRatio?: number;
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

/** The number of users that the work finds in the database, and whether it adds any. */
function usersOf({ kind, users = USER_COUNT }: Work): { users: number; writes: boolean } {
  return { users, writes: kind !== "get" && kind !== "list" && kind !== "beside" };
}

/** True if the peer takes part in this work. */
export function takesPart(peer: Peer, { kind, peers }: Work): boolean {
  if (peers === undefined ? namedOnly(peer) : !peers.includes(peer.name)) return false;
  if (kind === "load") return peer.load !== undefined;
  return kind !== "codec" && peer.can.has(kind);
}

function namedOnly({ full, onlyNamed }: Peer): boolean {
  return full !== undefined || onlyNamed === true;
}

/** Measures one piece of work for one peer, with a server and a client of their own. */
export async function measure(peer: Peer, work: Work, settings: MeasureSettings): Promise<Sample> {
  const { tls, ca } = settings.certificates;
  const secure = work.tls === true;
  const { databases } = settings;
  await using running = await startServer(peer, secure ? { tls } : {}, { databases, work });
  const { server, port } = running;
  if (work.kind === "load") {
    // h2load counts an error as a success: the answers are checked apart, before and after, with what varies too.
    const check = { ...checkJob, port, connections: peer.connections };
    await runJobs(peer, server, [check]);
    const load = work.varied === true ? measureVariedLoad : measureLoad;
    const rate = await load(peer, work, settings, server.pid, port);
    await runJobs(peer, server, [check]);
    return { rate, p50Us: 0, p99Us: 0, clientCpuUs: 0 };
  }
  const [sample] = await runJobs(peer, server, [jobOf(peer, work, port, secure ? ca : undefined, settings)]);
  return sample!;
}

/** A few checked calls. */
const checkJob = { kind: "get", inFlight: 4, size: 0, warmupMs: 0, measureMs: 50 } as const;

/** The job of a peer's client for this work. */
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
    ...(work.list && { list: work.list }),
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
    using peaks = job.kind === "upload-rows" ? new Peaks({ server, client }) : undefined;
    const limitMs = limitOf(job);
    let answer = await client.answer<JobResult | { stage: string }>(limitMs);
    while ("stage" in answer) {
      server.tell("memory");
      memories.push(await server.answer<Memory>());
      client.tell("go");
      answer = await client.answer<JobResult | { stage: string }>(limitMs);
    }
    samples.push({ ...answer, ...compare(memories, job), ...peaks?.ratios() });
  }
  return samples;
}

/** The time that a job may say nothing, in milliseconds: ten times as long as it takes, or more. */
function limitOf({ kind, size }: Job): number {
  return 120_000 + (kind === "upload-rows" || kind === "heap" ? size : 0);
}

function compare([before, after]: readonly Memory[], { kind, inFlight }: Job): Partial<Sample> {
  if (before === undefined || after === undefined) return {};
  if (kind === "heap") return { serverHeapRatio: after.live / before.live };
  return {
    rssPerStream: (after.rss - before.rss) / inFlight,
    livePerStream: (after.live - before.live) / inFlight,
  };
}
