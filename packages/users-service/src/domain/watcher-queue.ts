/** One who stands in a {@link WatcherQueue}: it carries the queue's links itself. */
export interface Queued<T> {
  /** The watcher before it. For the queue alone, as is {@link after}. */
  before: T | undefined;
  after: T | undefined;
}

/**
 * A queue that anyone in it can leave, and that can be walked while it changes. With each event ten thousand watchers leave it
 * and come back, for which a Set takes several times as long.
 */
export class WatcherQueue<T extends Queued<T>> {
  #first: T | undefined;
  #last: T | undefined;
  /** Whom the walk comes to next; undefined if it has come to the end. */
  #next: T | undefined;

  /** The watcher that has been here longest. */
  get first(): T | undefined {
    return this.#first;
  }

  /** Adds one who stands in no queue, at the end. A walk that has come to the end does not come to it. */
  push(item: T): void {
    const last = this.#last;
    item.before = last;
    if (last === undefined) {
      this.#first = item;
    } else {
      last.after = item;
    }
    this.#last = item;
  }

  /** Does nothing to one who stands here no longer. */
  remove(item: T): void {
    const { before, after } = item;
    if (before === undefined && this.#first !== item) {
      return;
    }
    if (this.#next === item) {
      this.#next = after;
    }
    if (before === undefined) {
      this.#first = after;
    } else {
      before.after = after;
    }
    if (after === undefined) {
      this.#last = before;
    } else {
      after.before = before;
    }
    item.before = undefined;
    item.after = undefined;
  }

  /** Begins a walk, from the first to the last. */
  startWalk(): void {
    this.#next = this.#first;
  }

  /** Whom the walk comes to; undefined at its end. */
  walk(): T | undefined {
    const item = this.#next;
    this.#next = item?.after;
    return item;
  }
}
