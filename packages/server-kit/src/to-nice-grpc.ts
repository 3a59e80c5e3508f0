import {
  abortWithin,
  checkValue,
  isOwnDeadline,
  ownErrorOf,
  peerError,
  rules,
  type ServerCallContext,
  type ServerPhases,
} from "@callwire/transport/server";
import {
  ServerError,
  Status,
  type CallContext,
  type MethodDescriptor,
  type ServerMiddleware,
  type ServerMiddlewareCall,
} from "nice-grpc-common";
import { cancellationCode, monotonicMs } from "./internal/abort.js";
import { compileMethod } from "./internal/compile-method.js";
import { selectionsOf, withSelections } from "./internal/method-selection.js";
import { warn } from "./internal/warn.js";
import type { Middleware, SelectedServerMiddleware } from "./middleware.js";

/**
 * Turns a middleware of the kit into one of nice-grpc, for servers without the kit. There it runs as all middleware of
 * nice-grpc do: its `arrived` after the request was read, for a call of one message, and not before. A server that does not
 * know a call's deadline, authority or certificate has none for it.
 */
export function toNiceGrpc<Ext, Required>(
  middleware: Middleware<Ext, Required> | SelectedServerMiddleware<Ext, Required>,
): ServerMiddleware<Ext, Required> {
  checkValue("toNiceGrpc", "the middleware", middleware, rules.required(rules.anyObject));
  const methods = new Map<string, ReturnType<typeof compileMethod>>();
  const compiled = (method: MethodDescriptor) => {
    let known = methods.get(method.path);
    if (known === undefined) {
      // nice-grpc's types have checked what it needs.
      known = compileMethod([middleware], method, { checked: true });
      methods.set(method.path, known);
    }
    return known;
  };
  const named = {
    async *[middleware.name]<Request, Response>(
      call: ServerMiddlewareCall<Request, Response, Ext & Required>,
      context: CallContext & Required,
    ): AsyncGenerator<Response, Response | void, undefined> {
      const { phases, generators } = compiled(call.method);
      const [generator] = generators;
      if (generator !== undefined) {
        return yield* generator<Request, Response>(call, context);
      }
      return yield* runPhases(phases, call, context);
    },
  };
  return withSelections(named[middleware.name] as ServerMiddleware<Ext, Required>, selectionsOf(middleware));
}

async function* runPhases<Request, Response>(
  phases: ServerPhases,
  call: ServerMiddlewareCall<Request, Response>,
  given: CallContext,
): AsyncGenerator<Response, Response | void, undefined> {
  const context = contextOf(given, call.method, phases.lazy ?? {});
  const deadlineMs = monotonicMs(context.deadline);
  let code = Status.OK;
  let error: unknown;
  try {
    await phases.arrived?.(context);
    const request = changedRequest(phases, call, context);
    if (!call.responseStream) {
      const response = yield* call.next(request, context);
      return (phases.response ? phases.response(response, context) : response) as Response;
    }
    const responses = call.next(request, context);
    if (phases.response === undefined) return yield* responses;
    for await (const message of responses) yield phases.response(message, context) as Response;
    return undefined;
  } catch (thrown) {
    if (isOwnDeadline(thrown, deadlineMs)) error = peerError(Status.DEADLINE_EXCEEDED, "Deadline exceeded");
    else {
      const abort = context.signal.aborted ? abortWithin(thrown) : undefined;
      const cause = abort ?? ownErrorOf(thrown);
      error = phases.failed ? phases.failed(cause, context) : cause;
    }
    code = error instanceof ServerError ? error.code : Status.UNKNOWN;
    throw error;
  } finally {
    // Also the end of a stream that its client left: that is a `return`, and nothing is thrown.
    if (context.signal.aborted) code = cancellationCode(deadlineMs);
    try {
      phases.ended?.(context, code, error);
    } catch (thrown) {
      warn(`${call.method.path}: a phase threw when the call ended`, thrown);
    }
  }
}

function changedRequest<Request>(
  phases: ServerPhases,
  { requestStream, request }: ServerMiddlewareCall<Request, unknown>,
  context: ServerCallContext,
): Request | AsyncIterable<Request> {
  if (phases.request === undefined) return request;
  if (!requestStream) return phases.request(request, context) as Request;
  return (async function* () {
    for await (const message of request) yield phases.request!(message, context) as Request;
  })();
}

/** A copy of nice-grpc's context, which may be frozen or another call's too, with what the kit's contexts have. */
function contextOf(
  given: CallContext & Partial<ServerCallContext>,
  method: MethodDescriptor,
  lazy: NonNullable<ServerPhases["lazy"]>,
): ServerCallContext {
  const context: ServerCallContext = {
    deadline: undefined,
    authority: "",
    peerCertificate: undefined,
    compressResponses() {},
    wasCompressed: () => false,
    ...given,
    method,
  };
  for (const [name, make] of Object.entries(lazy)) {
    Object.defineProperty(context, name, {
      get() {
        const value = make(context);
        Object.defineProperty(context, name, { value, enumerable: true, configurable: true, writable: true });
        return value;
      },
      enumerable: true,
      configurable: true,
    });
  }
  return context;
}
