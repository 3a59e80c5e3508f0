import { doForCalls } from "./call-work.js";

/** A call in a {@link CallScope}, which links its calls through themselves. */
export interface ScopedCall {
  /** Ends the call, because its client is closed. */
  onClientClosed(): void;
  scopeNext: ScopedCall | undefined;
  scopePrevious: ScopedCall | undefined;
}

/** The calls that a client has under way, so that closing the client ends them. Adding and removing allocate nothing. */
export class CallScope {
  #first: ScopedCall | undefined;
  #closed = false;

  /** True if calls end as they begin. */
  get isClosed(): boolean {
    return this.#closed;
  }

  add(call: ScopedCall): void {
    const next = this.#first;
    call.scopeNext = next;
    if (next !== undefined) next.scopePrevious = call;
    this.#first = call;
  }

  /** Removes a call. Without effect if it is not in the scope. */
  remove(call: ScopedCall): void {
    const { scopeNext: next, scopePrevious: previous } = call;
    if (previous === undefined && this.#first !== call) return;
    if (previous === undefined) this.#first = next;
    else previous.scopeNext = next;
    if (next !== undefined) next.scopePrevious = previous;
    call.scopeNext = undefined;
    call.scopePrevious = undefined;
  }

  /**
   * Ends all calls, which must remove themselves: the first ones at once, and the others in the next turns of the event loop.
   *
   * @param onEnded Is called when there is none any more: at once, if there were few.
   */
  close(onEnded: () => void): void {
    this.#closed = true;
    doForCalls(this.#endEach(), onEnded);
  }

  *#endEach(): Generator<undefined> {
    for (; this.#first !== undefined; yield) this.#first.onClientClosed();
  }
}
