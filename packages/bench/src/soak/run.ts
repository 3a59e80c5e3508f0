import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { builtProgram } from "../run/built.js";
import { RunningProgram } from "../run/programs.js";
import type { ClientState } from "./client.js";
import { startProxy } from "./proxy.js";
import type { ServerState } from "./server.js";
import type { ProcessState } from "./state.js";

/** The length of a soak, and its tolerance. */
export interface SoakOptions {
  seconds: number;
  /** The memory that may live at the end beyond the warm-up's, in bytes, where that is more than a tenth. */
  slackBytes: number;
  onProgress: (line: string) => void;
}

/** The result of a soak. */
export interface SoakReport {
  /** The faults that were found; empty if all is well. */
  problems: string[];
  outcomes: ClientState["outcomes"];
  connectionsHarmed: number;
  kills: number;
}

/** Of the time: the warm-up; then harm with a server that lives, and then with one that is killed. */
const WARM_UP = 0.2;
const SERVER_LIVES = 0.45;

/** A connection is harmed so often, in milliseconds. */
const HARM_INTERVAL_MS = 100;

/**
 * Loads a server from two clients, each of which goes half directly and half through a proxy that breaks connections, and
 * kills one client again and again. In a second part the server is killed too. Before and after each part all calls are
 * let end, all connections are closed, and the processes must be as they were.
 */
export async function runSoak(options: SoakOptions): Promise<SoakReport> {
  const report: SoakReport = {
    problems: [],
    outcomes: { answered: 0, cancelled: 0, expired: 0, lost: 0 },
    connectionsHarmed: 0,
    kills: 0,
  };
  const killMs = Math.min(5000, (1000 * options.seconds) / 10);
  await using programs = new Programs();
  const { port } = await programs.startServer(0);
  await using proxy = await startProxy(port);
  programs.ports = [port, proxy.port];
  const steady = programs.startClient();

  /** Full load for a time, while `disturb` does its worst; then quiet. */
  const part = async (name: string, share: number, disturb: () => Promise<void>) => {
    options.onProgress(`${name}: ${(share * options.seconds).toFixed(0)} s`);
    const end = performance.now() + 1000 * share * options.seconds;
    programs.startVictim();
    steady.tell("resume");
    const harm = setInterval(() => proxy.harm(), HARM_INTERVAL_MS);
    try {
      while (performance.now() < end) {
        await delay(Math.min(killMs, Math.max(0, end - performance.now())));
        if (performance.now() < end) await disturb();
      }
    } finally {
      clearInterval(harm);
    }
    await programs.killVictim();
    steady.tell("pause");
    const client = await steady.answer<ClientState>();
    // The server hears of the end of the connections after the client has closed them.
    await delay(500);
    programs.server.tell("state");
    const server = await programs.server.answer<ServerState>();
    checkCalls(report, name, client, server);
    return { client, server };
  };
  const killVictim = async (): Promise<void> => {
    report.kills++;
    await programs.killVictim();
    programs.startVictim();
  };

  const before = await part("warm-up", WARM_UP, killVictim);
  const lived = await part("with a server that lives", SERVER_LIVES, killVictim);
  const after = await part("with a server that is killed", 1 - WARM_UP - SERVER_LIVES, async () => {
    await killVictim();
    report.kills++;
    await programs.killServer();
    await programs.startServer(port);
  });
  compare(report, "the server", before.server, lived.server, options.slackBytes);
  compare(report, "the client", before.client, after.client, options.slackBytes);
  report.outcomes = after.client.outcomes;
  report.connectionsHarmed = proxy.harmed;
  return report;
}

/** No call without an end, no answer that is wrong, no rejection that nobody handles. */
function checkCalls({ problems }: SoakReport, part: string, client: ClientState, server: ServerState): void {
  for (const what of client.wrong) problems.push(`${part}: ${what}`);
  for (const [side, { callsStarted, callsEnded, unhandledRejections }] of Object.entries({
    client,
    server,
  })) {
    if (callsStarted !== callsEnded) {
      problems.push(`${part}: ${callsStarted - callsEnded} calls of the ${side} have no end`);
    }
    for (const rejection of unhandledRejections)
      problems.push(`${part}: unhandled in the ${side}: ${rejection}`);
  }
  if (server.connectionsOpen > 0)
    problems.push(`${part}: ${server.connectionsOpen} connections are left open`);
}

/** No memory and no descriptor that stays. */
function compare(
  { problems }: SoakReport,
  side: string,
  before: ProcessState,
  after: ProcessState,
  slackBytes: number,
): void {
  const limit = before.liveBytes + Math.max(slackBytes, before.liveBytes / 10);
  const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
  if (after.liveBytes > limit) {
    problems.push(`${side} has ${mb(after.liveBytes)} alive, and had ${mb(before.liveBytes)}`);
  }
  if (after.descriptors > before.descriptors) {
    problems.push(`${side} has ${after.descriptors} descriptors, and had ${before.descriptors}`);
  }
}

/** The processes of a soak: a server, a client that stays, and one that is killed. */
class Programs implements AsyncDisposable {
  ports: number[] = [];
  server!: RunningProgram;
  readonly #running = new Set<RunningProgram>();
  #victim: RunningProgram | undefined;

  async startServer(port: number): Promise<{ port: number }> {
    this.server = this.#start(0, "server.js", [port]);
    return this.server.answer<{ port: number }>();
  }

  startClient(): RunningProgram {
    return this.#start(1, "client.js", this.ports);
  }

  startVictim(): void {
    this.#victim = this.startClient();
    this.#victim.tell("resume");
  }

  async killVictim(): Promise<void> {
    if (this.#victim !== undefined) await this.#kill(this.#victim);
  }

  async killServer(): Promise<void> {
    await this.#kill(this.server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of this.#running) await program[Symbol.asyncDispose]();
  }

  #start(core: 0 | 1, file: string, args: readonly number[]): RunningProgram {
    const path = builtProgram("soak", file);
    const program = new RunningProgram(core, [process.execPath, "--expose-gc", path], args.map(String));
    this.#running.add(program);
    return program;
  }

  async #kill(program: RunningProgram): Promise<void> {
    this.#running.delete(program);
    await program.kill();
  }
}
