import { type AnyIterable, type AnyIterator, requestIteratorOf } from "@callwire/transport/seam";

/** The callbacks of a {@link requestStream}. */
export interface RequestStreamHooks {
  /** The error for what the source throws. */
  wrap(thrown: unknown): Error;
  /** Makes the message that is sent for a request. Default: the request. An error that it throws fails the stream as it is. */
  map?(request: unknown): unknown;
  /** The next request is wanted: the source has the turn. */
  onWanted?(): void;
  /** The source has given a request, or with `last` has ended. */
  onGiven?(last: boolean): void;
}

/** The requests of a client-streaming or bidirectional call, on their way to the runtime. */
export interface RequestStream {
  requests: AsyncIterable<unknown>;
  /** Tells the source that nothing more will be read. It may be waiting for its next item, for ever if nobody does. */
  end(): void;
}

/**
 * Passes requests on. An error of the source is replaced by what `wrap` makes of it: nice-grpc takes an AbortError of the
 * source for its own and would wait for ever.
 */
export function requestStream(source: AnyIterable, hooks: RequestStreamHooks): RequestStream {
  let iterator: AnyIterator | undefined;
  let over = false;

  /** Ends the source, once. What it makes of that concerns nobody: the call is over. */
  const end = () => {
    if (over) return;
    over = true;
    void (async () => iterator?.return?.())().catch(() => {});
  };

  const next = async (): Promise<IteratorResult<unknown>> => {
    if (over) return { done: true, value: undefined };
    hooks.onWanted?.();
    let result: IteratorResult<unknown>;
    try {
      iterator ??= requestIteratorOf(source);
      result = await iterator.next();
      over ||= result.done === true;
    } catch (error) {
      over = true;
      throw hooks.wrap(error);
    }
    hooks.onGiven?.(over);
    return over || hooks.map === undefined ? result : { done: false, value: hooks.map(result.value) };
  };

  return {
    requests: {
      [Symbol.asyncIterator]: () => ({
        next,
        return: async () => {
          end();
          return { done: true, value: undefined };
        },
      }),
    },
    end,
  };
}
