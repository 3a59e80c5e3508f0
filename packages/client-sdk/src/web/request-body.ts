import { iterableAdvice } from "#checks";

/** A message with its flags and length before it (gRPC over HTTP/2, "Length-Prefixed-Message"). */
export function enveloped(message: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(5 + message.length);
  new DataView(bytes.buffer).setUint32(1, message.length);
  bytes.set(message, 5);
  return bytes;
}

/** The requests of a call that streams them, on their way to `fetch`. */
export interface RequestStream {
  /** The bytes, which are made as the network takes them. */
  body: ReadableStream<Uint8Array>;
  /** Tells the source that nothing more will be read. It may be waiting for its next item, for ever if nobody does. */
  end(): void;
}

type AnyIterator = Iterator<unknown, unknown> | AsyncIterator<unknown, unknown>;

/** Begins to iterate over what was given for an iterable: an array, a generator, a stream of the web. */
function iteratorOf(source: unknown): AnyIterator {
  // Its own iterator, where there is one, waits for the next message before it closes the stream.
  if (source instanceof ReadableStream) {
    const reader = source.getReader();
    return {
      next: () => reader.read() as Promise<IteratorResult<unknown>>,
      return: async () => ({ done: true, value: await reader.cancel() }),
    };
  }
  const iterable = source as Partial<AsyncIterable<unknown> & Iterable<unknown>> | undefined;
  const iterator = iterable?.[Symbol.asyncIterator]?.() ?? iterable?.[Symbol.iterator]?.();
  if (typeof iterator?.next === "function") return iterator;
  throw new TypeError(`they are no iterable${iterableAdvice() ?? ""}`);
}

/**
 * Makes the body of a request of a source of messages.
 *
 * @param encode What it throws has ended the call.
 * @param fail Is given what the source throws.
 */
export function requestStream(
  source: unknown,
  encode: (message: unknown) => Uint8Array,
  fail: (error: unknown) => void,
): RequestStream {
  let iterator: AnyIterator | undefined;
  let isOver = false;
  /** Ends the source, once. What it makes of that concerns nobody: the call is over. */
  const end = () => {
    if (isOver) return;
    isOver = true;
    void (async () => iterator?.return?.())().catch(() => {});
  };
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          iterator ??= iteratorOf(source);
          const { done, value } = await iterator.next();
          isOver ||= done === true;
          if (isOver) controller.close();
          else controller.enqueue(enveloped(encode(value)));
        } catch (error) {
          isOver = true;
          fail(error);
          throw error;
        }
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  );
  return { body, end };
}

/**
 * Names of runtimes whose `fetch` streams both ways by itself, and does not ask for `duplex`: Bun, Cloudflare-Workers and Deno. Those of
 * browsers begin with Mozilla.
 */
const STREAMING_RUNTIMES = /^[BCD]/;

/**
 * True if `fetch` of this runtime takes a stream as a body. Firefox would send the stream's name; Safari takes one for a Request alone,
 * and does not ask for `duplex`.
 */
export function canStreamRequests(): boolean {
  const { navigator } = globalThis as { navigator?: { userAgent?: string } };
  let isKnown = STREAMING_RUNTIMES.test(navigator?.userAgent ?? "");
  const init = {
    method: "POST",
    body: new ReadableStream(),
    get duplex(): "half" {
      isKnown = true;
      return "half";
    },
  };
  return !new Request("http://localhost", init).headers.has("content-type") && isKnown;
}
