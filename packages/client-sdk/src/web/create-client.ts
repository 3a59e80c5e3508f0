import { checkClient, checkedMiddleware, checkWebCallOptions } from "#checks";
import { clientObject, type CompatServiceDefinition, type RuntimeMethod } from "@callwire/transport/seam";
import { type CallOptions, Metadata } from "nice-grpc-common";
import { closable } from "../internal/closable.js";
import { retryPolicy } from "../internal/retry-policy.js";
import { TIMEOUT_MS } from "../middleware/deadline.js";
import type { ServiceClient } from "../service-client.js";
import { baseUrlOf } from "./base-url.js";
import { type Call, callOf, type CallSettings } from "./call.js";
import type { Protocol } from "./protocol.js";
import { webMethodsOf } from "./web-methods.js";
import type { WebClientOptions } from "./web-options.js";

/** As the SDK's channels have it. */
const MAX_RECEIVE_MESSAGE_BYTES = 16 * 1024 * 1024;

/**
 * Makes a client of any service, for browsers and other runtimes with `fetch`. It is the client that `createClient` of
 * `@callwire/client-sdk` makes, with its call options; `waitForReady`, `compression`, `compressMessage` and `stallTimeoutMs` have no
 * meaning here, and are passed over.
 *
 * A call that fails throws a {@link CallError}; a call whose `signal` is aborted throws that signal's reason. Leaving a stream ends
 * its request at once.
 *
 * Throws a TypeError or RangeError at once if an option is not right or not known; so does a call for its own. A bundle with the
 * condition `production`, which Vite and webpack give to one for users, leaves most of these checks out.
 */
export function createClient<Definition extends CompatServiceDefinition, Ext extends object = object>(
  definition: Definition,
  options: WebClientOptions<Ext>,
): ServiceClient<Definition, Ext> {
  checkClient(definition, options);
  const {
    maxReceiveMessageBytes = MAX_RECEIVE_MESSAGE_BYTES,
    metadata,
    retry = {},
    timeoutMs = TIMEOUT_MS,
  } = options;
  const middleware = checkedMiddleware(options.middleware ?? []);
  const closing = new AbortController();
  const settings: CallSettings = {
    ...options,
    url: baseUrlOf(options),
    protocol: options.protocol as Protocol,
    // Looked up for each call: a page may put another one in its place.
    fetch: options.fetch ?? ((url, init) => globalThis.fetch(url, init)),
    maxReceiveMessageBytes,
    middleware,
    metadata: Metadata(metadata),
    retry: retry ? retryPolicy(retry) : undefined,
    timeoutMs,
    closed: closing.signal,
  };
  const client = clientObject(
    webMethodsOf(definition).map((method) => {
      const begin = (request: unknown, callOptions: CallOptions = {}) => {
        checkWebCallOptions(method, callOptions, middleware);
        return callOf(settings, method, request, callOptions);
      };
      return [method.name, method.descriptor.responseStream ? streamOf(begin) : onlyOf(begin)] as const;
    }),
  );
  return closable(client, () => closing.abort()) as ServiceClient<Definition, Ext>;
}

type Begin = (request: unknown, options?: CallOptions) => Call;

/** A method that answers with one message. */
function onlyOf(begin: Begin): RuntimeMethod {
  return async (request, options) => {
    let only: unknown;
    for await (only of begin(request, options).messages);
    return only;
  };
}

/**
 * A method that answers with a stream. A generator that waits takes no `return()`: so a reader who leaves ends the call, and who
 * waits for a message then hears that there are no more.
 */
function streamOf(begin: Begin): RuntimeMethod {
  return (request, options) => {
    let call: Call | undefined;
    let waiting = 0;
    let isLeft = false;
    const over = { done: true, value: undefined } as const;
    const stream: AsyncIterableIterator<unknown, undefined> = {
      async next() {
        if (isLeft) return over;
        waiting++;
        try {
          call ??= begin(request, options);
          const result = await call.messages.next();
          return result.done ? over : result;
        } catch (error) {
          if (isLeft) return over;
          throw error;
        } finally {
          waiting--;
        }
      },
      async return() {
        isLeft = true;
        if (waiting) call?.leave();
        await call?.messages.return();
        return over;
      },
      async throw(error) {
        await stream.return!();
        throw error;
      },
      [Symbol.asyncIterator]: () => stream,
    };
    return stream;
  };
}
