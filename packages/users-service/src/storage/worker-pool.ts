import { Worker } from "node:worker_threads";

import { TooManyLists } from "../domain/errors.js";
import type { WorkerAnswer, WorkerJob, WorkerSettings } from "./worker.js";

/** Options for {@link WorkerPool}. */
export interface WorkerPoolOptions {
  /** The database file, which must have its newest version. */
  path: string;
  /** The number of threads that run at once; at least 1. Each takes about 10 MB. */
  maxThreads: number;
  /** The number of further jobs that wait. */
  maxWaiting: number;
  /** Whether the threads run at a lower priority than the event loop; on Linux only. */
  givesWay: boolean;
}

/** The threads' program. Tests run the sources, and a thread needs JavaScript: the built one. */
const PROGRAM = new URL(
  import.meta.url.endsWith(".ts") ? "../../dist/storage/worker.js" : "./worker.js",
  import.meta.url,
);

/** A job that waits or runs. */
interface Task {
  readonly job: WorkerJob;
  settle(answer: WorkerAnswer): void;
  fail(error: unknown): void;
}

/** A thread, and what it does at present. */
interface Thread {
  readonly worker: Worker;
  readonly cancelled: Int32Array;
  task: Task | undefined;
}

/** Runs what takes long in threads, which are started when they are first needed. */
export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #threads = new Set<Thread>();
  readonly #waiting: Task[] = [];
  #closed = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
  }

  /**
   * Does a job, or lets it wait for a thread.
   * @throws {TooManyLists} if as many jobs wait as may.
   * @throws the signal's reason. What the job has begun then ends soon.
   */
  run(job: WorkerJob, signal?: AbortSignal): Promise<WorkerAnswer> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const onAbort = (): void => this.#cancel(task, signal?.reason);
      const task: Task = {
        job,
        settle: (answer) => {
          signal?.removeEventListener("abort", onAbort);
          resolve(answer);
        },
        fail: (error) => {
          signal?.removeEventListener("abort", onAbort);
          reject(error);
        },
      };
      const thread = this.#freeThread();
      if (thread !== undefined) {
        this.#give(thread, task);
      } else if (this.#waiting.length < this.#options.maxWaiting) {
        this.#waiting.push(task);
      } else {
        throw new TooManyLists();
      }
      signal?.addEventListener("abort", onAbort);
    });
  }

  /** Stops what runs and refuses what waits, then ends the threads. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const task of this.#waiting.splice(0)) {
      task.fail(closedError());
    }
    const ends = [...this.#threads].map(({ worker, cancelled }) => {
      Atomics.store(cancelled, 0, 1);
      const end = new Promise((resolve) => worker.once("exit", resolve));
      // An idle thread keeps no process alive; its end must, or the process ends while it is awaited.
      worker.ref();
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
      worker.postMessage({ type: "close" } satisfies WorkerJob);
      return end;
    });
    await Promise.all(ends);
  }

  #freeThread(): Thread | undefined {
    if (this.#closed) {
      throw closedError();
    }
    for (const thread of this.#threads) {
      if (thread.task === undefined) {
        return thread;
      }
    }
    return this.#threads.size < this.#options.maxThreads ? this.#start() : undefined;
  }

  #give(thread: Thread, task: Task): void {
    thread.task = task;
    Atomics.store(thread.cancelled, 0, 0);
    thread.worker.ref();
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    thread.worker.postMessage(task.job);
  }

  #start(): Thread {
    const cancelled = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    const { path, givesWay } = this.#options;
    const workerData: WorkerSettings = { path, givesWay, cancelled };
    const worker = new Worker(PROGRAM, { workerData });
    const thread: Thread = { worker, cancelled, task: undefined };
    this.#threads.add(thread);
    worker.on("message", (answer: WorkerAnswer) => {
      const { task } = thread;
      this.#done(thread);
      task?.settle(answer);
    });
    worker.on("error", (error) => {
      this.#threads.delete(thread);
      thread.task?.fail(error);
      const next = this.#closed ? undefined : this.#waiting.shift();
      if (next !== undefined) {
        this.#give(this.#start(), next);
      }
    });
    return thread;
  }

  #done(thread: Thread): void {
    thread.task = undefined;
    const next = this.#closed ? undefined : this.#waiting.shift();
    if (next !== undefined) {
      this.#give(thread, next);
    } else if (!this.#closed) {
      // An idle thread keeps no process alive.
      thread.worker.unref();
    }
  }

  #cancel(task: Task, reason: unknown): void {
    const at = this.#waiting.indexOf(task);
    if (at >= 0) {
      this.#waiting.splice(at, 1);
    }
    for (const thread of this.#threads) {
      if (thread.task === task) {
        Atomics.store(thread.cancelled, 0, 1);
      }
    }
    task.fail(reason);
  }
}

function closedError(): Error {
  return new Error("The store is closed");
}
