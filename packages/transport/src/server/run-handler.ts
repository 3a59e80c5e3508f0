import type { ServerMiddlewareCall } from "nice-grpc-common";
import type { ServerCallContext } from "./server-call-context.js";
import type { ServerCall } from "./server-call.js";
import type { ServerMethod } from "./server-method.js";

// How a handler and its middleware are run, by nice-grpc's rules and with its messages.

/** Runs a handler that answers with one message. */
export async function runUnary(
  call: ServerCall,
  request: unknown,
  context: ServerCallContext,
): Promise<void> {
  try {
    const response = await call.method.handler(request, context);
    if (response == null) throw new Error(returnedVoid(call.method));
    call.handlerDone = true;
    call.respond(response);
  } catch (error) {
    call.handlerDone = true;
    call.fail(error);
  }
}

/** Runs a handler that answers with one message, inside of its middleware. */
export async function runUnaryMiddleware(
  call: ServerCall,
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
    call.handlerDone = true;
    call.respond(result.value);
  } catch (error) {
    call.handlerDone = true;
    call.fail(error);
  }
}

/**
 * Runs a handler that answers with a stream, inside of its middleware if it has any; undefined if that failed at once.
 */
export function runStream(
  call: ServerCall,
  request: unknown,
  context: ServerCallContext,
): ResponseStream | undefined {
  const { method } = call;
  let iterator: AsyncIterator<unknown, unknown>;
  try {
    iterator =
      method.middleware === undefined
        ? iteratorOf(method.handler(request, context))
        : throughMiddleware(method, request, context);
  } catch (error) {
    call.handlerDone = true;
    call.fail(error);
    return undefined;
  }
  const responses = new ResponseStream(call, iterator);
  responses.next();
  return responses;
}

/**
 * Sends what a handler yields. It is made of callbacks, where an async function would be shorter: a stream that idles is
 * in the middle of it, and the frame of an async function takes twice the memory.
 */
export class ResponseStream {
  readonly #call: ServerCall;
  readonly #iterator: AsyncIterator<unknown, unknown>;
  /** Whether the iterator is at work, below us on the stack. */
  #running = false;
  /** Whether the iterator was told that nobody takes more. */
  #stopped = false;

  constructor(call: ServerCall, iterator: AsyncIterator<unknown, unknown>) {
    this.#call = call;
    this.#iterator = iterator;
  }

  /** Asks the handler for its next message. */
  next(): void {
    if (this.#call.finished) {
      this.stop();
      return;
    }
    this.#running = true;
    try {
      this.#await(this.#iterator.next());
    } catch (error) {
      this.#fail(error);
    }
    this.#running = false;
    // The handler may have ended the call.
    if (this.#call.finished) this.stop();
  }

  /** Nobody takes more: gives the handler's `finally` a turn. Also of one that never comes to its next message. */
  stop(): void {
    if (this.#stopped || this.#running || this.#call.handlerDone) return;
    this.#stopped = true;
    try {
      if (this.#iterator.return === undefined) this.#end();
      else this.#await(this.#iterator.return());
    } catch (error) {
      this.#fail(error);
    }
  }

  #await(result: Promise<IteratorResult<unknown, unknown>>): void {
    // Iterators that are written by hand return what they like.
    Promise.resolve(result).then(this.#onResult, this.#fail);
  }

  readonly #onResult = (result: IteratorResult<unknown, unknown>): void => {
    try {
      if (typeof result !== "object")
        throw new TypeError(`Iterator result ${String(result)} is not an object`);
      if (this.#stopped) {
        if (result.done) this.#end();
      } else if (result.done) this.#onDone(result.value);
      else this.#onMessage(result.value);
    } catch (error) {
      // No iterator's result.
      this.#fail(error);
    }
  };

  #onDone(value: unknown): void {
    const { method } = this.#call;
    if (method.middleware === undefined || value == null) this.#end();
    else {
      const message = `A middleware returned a message, but expected to return void for ${shapeOf(method)}`;
      this.#throw(new Error(message));
    }
  }

  #onMessage(message: unknown): void {
    let writing: Promise<void> | undefined;
    try {
      if (!this.#call.finished) writing = this.#call.write(message);
    } catch (error) {
      this.#throw(error);
      return;
    }
    if (writing === undefined) this.next();
    else {
      writing.then(
        () => this.next(),
        (error: unknown) => this.#throw(error),
      );
    }
  }

  #throw(error: unknown): void {
    this.#await(throwInto(this.#iterator, error));
  }

  #end(): void {
    this.#call.handlerDone = true;
    try {
      this.#call.finishOk();
    } catch (error) {
      this.#fail(error);
    }
  }

  readonly #fail = (error: unknown): void => {
    this.#call.handlerDone = true;
    this.#call.fail(error);
  };
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

/** What `yield*` takes: an async iterable, or a plain one. */
function iteratorOf(responses: unknown): AsyncIterator<unknown> {
  const iterable = responses as AsyncIterable<unknown>;
  if (iterable?.[Symbol.asyncIterator] !== undefined) return iterable[Symbol.asyncIterator]();
  return (async function* () {
    yield* iterable;
  })();
}

async function throwInto(
  iterator: AsyncIterator<unknown, unknown>,
  error: unknown,
): Promise<IteratorResult<unknown, unknown>> {
  if (iterator.throw !== undefined) return iterator.throw(error);
  await iterator.return?.();
  throw error;
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
