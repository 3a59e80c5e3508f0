import type { AsyncLocalStorage } from "node:async_hooks";
import type { ServerCallContext } from "@callwire/transport/server";
import type { CallContext, ServerError, ServerMiddleware, ServerMiddlewareCall } from "nice-grpc-common";
import { GrpcJsCall } from "./grpc-js-call.js";

/**
 * Makes the one middleware of nice-grpc that is around every handler. It runs the phases of messages and failures, and lets
 * response streams be ended from outside.
 *
 * @param endReason Why response streams end that begin now; undefined if they do not.
 */
export function runPhases(
  arrivals: AsyncLocalStorage<GrpcJsCall>,
  endReason: () => ServerError | undefined,
): ServerMiddleware {
  return async function* runPhases<Request, Response>(
    call: ServerMiddlewareCall<Request, Response>,
    context: CallContext,
  ): AsyncGenerator<Response, Response | void, undefined> {
    const arrival = arrivals.getStore();
    if (arrival === undefined) throw new Error("grpc-js did not report the call");
    const phases = GrpcJsCall.phasesOf(arrival);
    const onResponse = phases?.response?.bind(phases);
    const toBytes = (message: unknown) =>
      GrpcJsCall.encode(arrival, onResponse === undefined ? message : onResponse(message, arrival));
    GrpcJsCall.begin(arrival, context);
    try {
      const request = passed(call, arrival);
      if (!call.responseStream) {
        const response: unknown = yield* call.next(request, arrival);
        // Here, where the phases hear of it: nice-grpc looks for it when they are through.
        if (response === undefined || response === null)
          throw new Error(`${arrival.method.path}: the handler returned no message; is a 'return' missing?`);
        return toBytes(response) as Response;
      }
      return yield* endable(() => call.next(request, arrival), arrival, toBytes, endReason());
    } catch (thrown) {
      throw GrpcJsCall.fail(arrival, thrown);
    } finally {
      GrpcJsCall.handlerEnded(arrival);
    }
  };
}

/** The request after the phases that want it. */
function passed<Request>(
  { request }: ServerMiddlewareCall<Request, unknown>,
  arrival: GrpcJsCall,
): Request | AsyncIterable<Request> {
  const phases = GrpcJsCall.phasesOf(arrival);
  const onRequest = phases?.request?.bind(phases);
  if (arrival.method.requestStream) return untilOver(request as AsyncIterable<Request>, arrival, onRequest);
  return onRequest === undefined ? request : (onRequest(request, arrival) as Request);
}

/**
 * The requests of a stream. It fails if the call is over before it is: of a stream that the caller has broken off, grpc-js says that it
 * has ended, as one that is complete does.
 */
async function* untilOver<Request>(
  requests: AsyncIterable<Request>,
  arrival: GrpcJsCall,
  onRequest: ((message: unknown, call: ServerCallContext) => unknown) | undefined,
): AsyncGenerator<Request, void, undefined> {
  for await (const message of requests)
    yield (onRequest === undefined ? message : onRequest(message, arrival)) as Request;
  arrival.signal.throwIfAborted();
}

/** A stream of responses that can be ended from outside, whether its handler heeds its signal or not. */
function endable<Response>(
  begin: () => AsyncGenerator<Response, void, undefined>,
  arrival: GrpcJsCall,
  toBytes: (message: unknown) => unknown,
  endReason: ServerError | undefined,
): AsyncIterable<Response, void, undefined> {
  let handler: AsyncGenerator<Response, void, undefined> | undefined;
  let reason = endReason;
  let reject: ((reason: ServerError) => void) | undefined;
  GrpcJsCall.onCut(arrival, (given) => {
    reason = given;
    reject?.(given);
    // A handler that waits for its client ends when that call does: nobody must wait for it here.
    handler?.return().catch(() => {});
  });
  // Not Promise.race with one promise for the call: each turn of a long stream would leave a reaction on it.
  const unlessCut = (step: () => Promise<IteratorResult<Response, void>>) =>
    new Promise<IteratorResult<Response, void>>((resolve, fail) => {
      reject = fail;
      if (reason !== undefined) fail(reason);
      else step().then(resolve, fail);
    });
  // At once: grpc-js keeps messages that it cannot send yet, and the handler may change one as soon as it is asked for the next.
  const coded = (result: IteratorResult<Response, void>): IteratorResult<Response, void> => {
    if (result.done === true) return result;
    try {
      return { done: false, value: toBytes(result.value) as Response };
    } catch (error) {
      // Who delegates to an iterator does not close one that throws.
      handler?.return().catch(() => {});
      throw error;
    }
  };
  return {
    [Symbol.asyncIterator]: () => ({
      next: () =>
        unlessCut(() => {
          handler ??= begin();
          return handler.next().then(coded);
        }),
      throw: (error: unknown) => unlessCut(() => handler!.throw(error)),
      return: async () => (await handler?.return()) ?? { done: true, value: undefined },
    }),
  };
}
