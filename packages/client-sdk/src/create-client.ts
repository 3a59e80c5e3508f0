import {
  type CallOptions,
  type Client,
  type ClientPhases,
  type ClientRuntime,
  clientRuntime,
  type CompatServiceDefinition,
  methodsOf,
  type RuntimeMethod,
} from "@callwire/transport";
import type { ClientCallOptions, ClientOptions, Middleware } from "./client-options.js";
import { openChannel } from "./internal/channel.js";
import { checkOptionNames } from "./internal/option-names.js";
import { bearerToken } from "./middleware/bearer-token.js";
import { callErrors } from "./middleware/call-errors.js";
import { checkTimeout, deadline } from "./middleware/deadline.js";
import { defaultMetadata } from "./middleware/default-metadata.js";
import { requestId } from "./middleware/request-id.js";
import { retry } from "./middleware/retry.js";
import { clientPipeline } from "./pipeline/client-pipeline.js";

/** A client that can be closed. */
export interface Closable extends AsyncDisposable {
  /**
   * Ends the calls under way and closes the connection. They fail with a {@link CallError} of code CANCELLED, and so does
   * every later call. Closing twice is harmless.
   */
  close(): void;
}

/** A client of a service: a method for each of the contract's, and {@link Closable}. */
export type ServiceClient<Definition extends CompatServiceDefinition, Ext extends object = object> = Client<
  Definition,
  Omit<ClientCallOptions, keyof CallOptions> & Ext
> &
  Closable;

const optionNames: readonly (keyof ClientOptions)[] = [
  "address",
  "addresses",
  "balancing",
  "allowTokenInClear",
  "channelOptions",
  "credentials",
  "metadata",
  "middleware",
  "retry",
  "runtime",
  "stallTimeoutMs",
  "timeoutMs",
  "tls",
  "token",
];

/** The time that a call that streams its requests may be without progress, in milliseconds: as long as another may take. */
const STALL_TIMEOUT_MS = 30_000;

const phaseNames: readonly (keyof ClientPhases)[] = [
  "attempted",
  "began",
  "ended",
  "failed",
  "request",
  "response",
  "retryAfterMs",
];

/** Throws a TypeError for what is no middleware, or a phase that is misspelt. */
function checkMiddleware(middleware: Middleware): void {
  if (typeof middleware === "function") return;
  if (typeof middleware !== "object" || middleware === null) {
    throw new TypeError(`middleware has ${String(middleware)}, which is none`);
  }
  checkOptionNames("a middleware", middleware, phaseNames);
}

/** The middleware of a client, outermost first, and why in this order. */
function middlewareOf(options: ClientOptions<never>): Middleware[] {
  const { metadata, middleware = [], retry: retries = {}, token, timeoutMs } = options;
  const list: Middleware[] = [
    // Outside the rest, so that the caller sees one kind of error.
    callErrors(),
    // Before the request id, which may be one of them.
    ...(metadata ? [defaultMetadata({ metadata })] : []),
    // Before all that may name the call.
    requestId(),
    // Once for each call.
    ...(middleware as Middleware[]),
    // One limit for all attempts.
    deadline(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(retries ? [retry(retries)] : []),
    // Anew for each attempt.
    ...(token !== undefined ? [bearerToken({ token })] : []),
  ];
  for (const each of list) checkMiddleware(each);
  return list;
}

/** A method that streams its requests, with the client's limit for the calls that set none. */
function withStallTimeout(method: RuntimeMethod, stallTimeoutMs: number): RuntimeMethod {
  return (request, options: ClientCallOptions = {}) =>
    method(request, { ...options, stallTimeoutMs: options.stallTimeoutMs ?? stallTimeoutMs });
}

/**
 * Makes a client of any service. It connects when it is first used, and again whenever the connection is lost.
 *
 * A call that fails throws a {@link CallError}; a call whose `signal` is aborted throws that signal's reason.
 *
 * Throws a TypeError or RangeError at once if an option is not right or not known, or two contradict each other, and if the
 * contract has a method named `close`, which the client could not tell from its own.
 */
export function createClient<Definition extends CompatServiceDefinition, Ext extends object = object>(
  definition: Definition,
  options: ClientOptions<Ext>,
): ServiceClient<Definition, Ext> {
  checkOptionNames("createClient", options, optionNames);
  const stallTimeoutMs = checkTimeout(options.stallTimeoutMs ?? STALL_TIMEOUT_MS, "stallTimeoutMs");
  const runtime: ClientRuntime = options.runtime ?? clientRuntime;
  const pipeline = clientPipeline(middlewareOf(options));
  const methods = methodsOf(definition);
  if (methods.some(({ name }) => name === "close")) {
    throw new TypeError(
      "the contract has a method named close: make its client with the transport's createClient instead",
    );
  }

  const channel = openChannel(options, runtime);
  const own = channel.createClient(definition, (method): ClientPhases | undefined =>
    pipeline.phasesOf(method),
  );
  const client: Record<string, RuntimeMethod> = {};
  for (const { name, descriptor } of methods) {
    const method = pipeline.around(descriptor, own[name]!);
    client[name] = descriptor.requestStream ? withStallTimeout(method, stallTimeoutMs) : method;
  }
  let isClosed = false;
  const close = () => {
    if (isClosed) return;
    isClosed = true;
    channel.close();
  };
  return Object.assign(client, {
    close,
    [Symbol.asyncDispose]: async () => close(),
  }) as unknown as ServiceClient<Definition, Ext>;
}
