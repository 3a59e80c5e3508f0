import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { measureCalls } from "./calls.js";
import { measureBeside } from "./beside.js";
import type { Connection, Job, JobResult, Operations, Reach } from "./job.js";
import { measureHeap } from "./heap.js";
import { measureStreams } from "./streams.js";
import { uploadRows } from "./upload-rows.js";
import { measureWatch } from "./watch.js";

/**
 * Runs a client program: does the jobs that the first argument lists, prints the result of each, and ends with the last one.
 * Any wrong answer ends it with an error.
 */
export async function run(connect: (connection: Connection) => Operations[]): Promise<void> {
  const jobs = JSON.parse(process.argv[2] ?? "[]") as Job[];
  const lines = createInterface({ input: process.stdin });
  // The measuring process is gone.
  lines.on("close", () => process.exit(1));
  const reach: Reach = async (stage) => {
    const next = new Promise<void>((resolve) => {
      lines.once("line", () => resolve());
    });
    say({ stage });
    await next;
  };
  for (const job of jobs) {
    const { port, connections, ca } = job;
    const clients = connect({ port, connections, ca: ca === undefined ? undefined : readFileSync(ca) });
    say(await measure(job, clients, reach));
  }
  process.stdout.write("", () => process.exit(0));
}

function say(answer: object): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

async function measure(job: Job, clients: readonly Operations[], reach: Reach): Promise<JobResult> {
  switch (job.kind) {
    case "get":
    case "create":
    case "list":
    case "exchange":
      return measureCalls(job, clients);
    case "watch":
      return measureWatch(job, clients, reach);
    case "upload-rows":
      return uploadRows(job, clients);
    case "heap":
      return measureHeap(job, clients, reach);
    case "beside":
      return measureBeside(job, clients);
    case "server-stream":
    case "client-stream":
    case "bidi":
    case "download":
    case "upload":
      return measureStreams(job, clients);
  }
}
