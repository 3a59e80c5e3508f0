import { DiskFull } from "../domain/errors.js";
import { isDiskFull, storageError } from "./disk-full.js";

/** The time that the writes of one commit may take, in milliseconds: further ones wait for the next commit. */
const MAX_COMMIT_MS = 4;
/** The time that a commit waits for callers that are expected, in milliseconds. */
const MAX_WAIT_MS = 1;

/** A write that waits for its turn, for its commit, or for the disk to have it. */
export interface QueuedWrite {
  /** Does the work, in the open transaction. Returns what is called once the disk has it; throws if the transaction is lost. */
  run(): () => void;
  reject(error: unknown): void;
}

/** The transactions that a {@link WriteQueue} has its writes in. Nothing but `sync` takes time. */
export interface Transactions {
  begin(): void;
  /** Returns what is called once the disk has the commit, before its writes are settled. */
  commit(): () => void;
  /** Takes back what the open transaction has done, if there is one. */
  rollBack(): void;
  /** Calls back, never at once, when the disk has all that was committed. */
  sync(done: (error: Error | null) => void): void;
  /** Where no transaction may begin now: resolves when one may again, after {@link WriteQueue.resume} was called. */
  readonly pause: Promise<void> | undefined;
}

/** The writes of one transaction. */
interface Group {
  readonly writes: QueuedWrite[];
  readonly settle: (() => void)[];
  /** The time that they took, in milliseconds. */
  ms: number;
}

/**
 * Runs writes in transactions that many share, and settles each once the disk has its commit. A commit costs as much as ten
 * writes, so it should have as many as there are callers:
 *
 * - While the disk is busy with a commit, the writes that come run in the next transaction, which stays open.
 * - The callers of a commit that is on disk have their answers, and most come back at once. The next commit waits for as many writes as
 *   there were callers, but not longer than {@link MAX_WAIT_MS}. A caller that is alone never waits.
 */
export class WriteQueue {
  readonly #transactions: Transactions;
  /** Those that have not run. */
  #waiting: QueuedWrite[] = [];
  /** Those of the open transaction. */
  #open: Group | undefined;
  /** Resolves when the disk has the last commit; undefined if it has. */
  #syncing: Promise<void> | undefined;
  /** The number of writes that the next commit should have. */
  #expected = 0;
  #waitTimer: NodeJS.Timeout | undefined;
  #scheduled = false;
  #draining = false;
  /** The failure after which nothing can be written. */
  #broken: Error | undefined;

  constructor(transactions: Transactions) {
    this.#transactions = transactions;
  }

  /** Runs a write at the end of this turn of the event loop, or in a later one. */
  add(write: QueuedWrite): void {
    this.#waiting.push(write);
    this.#schedule();
  }

  /** A pause is over. */
  resume(): void {
    this.#schedule();
  }

  /** Resolves when the disk has all writes; there must be no more of them. */
  async drain(): Promise<void> {
    this.#draining = true;
    while (this.#waiting.length > 0 || this.#open !== undefined || this.#syncing !== undefined) {
      await (this.#syncing ?? this.#transactions.pause);
      this.#turn();
    }
  }

  #schedule(): void {
    if (this.#scheduled || (this.#waiting.length === 0 && this.#open === undefined)) {
      return;
    }
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#turn();
    });
  }

  #turn(): void {
    if (this.#transactions.pause !== undefined) {
      return;
    }
    this.#runWaiting();
    if (this.#open === undefined || this.#syncing !== undefined) {
      return;
    }
    if (this.#isComplete(this.#open)) {
      this.#commit(this.#open);
    } else {
      this.#waitTimer ??= setTimeout(() => {
        this.#waitTimer = undefined;
        this.#expected = 0;
        this.#turn();
      }, MAX_WAIT_MS);
    }
  }

  #isComplete({ writes, ms }: Group): boolean {
    return writes.length >= this.#expected || ms > MAX_COMMIT_MS || this.#draining;
  }

  /** Runs those that wait, as far as the open transaction has time for them. */
  #runWaiting(): void {
    if (this.#waiting.length === 0) {
      return;
    }
    let ran = 0;
    try {
      if (this.#broken !== undefined) {
        throw this.#broken;
      }
      const group = (this.#open ??= this.#begin());
      const began = performance.now() - group.ms;
      while (ran < this.#waiting.length && group.ms <= MAX_COMMIT_MS) {
        const write = this.#waiting[ran++]!;
        group.writes.push(write);
        group.settle.push(write.run());
        group.ms = performance.now() - began;
      }
    } catch (error) {
      if (this.#open === undefined) {
        // If not even the first was begun, none can be.
        refuse(this.#waiting.splice(0), error);
      } else {
        this.#takeBack(error);
      }
    } finally {
      this.#waiting.splice(0, ran);
    }
  }

  #begin(): Group {
    this.#transactions.begin();
    return { writes: [], settle: [], ms: 0 };
  }

  #commit(group: Group): void {
    clearTimeout(this.#waitTimer);
    this.#waitTimer = undefined;
    let onDisk: () => void;
    try {
      onDisk = this.#transactions.commit();
    } catch (error) {
      this.#takeBack(error);
      return;
    }
    this.#open = undefined;
    this.#syncing = new Promise((resolve) => {
      this.#transactions.sync((error) => {
        this.#syncing = undefined;
        if (error === null) {
          this.#settle(group, onDisk);
        } else {
          this.#break(group, error);
        }
        resolve();
      });
    });
    this.#schedule();
  }

  #settle({ writes, settle }: Group, onDisk: () => void): void {
    this.#expected = writes.length + (this.#open?.writes.length ?? 0) + this.#waiting.length;
    onDisk();
    for (const resolve of settle) {
      resolve();
    }
    // In the turn after this one: the answers go out before.
    setImmediate(() => this.#schedule());
  }

  /** The system has let go of what it could not write: nobody can say what the disk has. */
  #break({ writes }: Group, cause: Error): void {
    const broken = new Error(`The database could not be synced, start the service again: ${cause.message}`, {
      cause,
    });
    this.#broken = isDiskFull(cause) ? new DiskFull(broken) : broken;
    refuse(writes, this.#broken);
    this.#takeBack(this.#broken);
  }

  /** The open transaction is lost. */
  #takeBack(error: unknown): void {
    this.#transactions.rollBack();
    refuse(this.#open?.writes ?? [], error);
    this.#open = undefined;
    this.#schedule();
  }
}

function refuse(writes: readonly QueuedWrite[], error: unknown): void {
  for (const write of writes) {
    write.reject(storageError(error));
  }
}
