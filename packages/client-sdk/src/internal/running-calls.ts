/** The calls that a client has under way, so that closing it can end them. */
export class RunningCalls {
  readonly #cancels = new Set<() => void>();
  #closed = false;

  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Takes up a call; `cancel` is to end it, and does so at once if all are closed. Give the same function to `delete` when
   * the call is over.
   */
  add(cancel: () => void): void {
    if (this.#closed) cancel();
    else this.#cancels.add(cancel);
  }

  delete(cancel: () => void): void {
    this.#cancels.delete(cancel);
  }

  /** Ends every call under way. */
  close(): void {
    this.#closed = true;
    for (const cancel of this.#cancels) cancel();
  }
}
