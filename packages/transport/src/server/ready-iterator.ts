/**
 * An iterator that can say what is there now. A handler that answers with a stream may give one: what is there is sent without
 * a promise for each message, which also makes an idle stream smaller. Other runtimes use `next` and see no difference.
 *
 * @example
 * class Watch implements ReadyIterator<Event> {
 *   nextNow() { return this.#position < log.length ? { done: false, value: log[this.#position++] } : undefined; }
 *   onReady(wake) { this.#wake = wake; }   // The log calls it when it has grown.
 *   next() { … }   // As of any iterator, for runtimes that know no more.
 *   return() { … }
 *   [Symbol.asyncIterator]() { return this; }
 * }
 */
// AsyncIterableIterator<T, void, undefined>, as TypeScript before 5.6 knows it too.
export interface ReadyIterator<T> extends AsyncIterator<T, void, undefined> {
  [Symbol.asyncIterator](): ReadyIterator<T>;
  /** Returns the next result if it is there now, and undefined if it must be waited for. What it throws fails the call. */
  nextNow(): IteratorResult<T, void> | undefined;
  /**
   * Called once, before anything else. From then on `wake` must be called when a result is there again after `nextNow`
   * returned undefined; it may be called more often, from anywhere, and does not throw. The message may be sent before it
   * returns. Without this method, `next` is asked for what is not there.
   */
  onReady?(wake: () => void): void;
}
