import type { ServerMiddlewareCall } from "nice-grpc-common";
import type { ServerCallContext } from "./server-call-context.js";
import type { ServerMethod } from "./server-method.js";

// Runs a handler and its middleware, by nice-grpc's rules and with its messages.

/** The part of its call that a handler with one answer needs. */
export interface UnarySink {
  readonly method: ServerMethod;
  /** The handler has answered. Throws if that cannot be sent. */
  onHandlerAnswered(response: unknown): void;
  /** The handler has thrown, or its answer cannot be sent. It must not throw. */
  onHandlerFailed(error: unknown): void;
}

/** Runs a handler that answers with one message: an answer that is there at once makes no promise. */
export function runUnary(call: UnarySink, request: unknown, context: ServerCallContext): void {
  let answer: unknown;
  try {
    answer = call.method.handler(request, context);
    if (isPromiseLike(answer)) {
      // A promise that was made by hand may throw, too.
      Promise.resolve(answer).then(
        (response) => onAnswer(call, response),
        (error: unknown) => call.onHandlerFailed(error),
      );
      return;
    }
  } catch (error) {
    call.onHandlerFailed(error);
    return;
  }
  onAnswer(call, answer);
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function"
  );
}

function onAnswer(call: UnarySink, response: unknown): void {
  try {
    if (response == null) throw new Error("the handler returned no message; is a 'return' missing?");
    call.onHandlerAnswered(response);
  } catch (error) {
    call.onHandlerFailed(error);
  }
}

/** Runs a handler that answers with one message, inside of its middleware. */
export async function runUnaryMiddleware(
  call: UnarySink,
  request: unknown,
  context: ServerCallContext,
): Promise<void> {
  try {
    const iterator = throughMiddleware(call.method, request, context);
    let result = await iterator.next();
    for (;;) {
      if (!result.done) {
        result = await iterator.throw(
          new Error(
            `A middleware yielded a message, but expected to only return a message for ${shapeOf(call.method)}`,
          ),
        );
      } else if (result.value == null) {
        result = await iterator.throw(new Error(returnedVoid(call.method)));
      } else break;
    }
    call.onHandlerAnswered(result.value);
  } catch (error) {
    call.onHandlerFailed(error);
  }
}

/** The responses of a handler that answers with a stream, inside of its middleware if it has any. */
export function streamOf(method: ServerMethod, request: unknown, context: ServerCallContext): unknown {
  return method.middleware === undefined
    ? method.handler(request, context)
    : throughMiddleware(method, request, context);
}

/** @throws {Error} If a handler that answers with a stream returned a message: a middleware did. */
export function checkStreamEnd(method: ServerMethod, value: unknown): void {
  if (method.middleware === undefined || value == null) return;
  throw new Error(`A middleware returned a message, but expected to return void for ${shapeOf(method)}`);
}

function throughMiddleware(
  { descriptor, middleware, handler }: ServerMethod,
  request: unknown,
  context: ServerCallContext,
): AsyncGenerator<unknown, unknown, undefined> {
  const call = {
    method: descriptor,
    requestStream: descriptor.requestStream,
    request,
    responseStream: descriptor.responseStream,
    next: descriptor.responseStream
      ? async function* (nextRequest: unknown, nextContext: ServerCallContext) {
          checkRequest(descriptor, nextRequest);
          yield* handler(nextRequest, nextContext) as AsyncIterable<unknown>;
        }
      : // oxlint-disable-next-line require-yield -- a generator by nice-grpc's contract
        async function* (nextRequest: unknown, nextContext: ServerCallContext) {
          checkRequest(descriptor, nextRequest);
          return await handler(nextRequest, nextContext);
        },
  };
  return middleware!(call as unknown as ServerMiddlewareCall<unknown, unknown>, context);
}

function checkRequest(descriptor: ServerMethod["descriptor"], request: unknown): void {
  const isStream = typeof request === "object" && request !== null && Symbol.asyncIterator in request;
  if (isStream !== descriptor.requestStream) {
    throw new Error(
      // Nice-grpc's text, which is the same where a stream is expected.
      `A middleware passed invalid request to next(): expected a single message for ${shapeOf({ descriptor })}`,
    );
  }
}

function returnedVoid(method: ServerMethod): string {
  return `A middleware returned void, but expected to return a message for ${shapeOf(method)}`;
}

function shapeOf({
  descriptor: { requestStream, responseStream },
}: Pick<ServerMethod, "descriptor">): string {
  if (!requestStream) return responseStream ? "server streaming method" : "unary method";
  return responseStream ? "bidirectional streaming method" : "client streaming method";
}
