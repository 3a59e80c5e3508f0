import { kindOf } from "./check-options.js";

/** An iterator of either kind. */
export type AnyIterator = Iterator<unknown, unknown> | AsyncIterator<unknown, unknown>;

/** Anything that can be iterated: a stream of Node.js or of the web too. */
export type AnyIterable = AsyncIterable<unknown> | Iterable<unknown>;

const OVER: IteratorResult<unknown, undefined> = { done: true, value: undefined };

/** True if {@link iteratorOf} gives an iterator of promises. */
export function isAsyncIterable(iterable: AnyIterable): iterable is AsyncIterable<unknown> {
  return Symbol.asyncIterator in iterable;
}

/**
 * Begins to iterate. Its `return` closes a stream of Node.js or of the web at once: their own iterators wait for the next
 * message first, which may never come.
 *
 * @throws {TypeError} If it is no iterable, or a promise of one.
 */
export function iteratorOf(iterable: AnyIterable): AnyIterator {
  if (iterable instanceof Promise) throw refused(iterable, "a promise of an iterable; give the iterable");
  if (!isIterable(iterable)) throw new TypeError(`this is ${noIterable(iterable)}`);
  if (!isAsyncIterable(iterable)) return checked(iterable[Symbol.iterator]());
  if (typeof ReadableStream === "function" && iterable instanceof ReadableStream)
    return overWebStream(iterable);
  const iterator = checked(iterable[Symbol.asyncIterator]()) as AsyncIterator<unknown, unknown>;
  return isNodeStream(iterable) ? overNodeStream(iterable, iterator) : iterator;
}

/** The iterators that were read for the requests of a call. */
const readByCalls = new WeakSet<object>();

/**
 * As {@link iteratorOf}, for the requests of a call. Two calls would get a part of an iterator's messages each, and one that comes after
 * the first call, which has closed it, would get none: repeated with the same generator, it would go out well and lose what was read.
 *
 * @throws {TypeError} Also for an iterator that another call has read, unless it has no `return` by which that could close it.
 */
export function requestIteratorOf(requests: AnyIterable): AnyIterator {
  const iterator = iteratorOf(requests);
  if (typeof iterator.return !== "function") return iterator;
  if (readByCalls.has(iterator))
    throw new TypeError("another call has read this iterator, and closes it: make one for each call");
  readByCalls.add(iterator);
  return iterator;
}

/**
 * Lets the code behind an iterator know that its message could not be sent: it may go on, or end.
 *
 * @throws {unknown} what that code throws, or the error if it knows nothing of errors.
 */
export async function throwInto(
  iterator: AnyIterator,
  error: unknown,
): Promise<IteratorResult<unknown, unknown>> {
  const result: unknown = await iterator.throw?.(error);
  // That of `on` of node:events gives nothing back.
  if (typeof result === "object" && result !== null) return result as IteratorResult<unknown, unknown>;
  await iterator.return?.();
  throw error;
}

/** A text is none: its letters are no messages. */
function isIterable(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { [Symbol.asyncIterator]: asynchronous, [Symbol.iterator]: synchronous } = value as Partial<
    AsyncIterable<unknown> & Iterable<unknown>
  >;
  return typeof asynchronous === "function" || typeof synchronous === "function";
}

function noIterable(value: unknown): string {
  if (typeof value === "function") return "a function, and no iterable: call it";
  return `${kindOf(value)}, and no iterable: give an array or a generator of messages (it is declared as async function*)`;
}

function checked<T extends object>(iterator: T): T {
  if (iterator instanceof Promise) throw refused(iterator, "a promise of an iterator; give the iterator");
  return iterator;
}

function refused(promise: Promise<unknown>, what: string): TypeError {
  // Its rejection is no concern of the process.
  promise.catch(() => {});
  return new TypeError(`this is ${what} (a generator is declared as async function*)`);
}

function overWebStream(stream: ReadableStream<unknown>): AsyncIterator<unknown, unknown> {
  const reader = stream.getReader();
  return {
    next: async () => {
      const { done, value } = await reader.read();
      return done ? OVER : { done: false, value };
    },
    return: async () => {
      await reader.cancel();
      return OVER;
    },
  };
}

interface NodeStream {
  destroy(): unknown;
}

function isNodeStream(iterable: object): iterable is NodeStream {
  const { destroy, pipe } = iterable as { destroy?: unknown; pipe?: unknown };
  return typeof destroy === "function" && typeof pipe === "function";
}

function overNodeStream(
  stream: NodeStream,
  iterator: AsyncIterator<unknown, unknown>,
): AsyncIterator<unknown, unknown> {
  let isOver = false;
  return {
    next: async () => {
      try {
        return await iterator.next();
      } catch (error) {
        // A stream that is destroyed says that it has ended too early.
        if (isOver) return OVER;
        throw error;
      }
    },
    return: async () => {
      isOver = true;
      stream.destroy();
      return OVER;
    },
  };
}
