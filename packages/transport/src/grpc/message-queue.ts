import { isMessageTurnOver } from "./message-turn.js";
import { setImmediate } from "../turn.js";

/** A reader that waits for a message. */
interface Waiter<T> {
  resolve(result: IteratorResult<T, undefined>): void;
  reject(error: unknown): void;
}

type Resolve = (result: IteratorResult<never, undefined>) => void;
type Reject = (error: unknown) => void;

let resolveNew: Resolve;
let rejectNew: Reject;
/** One function for all promises: of many streams each waits with one, and every collection of garbage meets what it holds. */
const capture = (resolve: Resolve, reject: Reject): void => {
  resolveNew = resolve;
  rejectNew = reject;
};

/** The number of messages that are taken out before the list is made anew. */
const MAX_TAKEN = 1024;

function inNextTurn<T>(result: T): Promise<T> {
  return new Promise((resolve) => setImmediate(resolve, result));
}

/**
 * The messages that a stream has received, for one reader: an async iterator without a generator's cost. What is not
 * read waits here, within the stream's credit.
 */
export class MessageQueue<T> implements AsyncIterableIterator<T, undefined> {
  #messages: (T | undefined)[] = [];
  #costs: number[] = [];
  #next = 0;
  #ended = false;
  #error: unknown;
  #failed = false;
  #waiting: Waiter<T> | undefined;
  /** Further waiters behind it, which are rare. */
  #waitingToo: Waiter<T>[] | undefined;
  readonly #onRead: (cost: number) => void;
  readonly #onReturn: () => void;

  /**
   * @param onRead Gets what a message cost of the stream's credit, when it is read.
   * @param onReturn Called when the reader wants no more.
   */
  constructor(onRead: (cost: number) => void, onReturn: () => void) {
    this.#onRead = onRead;
    this.#onReturn = onReturn;
  }

  /** True if the reader waits for a message, or no message waits for the reader. */
  get isEmpty(): boolean {
    return this.#next === this.#messages.length;
  }

  /** The number of messages that wait. */
  get size(): number {
    return this.#messages.length - this.#next;
  }

  push(message: T, cost: number): void {
    if (this.#ended) {
      this.#onRead(cost);
      return;
    }
    const waiting = this.#waiting;
    if (waiting !== undefined) {
      this.#waiting = this.#waitingToo?.shift();
      this.#onRead(cost);
      waiting.resolve({ done: false, value: message });
      return;
    }
    this.#messages.push(message);
    this.#costs.push(cost);
  }

  /** No more will come. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#endWaiting();
  }

  /** No more will come, for a reason; what waits is read before it, unless `atOnce`. */
  fail(error: unknown, atOnce: boolean): void {
    if (this.#ended && !atOnce) return;
    if (atOnce) this.#drop();
    if (!this.#failed) {
      this.#failed = true;
      this.#error = error;
    }
    this.#ended = true;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined) {
      this.#failed = false;
      waiting.reject(error);
      this.#waiting = this.#waitingToo?.shift();
      this.#endWaiting();
    }
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#next < this.#messages.length) {
      const value = this.#messages[this.#next] as T;
      const cost = this.#costs[this.#next]!;
      this.#messages[this.#next++] = undefined;
      if (this.#next === this.#messages.length) this.#drop();
      else if (this.#next === MAX_TAKEN) this.#forgetTaken();
      this.#onRead(cost);
      const result = { done: false as const, value };
      return isMessageTurnOver() ? inNextTurn(result) : Promise.resolve(result);
    }
    if (this.#failed) {
      this.#failed = false;
      return Promise.reject(this.#error);
    }
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    const answer = new Promise<IteratorResult<never, undefined>>(capture);
    const waiter: Waiter<T> = { resolve: resolveNew, reject: rejectNew };
    if (this.#waiting === undefined) this.#waiting = waiter;
    else (this.#waitingToo ??= []).push(waiter);
    return answer;
  }

  return(): Promise<IteratorResult<T, undefined>> {
    for (; this.#next < this.#messages.length; this.#next++) this.#onRead(this.#costs[this.#next]!);
    this.#drop();
    this.#failed = false;
    this.end();
    this.#onReturn();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #endWaiting(): void {
    for (; this.#waiting !== undefined; this.#waiting = this.#waitingToo?.shift()) {
      this.#waiting.resolve({ done: true, value: undefined });
    }
  }

  /** A reader that is always behind would let the list grow for as long as it reads. */
  #forgetTaken(): void {
    this.#messages = this.#messages.slice(this.#next);
    this.#costs = this.#costs.slice(this.#next);
    this.#next = 0;
  }

  #drop(): void {
    this.#messages = [];
    this.#costs = [];
    this.#next = 0;
  }
}
