import { WorkerPool } from "./worker-pool.js";

/** The number of pages that may be in the log, as estimated, until it is written back: about 64 MB. */
const MAX_LOG_PAGES = 16_000;
/** The pages that a commit, and a change in it, add to the log, where the indexes are large. */
const PAGES_PER_COMMIT = 8;
const PAGES_PER_CHANGE = 2;

/**
 * Has the database's log written back into its file now and then, by a thread. SQLite begins the log anew only when all
 * of it was written back, and while writes go on, there is always more. So the bulk is written back beside the writes,
 * and the rest in a pause of them, which is short and holds no event loop.
 */
export class Checkpointer {
  /** A thread of its own: a pause must not wait for a list. */
  readonly #worker: WorkerPool;
  readonly #onResume: () => void;
  #pages = 0;
  /** The part of a checkpoint that runs, or that the next commit begins. */
  #state: "none" | "bulk" | "rest" = "none";
  #pause: Promise<void> | undefined;

  /**
   * @param path The database file.
   * @param onResume Called at the end of a pause.
   */
  constructor(path: string, onResume: () => void) {
    // Writes wait for it in a pause, so it does not give way.
    this.#worker = new WorkerPool({ path, maxThreads: 1, maxWaiting: 1, givesWay: false });
    this.#onResume = onResume;
  }

  /** While nothing may be written: resolves at the end of the pause. Never rejects. */
  get pause(): Promise<void> | undefined {
    return this.#pause;
  }

  /** Notes a commit, after which no transaction is open; begins a checkpoint, or the pause at its end, if it is time for one. */
  committed(changes: number): void {
    this.#pages += PAGES_PER_COMMIT + PAGES_PER_CHANGE * changes;
    if (this.#state === "rest") {
      this.#pause = this.#checkpoint().then(() => {
        this.#state = "none";
        this.#pause = undefined;
        this.#onResume();
      });
    } else if (this.#state === "none" && this.#pages > MAX_LOG_PAGES) {
      this.#state = "bulk";
      this.#pages = 0;
      void this.#checkpoint().then((done) => {
        this.#state = done ? "rest" : "none";
      });
    }
  }

  /** Ends the thread. */
  close(): Promise<void> {
    return this.#worker.close();
  }

  /** Returns whether it was done. If not, the log stays as it is, and grows until the next time: nothing is lost. */
  #checkpoint(): Promise<boolean> {
    return this.#worker.run({ type: "checkpoint" }).then(
      () => true,
      () => false,
    );
  }
}
