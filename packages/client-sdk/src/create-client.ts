import * as niceGrpc from "nice-grpc";
import type { Client, CompatServiceDefinition } from "nice-grpc";
import type { ClientMiddleware } from "nice-grpc-common";
import type { ClientCallOptions, ClientOptions } from "./client-options.js";
import type { ClientRuntime } from "./client-runtime.js";
import { openChannel } from "./internal/channel.js";
import { RunningCalls } from "./internal/running-calls.js";
import { bearerToken } from "./middleware/bearer-token.js";
import { callErrors } from "./middleware/call-errors.js";
import { deadline } from "./middleware/deadline.js";
import { deadlineHeader } from "./middleware/deadline-header.js";
import { defaultMetadata } from "./middleware/default-metadata.js";
import { requestId } from "./middleware/request-id.js";
import { retry } from "./middleware/retry.js";

/** How a client is let go. */
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
  Omit<ClientCallOptions, keyof niceGrpc.CallOptions> & Ext
> &
  Closable;

/** The middleware of a client, outermost first, and why in this order. */
function middlewareOf(options: ClientOptions<never>, running: RunningCalls): ClientMiddleware[] {
  const { metadata, middleware = [], retry: retries = {}, token, timeoutMs } = options;
  return [
    ...(metadata ? [defaultMetadata({ metadata })] : []),
    // Outside the errors, so that each of them can name the call.
    requestId(),
    // Outside the rest, so that the caller sees one kind of error.
    callErrors(),
    // Once for each call.
    ...middleware,
    // One limit for all attempts.
    deadline({ running, ...(timeoutMs !== undefined && { timeoutMs }) }),
    ...(retries ? [retry(retries)] : []),
    // Anew for each attempt: the token, then the time that is left.
    ...(token !== undefined ? [bearerToken({ token })] : []),
    deadlineHeader(),
  ] as ClientMiddleware[];
}

/**
 * Makes a client of any service. It connects when it is first used, and again whenever the connection is lost.
 *
 * A call that fails throws a {@link CallError}; a call whose `signal` is aborted throws that signal's reason.
 *
 * Throws a TypeError or RangeError at once if an option is not right or two contradict each other, and if the contract
 * has a method named `close`, which the client could not tell from its own.
 */
export function createClient<Definition extends CompatServiceDefinition, Ext extends object = object>(
  definition: Definition,
  options: ClientOptions<Ext>,
): ServiceClient<Definition, Ext> {
  const runtime: ClientRuntime = options.runtime ?? niceGrpc;
  const running = new RunningCalls();
  // nice-grpc's factory takes the innermost first.
  const factory = middlewareOf(options, running).reduceRight(
    (inner, middleware) => inner.use(middleware),
    runtime.createClientFactory(),
  );
  const channel = openChannel(options, runtime);
  const client = factory.create(definition, channel) as object;
  if ("close" in client) {
    channel.close();
    throw new TypeError(
      "the contract has a method named close: make its client with nice-grpc's createClient instead",
    );
  }
  const close = () => {
    if (running.closed) return;
    running.close();
    channel.close();
  };
  return Object.assign(client, { close, [Symbol.asyncDispose]: async () => close() }) as ServiceClient<
    Definition,
    Ext
  >;
}
