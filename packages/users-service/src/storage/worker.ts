import { constants, getPriority, setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";

import Database from "libsql";

import type { ListQuery } from "../domain/user-store.js";
import { scanUsers } from "./scan.js";

// The program of a thread, which has a connection of its own: it looks at all users, and writes the database's log back.

/** The data that a thread is started with. */
export interface WorkerSettings {
  readonly path: string;
  /** Whether the thread gives way to the event loop where both want the same core. */
  readonly givesWay: boolean;
  /** Not 0 if the present job is to end early. */
  readonly cancelled: Int32Array;
}

/** A job for a thread. */
export type WorkerJob =
  | { readonly type: "list"; readonly query: ListQuery; readonly limitMs: number }
  | { readonly type: "checkpoint" }
  | { readonly type: "close" };

/** The result of a job. Rows are a JSON text, which costs less on its way than their values. */
export type WorkerAnswer =
  | { readonly type: "listed"; readonly rows: string; readonly totalCount: number }
  | { readonly type: "checkpointed" }
  | { readonly type: "out-of-time" }
  | { readonly type: "cancelled" }
  | { readonly type: "failed"; readonly message: string };

/** Ends a scan early. */
class Stopped extends Error {
  constructor(readonly answer: WorkerAnswer) {
    super();
  }
}

const { path, givesWay, cancelled } = workerData as WorkerSettings;
if (givesWay) {
  giveWay();
}
const database = new Database(path);
database.exec("PRAGMA busy_timeout = 5000");

/**
 * Lowers the priority of this thread. On a core that it shares with the event loop, it would take whole slices of the scheduler,
 * and calls would wait for their end. Linux sets the priority of the calling thread; other systems set that of the process, so there
 * it stays as it is.
 */
function giveWay(): void {
  if (process.platform === "linux") {
    try {
      setPriority(
        Math.min(constants.priority.PRIORITY_LOW, getPriority() + constants.priority.PRIORITY_BELOW_NORMAL),
      );
    } catch {
      // A container may refuse it. The thread then runs at the priority of the process.
    }
  }
}

function answer(job: WorkerJob): WorkerAnswer {
  try {
    if (job.type === "list") {
      return list(job);
    }
    database.pragma("wal_checkpoint(PASSIVE)");
    return { type: "checkpointed" };
  } catch (error) {
    return error instanceof Stopped ? error.answer : { type: "failed", message: String(error) };
  }
}

function list({ query, limitMs }: WorkerJob & { type: "list" }): WorkerAnswer {
  const end = performance.now() + limitMs;
  const { rows, totalCount } = scanUsers(database, query, () => {
    if (Atomics.load(cancelled, 0) !== 0) {
      throw new Stopped({ type: "cancelled" });
    }
    if (performance.now() > end) {
      throw new Stopped({ type: "out-of-time" });
    }
  });
  return { type: "listed", rows: JSON.stringify(rows), totalCount };
}

parentPort?.on("message", (job: WorkerJob) => {
  if (job.type === "close") {
    database.close();
    parentPort?.close();
  } else {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    parentPort?.postMessage(answer(job));
  }
});
