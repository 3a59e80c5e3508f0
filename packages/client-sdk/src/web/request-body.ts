/** The body of a request. */
export interface RequestBody {
  /** As `fetch` takes it. */
  readonly body: unknown;
  /** The error that the source of a stream of requests has thrown; undefined if it has not. */
  failure(): unknown;
}

/** A message with its flags and length before it (gRPC over HTTP/2, "Length-Prefixed-Message"). */
function enveloped(message: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(5 + message.length);
  new DataView(bytes.buffer).setUint32(1, message.length);
  bytes.set(message, 5);
  return bytes;
}

/**
 * Makes the body of a request: of one message, or of a stream of them, which is read as the network takes it.
 *
 * @param isBare True for a message without an envelope.
 */
export function requestBody(request: unknown, isBare: boolean): RequestBody {
  if (request instanceof Uint8Array) {
    return { body: isBare ? request : enveloped(request), failure: () => undefined };
  }
  const messages = (request as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
  let failure: unknown;
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await messages.next();
          if (done === true) controller.close();
          else controller.enqueue(enveloped(value));
        } catch (error) {
          failure = error;
          controller.error(error);
        }
      },
      async cancel() {
        await messages.return?.();
      },
    },
    { highWaterMark: 0 },
  );
  return { body, failure: () => failure };
}

/** Runtimes whose `fetch` streams both ways by itself, and does not ask for `duplex`. */
const STREAMING_RUNTIMES = /^(Deno|Bun)\//;

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
