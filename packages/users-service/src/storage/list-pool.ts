import { ListTooLong } from "../domain/errors.js";
import type { ListCaller, ListQuery, ListResult } from "../domain/user-store.js";
import { textToUsers } from "./rows.js";
import { WorkerPool } from "./worker-pool.js";

/** Limits of the lists that look at all users. */
export interface ListLimits {
  /** The number of lists that run at once, each in a thread with about 10 MB; at least 1. Default: 2. */
  maxConcurrentLists?: number;
  /** The number of further lists that wait; one beyond is refused with TooManyLists. Default: 100. */
  maxWaitingLists?: number;
  /** The time that one list may run, in milliseconds; then it fails with ListTooLong. Default: 10,000. */
  listTimeoutMs?: number;
}

/** Runs the lists that look at all users, in threads. */
export class ListPool {
  readonly #workers: WorkerPool;
  readonly #limitMs: number;

  /** @param path The database file, which must have its newest version. */
  constructor(
    path: string,
    { maxConcurrentLists = 2, maxWaitingLists = 100, listTimeoutMs = 10_000 }: ListLimits,
  ) {
    if (!(maxConcurrentLists >= 1)) {
      throw new RangeError(`At least one list must be able to run, and not ${maxConcurrentLists}`);
    }
    this.#workers = new WorkerPool({
      path,
      maxThreads: maxConcurrentLists,
      maxWaiting: maxWaitingLists,
      givesWay: true,
    });
    this.#limitMs = listTimeoutMs;
  }

  /** @throws as `UserStore.list` does. */
  async list(query: ListQuery, caller: ListCaller | undefined): Promise<ListResult> {
    const answer = await this.#workers.run({ type: "list", query, limitMs: this.#limitMs }, caller?.signal);
    switch (answer.type) {
      case "listed":
        return { users: textToUsers(answer.rows), totalCount: answer.totalCount };
      case "out-of-time":
        throw new ListTooLong(this.#limitMs);
      default:
        throw new Error(answer.type === "failed" ? answer.message : "The store is closed");
    }
  }

  /** Stops what runs and refuses what waits. */
  close(): Promise<void> {
    return this.#workers.close();
  }
}
