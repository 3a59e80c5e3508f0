import type { ServerCallContext, ServerPhases } from "@callwire/transport/server";
import type { CallContext, MethodDescriptor, ServerMiddleware, ServerMiddlewareCall } from "nice-grpc-common";
import { trackProgress } from "./call-progress.js";
import { closedByAbort } from "./closed-by-abort.js";
import { compileFailed, compileRequest, compileResponse, type NamedPhases } from "./compile-phases.js";
import { warn } from "./warn.js";
import { spreadableContext } from "./spreadable-context.js";

/** A handler, as runtimes call it. */
export type Handler = (request: unknown, context: ServerCallContext) => unknown;

/** A generator of nice-grpc with the phases between it and the next generator, or the handler. */
export interface ChainLink {
  // oxlint-disable-next-line typescript/no-explicit-any -- the context has been checked where the list was given
  generator: ServerMiddleware<any, any>;
  /** All of them between the link before it and the handler: those that are not between are empty. */
  inside: readonly NamedPhases[];
}

/** The phases between a generator and the next one, compiled. */
type Group = { [Phase in "request" | "response" | "failed"]: ServerPhases[Phase] | undefined };

type Run = (request: unknown, context: CallContext) => AsyncGenerator<unknown, unknown, undefined>;

/**
 * Puts generators of nice-grpc around a handler, outermost first, with the semantics that nice-grpc has.
 *
 * @param outside The number of phases outside of the first generator: the runtime runs their `failed`.
 * @param lazy The names of what is made lazily: a context that is copied must have it all.
 */
export function aroundHandler(
  method: MethodDescriptor,
  links: readonly ChainLink[],
  outside: number,
  lazy: readonly string[],
  handler: Handler,
): Handler {
  const groups = links.map<Group>(({ inside }) => ({
    request: compileRequest(inside),
    response: compileResponse(inside),
    failed: compileFailed(inside),
  }));

  const onFault = (error: unknown) =>
    warn(`${method.path}: the handler's stream threw when it was closed`, error);
  const handle: Run = method.responseStream
    ? async function* (request, context) {
        yield* closedByAbort(handler(request, context as ServerCallContext), context.signal, onFault);
      }
    : // oxlint-disable-next-line eslint/require-yield -- a generator by nice-grpc's contract
      async function* (request, context) {
        return await handler(request, context as ServerCallContext);
      };

  /** Runs inside of the generator `level - 1`. */
  const inside = (level: number, call: ServerCallContext): Run => {
    const next: Run =
      level === links.length
        ? handle
        : (request, context) =>
            links[level]!.generator<unknown, unknown>(
              middlewareCall(method, request, inside(level + 1, call)),
              context,
            );
    const phases = groups[level - 1]!;
    return (request, context) => {
      checkRequest(method, request);
      return throughPhases(method, phases, call, request, context, next);
    };
  };

  const begin = (request: unknown, call: ServerCallContext) =>
    links[0]!.generator<unknown, unknown>(
      middlewareCall(method, request, inside(1, call)),
      spreadableContext(call, lazy),
    );
  // The phases inside of the outermost generator have heard of what it throws.
  const hide = (call: ServerCallContext) => {
    trackProgress(call).unaware = outside;
  };

  if (method.responseStream) {
    return async function* (request, call) {
      try {
        const returned = yield* begin(request, call);
        if (returned != null) throw new Error(misuse(method, "returned a message", "return void"));
      } catch (thrown) {
        hide(call);
        throw thrown;
      }
    };
  }
  return async (request, call) => {
    try {
      return await returnOf(method, begin(request, call));
    } catch (thrown) {
      hide(call);
      throw thrown;
    }
  };
}

function throughPhases(
  { requestStream, responseStream }: MethodDescriptor,
  { request: onRequest, response: onResponse, failed }: Group,
  call: ServerCallContext,
  request: unknown,
  context: CallContext,
  next: Run,
): AsyncGenerator<unknown, unknown, undefined> {
  if (onRequest === undefined && onResponse === undefined && failed === undefined)
    return next(request, context);
  const passed = () => {
    if (onRequest === undefined) return request;
    return requestStream
      ? mapped(request as AsyncIterable<unknown>, (message) => onRequest(message, call))
      : onRequest(request, call);
  };
  return (async function* () {
    try {
      if (!responseStream) {
        const response = yield* next(passed(), context);
        return onResponse === undefined ? response : onResponse(response, call);
      }
      const responses = next(passed(), context);
      if (onResponse === undefined) return yield* responses;
      for await (const message of responses) yield onResponse(message, call);
      return undefined;
    } catch (thrown) {
      throw failed === undefined ? thrown : failed(thrown, call);
    }
  })();
}

async function* mapped(
  messages: AsyncIterable<unknown>,
  change: (message: unknown) => unknown,
): AsyncGenerator<unknown, void, undefined> {
  for await (const message of messages) yield change(message);
}

function middlewareCall(
  method: MethodDescriptor,
  request: unknown,
  next: Run,
): ServerMiddlewareCall<unknown, unknown> {
  const { requestStream, responseStream } = method;
  return { method, requestStream, request, responseStream, next } as ServerMiddlewareCall<unknown, unknown>;
}

/** Runs a generator to the message that it returns, and tells it what it did wrong, as nice-grpc does. */
async function returnOf(
  method: MethodDescriptor,
  iterator: AsyncGenerator<unknown, unknown, undefined>,
): Promise<unknown> {
  let result = await iterator.next();
  for (;;) {
    if (!result.done) {
      result = await iterator.throw(new Error(misuse(method, "yielded a message", "only return a message")));
    } else if (result.value == null) {
      result = await iterator.throw(new Error(misuse(method, "returned void", "return a message")));
    } else return result.value;
  }
}

function checkRequest(method: MethodDescriptor, request: unknown): void {
  const isStream = typeof request === "object" && request !== null && Symbol.asyncIterator in request;
  if (isStream !== method.requestStream) {
    const expected = method.requestStream ? "a stream of messages" : "a single message";
    throw new Error(
      `A middleware passed invalid request to next(): expected ${expected} for ${shapeOf(method)}`,
    );
  }
}

function misuse(method: MethodDescriptor, did: string, expected: string): string {
  return `A middleware ${did}, but expected to ${expected} for ${shapeOf(method)}`;
}

function shapeOf({ requestStream, responseStream }: MethodDescriptor): string {
  if (!requestStream) return responseStream ? "server streaming method" : "unary method";
  return responseStream ? "bidirectional streaming method" : "client streaming method";
}
