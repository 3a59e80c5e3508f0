/** The requests of a client-streaming or bidirectional call, on their way to the runtime. */
export interface RequestStream<Request> {
  requests: AsyncIterable<Request>;
  /** Tells the source that nothing more will be read. It may be waiting for its next item, for ever if nobody does. */
  end(): void;
}

/**
 * Passes requests on. An error of the source is replaced by what `wrap` makes of it: nice-grpc takes an AbortError of the
 * source for its own and would wait for ever.
 */
export function requestStream<Request>(
  source: AsyncIterable<Request>,
  wrap: (error: unknown) => Error,
): RequestStream<Request> {
  let iterator: AsyncIterator<Request> | undefined;
  let over = false;

  /** Ends the source, once. What it makes of that concerns nobody: the call is over. */
  const end = () => {
    if (over) return;
    over = true;
    void (async () => iterator?.return?.())().catch(() => {});
  };

  const next = async (): Promise<IteratorResult<Request>> => {
    if (over) return { done: true, value: undefined };
    try {
      iterator ??= source[Symbol.asyncIterator]();
      const result = await iterator.next();
      over ||= result.done === true;
      return result;
    } catch (error) {
      over = true;
      throw wrap(error);
    }
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
