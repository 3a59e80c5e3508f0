import {
  abortWithin,
  isAsyncIterable,
  iteratorOf,
  throwInto,
  type AnyIterable,
} from "@callwire/transport/server";
import { ignoreResult } from "./promises.js";

type Result = IteratorResult<unknown, unknown>;

const OVER: Result = { done: true, value: undefined };

/**
 * The messages of a handler, which are closed at once when the signal aborts, though one of them is waited for: generators
 * around them could not close them before that one comes.
 *
 * @param onFault Gets what closing them throws: the call is over by then. That they were given up is none, as messages of a call that
 *   the handler has made with the same signal say.
 */
export function closedByAbort(
  messages: unknown,
  signal: AbortSignal,
  onFault: (error: unknown) => void,
): AsyncIterable<unknown> {
  const iterator = iteratorOf(messages as AnyIterable);
  // What waits for nothing is closed in its turn.
  if (!isAsyncIterable(messages as AnyIterable)) {
    return { [Symbol.iterator]: () => iterator } as unknown as AsyncIterable<unknown>;
  }
  let settle: ((result: Result) => void) | undefined;
  const onClosingFailed = (error: unknown) => {
    if (error !== signal.reason && abortWithin(error) === undefined) onFault(error);
  };
  const close = () => {
    try {
      ignoreResult(iterator.return?.(), onClosingFailed);
    } catch (error) {
      onClosingFailed(error);
    }
    settle?.(OVER);
  };
  const leave = () => signal.removeEventListener("abort", close);
  const step = (take: () => unknown) =>
    new Promise<Result>((resolve, reject) => {
      settle = resolve;
      Promise.resolve(take() as Result).then(
        (result) => {
          if (result.done === true) leave();
          resolve(result);
        },
        (error: unknown) => {
          leave();
          reject(error);
        },
      );
    });
  signal.addEventListener("abort", close, { once: true });
  return {
    [Symbol.asyncIterator]: () => ({
      next: () => (signal.aborted ? Promise.resolve(OVER) : step(() => iterator.next())),
      return: async (value?: unknown) => {
        leave();
        return (await iterator.return?.(value)) ?? OVER;
      },
      throw: (error: unknown) => step(() => throwInto(iterator, error)),
    }),
  };
}
