import type { RuntimeMethod } from "@callwire/transport/seam";
import type { CallOptions, ClientMiddleware, ClientMiddlewareCall, MethodDescriptor } from "nice-grpc-common";
import { InterruptibleStream } from "../internal/interruptible-stream.js";

type CallGenerator = AsyncGenerator<unknown, unknown, undefined>;

/**
 * A method whose calls pass a nice-grpc middleware before they reach the runtime's own, with nice-grpc's semantics and, where
 * a middleware breaks its rules, its words.
 */
export function generatorMethod(
  method: MethodDescriptor,
  middleware: ClientMiddleware,
  inner: RuntimeMethod,
): RuntimeMethod {
  const { requestStream, responseStream } = method;
  const next = responseStream
    ? async function* next(request: unknown, options: CallOptions) {
        yield* inner(request, options) as AsyncIterable<unknown>;
      }
    : // oxlint-disable-next-line require-yield -- a call that answers with one message returns it
      async function* next(request: unknown, options: CallOptions) {
        return await (inner(request, options) as Promise<unknown>);
      };
  const begin = (request: unknown, options: CallOptions): CallGenerator => {
    // The union of the four shapes cannot be made of parts.
    const passed = requestStream ? asAsyncIterable(request) : request;
    const call = { method, requestStream, responseStream, request: passed, next } as ClientMiddlewareCall<
      unknown,
      unknown
    >;
    return middleware<unknown, unknown>(call, options);
  };
  const shape = shapeOf(method);
  if (!responseStream) return async (request, options = {}) => onlyResponse(begin(request, options), shape);
  return (request, options: CallOptions = {}) =>
    new InterruptibleStream(
      (signal) => responses(begin(request, { ...options, signal }), shape),
      options.signal,
    );
}

/** The requests as nice-grpc's middleware know them: an array, for one, becomes an AsyncIterable. */
function asAsyncIterable(requests: unknown): unknown {
  const isIterable = typeof requests === "object" && requests !== null && Symbol.iterator in requests;
  if (!isIterable || Symbol.asyncIterator in requests) return requests;
  return (async function* () {
    yield* requests as Iterable<unknown>;
  })();
}

/** The one message that the middleware returned. */
async function onlyResponse(call: CallGenerator, shape: string): Promise<unknown> {
  let result = await call.next();
  for (;;) {
    let misuse: string;
    if (result.done !== true) {
      misuse = `A middleware yielded a message, but expected to only return a message for ${shape} method`;
    } else if (result.value == null) {
      misuse = `A middleware returned void, but expected to return a message for ${shape} method`;
    } else return result.value;
    // oxlint-disable-next-line no-await-in-loop
    result = await call.throw(new Error(misuse));
  }
}

/** The messages that the middleware yielded. */
function responses(call: CallGenerator, shape: string): AsyncIterator<unknown, unknown> {
  return {
    async next() {
      const result = await call.next();
      if (result.done !== true || result.value == null) return result;
      return await call.throw(
        new Error(`A middleware returned a message, but expected to return void for ${shape} method`),
      );
    },
    return: () => call.return(undefined),
  };
}

function shapeOf({ requestStream, responseStream }: MethodDescriptor): string {
  if (requestStream) return responseStream ? "bidirectional streaming" : "client streaming";
  return responseStream ? "server streaming" : "unary";
}
