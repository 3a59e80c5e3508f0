import { abortError, onAbort } from "./abort.js";

/**
 * The response of a call that passes generators. A generator that waits takes no `return()`: so this one aborts its signal,
 * which ends the call, and who waits for a message then hears that there are no more.
 */
export class InterruptibleStream implements AsyncIterableIterator<unknown, undefined> {
  readonly #controller = new AbortController();
  readonly #open: (signal: AbortSignal) => AsyncIterator<unknown, unknown>;
  readonly #callers: AbortSignal | undefined;
  #unfollow: (() => void) | undefined;
  #messages: AsyncIterator<unknown, unknown> | undefined;
  #waiting = 0;
  #left = false;

  /**
   * @param open Begins the call, which ends when the signal is aborted.
   * @param callers The signal of the call's options, which has the same effect.
   */
  constructor(
    open: (signal: AbortSignal) => AsyncIterator<unknown, unknown>,
    callers: AbortSignal | undefined,
  ) {
    this.#open = open;
    this.#callers = callers;
  }

  async next(): Promise<IteratorResult<unknown, undefined>> {
    if (this.#left) return { done: true, value: undefined };
    this.#waiting++;
    try {
      const { done, value } = await this.#begun().next();
      if (done !== true) return { done: false, value };
    } catch (error) {
      if (!this.#left) {
        this.#unfollow?.();
        throw error;
      }
    } finally {
      this.#waiting--;
    }
    this.#unfollow?.();
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<unknown, undefined>> {
    this.#left = true;
    if (this.#waiting > 0) this.#controller.abort(abortError());
    this.#unfollow?.();
    await this.#messages?.return?.();
    return { done: true, value: undefined };
  }

  async throw(error: unknown): Promise<IteratorResult<unknown, undefined>> {
    await this.return();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #begun(): AsyncIterator<unknown, unknown> {
    if (this.#messages === undefined) {
      const callers = this.#callers;
      if (callers !== undefined) {
        this.#unfollow = onAbort(callers, () => this.#controller.abort(callers.reason));
      }
      this.#messages = this.#open(this.#controller.signal);
    }
    return this.#messages;
  }
}
