import type { ClientMiddleware } from "nice-grpc-common";
import type { ClientMethod } from "./client-method.js";
import type { CallOptions } from "./client-types.js";
import { isRightRequest } from "./request-pump.js";
import { SingleResponseCall } from "./single-response-call.js";
import { ResponseStream } from "./streamed-response-call.js";

/** A client's method, of any shape. */
type AnyClientMethod = (request: unknown, options?: CallOptions) => Promise<unknown> | AsyncIterable<unknown>;
/** The generators that middleware are made of, and that `next` returns. */
type CallGenerator = AsyncGenerator<unknown, unknown, undefined>;
type NextMethod = (request: unknown, options: CallOptions) => CallGenerator;

/** A method without middleware: no generator stands between the caller and the call. */
export function directMethod(method: ClientMethod, defaults: CallOptions): AnyClientMethod {
  const { responseStream } = method.definition.descriptor;
  const hasDefaults = Object.keys(defaults).length > 0;
  const merge = (options: CallOptions | undefined): CallOptions =>
    hasDefaults && options !== undefined ? { ...defaults, ...options } : (options ?? defaults);

  // A request of the wrong kind fails its call, as any that cannot be sent.
  if (responseStream) return (request, options) => new ResponseStream(method, request, merge(options));
  return (request, options) => new SingleResponseCall(method, request, merge(options)).response;
}

/** A method whose calls pass through middleware. */
export function methodWithMiddleware(
  method: ClientMethod,
  middleware: ClientMiddleware,
  defaults: CallOptions,
): AnyClientMethod {
  const { descriptor } = method.definition;
  const { requestStream, responseStream } = descriptor;
  const shape = { method: descriptor, requestStream, responseStream, next: nextMethod(method) };
  const begin = (request: unknown, options: CallOptions | undefined): CallGenerator =>
    // The union of the four shapes cannot be made of parts.
    middleware<unknown, unknown>({ ...shape, request } as Parameters<ClientMiddleware>[0], {
      ...defaults,
      ...options,
    });
  return responseStream
    ? (request, options) => streamOf(begin(request, options), shapeName(method))
    : (request, options) => onlyResponseOf(begin(request, options), shapeName(method));
}

/** The function that middleware call as `next`. */
function nextMethod(method: ClientMethod): NextMethod {
  const { requestStream, responseStream } = method.definition.descriptor;
  if (responseStream) {
    return (request, options) =>
      isRightRequest(request, requestStream)
        ? (new ResponseStream(method, request, options) as unknown as CallGenerator)
        : failing(wrongRequest(method));
  }
  // oxlint-disable-next-line require-yield -- a call that answers with one message returns it
  return async function* next(request, options) {
    if (!isRightRequest(request, requestStream)) throw wrongRequest(method);
    return await new SingleResponseCall(method, request, options).response;
  };
}

/** The one message that the middleware returned; in nice-grpc's words if they did otherwise. */
async function onlyResponseOf(call: CallGenerator, shape: string): Promise<unknown> {
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

/** The messages that the middleware yielded; in nice-grpc's words if they did otherwise. */
function streamOf(call: CallGenerator, shape: string): AsyncIterable<unknown> {
  const iterator: AsyncIterator<unknown> = {
    async next() {
      const result = await call.next();
      if (result.done === true && result.value != null) {
        return await call.throw(
          new Error(`A middleware returned a message, but expected to return void for ${shape} method`),
        );
      }
      return result;
    },
    return: () => call.return(undefined),
    throw: (error: unknown) => call.throw(error),
  };
  return { [Symbol.asyncIterator]: () => iterator };
}

function shapeName({ definition }: ClientMethod): string {
  const { requestStream, responseStream } = definition.descriptor;
  if (requestStream) return responseStream ? "bidirectional streaming" : "client streaming";
  return responseStream ? "server streaming" : "unary";
}

/** nice-grpc's words, for streams of requests too. */
function wrongRequest(method: ClientMethod): Error {
  return new Error(
    `A middleware passed invalid request to next(): expected a single message for ${shapeName(method)} method`,
  );
}

// oxlint-disable-next-line require-yield
async function* failing(error: Error): AsyncGenerator<never, never, undefined> {
  throw error;
}
