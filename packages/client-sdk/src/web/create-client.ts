import {
  checkOptions,
  clientObject,
  type CompatServiceDefinition,
  type RuntimeMethod,
} from "@callwire/transport/seam";
import { type CallOptions, type ClientMiddlewareCall, Status } from "nice-grpc-common";
import type { ClientCallOptions } from "../call-options.js";
import { checkPhases, middlewareOf } from "../client-middleware.js";
import { clientError } from "../internal/client-errors.js";
import { closable } from "../internal/closable.js";
import { errorText } from "../internal/error-text.js";
import { InterruptibleStream } from "../internal/interruptible-stream.js";
import { RunningCalls } from "../internal/running-calls.js";
import { composePhases } from "../pipeline/compose-phases.js";
import { notedOrigin, type PhasedHost, phasedMiddleware } from "../pipeline/phased-middleware.js";
import type { ServiceClient } from "../service-client.js";
import { baseUrlOf } from "./base-url.js";
import { connect } from "./connect.js";
import { type AttemptOptions, fetchAttempt } from "./fetch-attempt.js";
import { grpcWeb } from "./grpc-web.js";
import { type WebMethod, webMethodsOf } from "./web-methods.js";
import { optionRules, type WebClientOptions } from "./web-options.js";

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
 * Throws a TypeError or RangeError at once if an option is not right or not known.
 */
export function createClient<Definition extends CompatServiceDefinition, Ext extends object = object>(
  definition: Definition,
  options: WebClientOptions<Ext>,
): ServiceClient<Definition, Ext> {
  checkOptions("createClient", options, optionRules);
  options.middleware?.forEach(checkPhases);
  const { credentials, maxReceiveMessageBytes = MAX_RECEIVE_MESSAGE_BYTES } = options;
  const attempts: AttemptOptions = {
    url: baseUrlOf(options),
    protocol: options.protocol === "grpc-web" ? grpcWeb : connect,
    // Looked up for each call: a page may put another one in its place.
    fetch: options.fetch ?? ((url, init) => globalThis.fetch(url, init)),
    ...(credentials && { credentials }),
    maxReceiveMessageBytes,
  };
  const calls = new RunningCalls();
  const middleware = middlewareOf(options);
  const client = clientObject(
    webMethodsOf(definition).map((method) => {
      const phases = composePhases(method.descriptor, middleware);
      const around = phasedMiddleware(() => phases, hostOf(method, calls));
      const next = (request: unknown, callOptions: CallOptions) =>
        fetchAttempt(attempts, method.descriptor, request, callOptions);
      const begin = (request: unknown, callOptions: CallOptions) => {
        const { requestStream, responseStream } = method.descriptor;
        const call = { method: method.descriptor, requestStream, responseStream, request, next };
        // The union of the four shapes cannot be made of parts.
        return around(call as unknown as ClientMiddlewareCall<unknown, unknown>, callOptions);
      };
      return [method.name, method.descriptor.responseStream ? streamOf(begin) : onlyOf(begin)] as const;
    }),
  );
  return closable(client, () => calls.close()) as ServiceClient<Definition, Ext>;
}

type Begin = (request: unknown, options: CallOptions) => AsyncGenerator<unknown, unknown, undefined>;

/** A method that answers with one message. */
function onlyOf(begin: Begin): RuntimeMethod {
  return async (request, options = {}) => (await begin(request, options).next()).value;
}

/** A method that answers with a stream. */
function streamOf(begin: Begin): RuntimeMethod {
  return (request, options: CallOptions = {}) =>
    new InterruptibleStream((signal) => begin(request, { ...options, signal }), options.signal);
}

/** Adds what a call has here: its messages as bytes, its `deadline`, and an end with its client. */
function hostOf({ descriptor: { path }, encode, decode }: WebMethod, calls: RunningCalls): PhasedHost {
  return {
    originOf: notedOrigin,
    coder: {
      encode(_, message) {
        try {
          return encode(message);
        } catch (error) {
          throw clientError(path, Status.INTERNAL, "a message cannot be encoded", "local", error);
        }
      },
      decode(_, bytes) {
        try {
          return decode(bytes as Uint8Array);
        } catch (error) {
          const why = `a response message cannot be decoded: ${errorText(error)}`;
          throw clientError(path, Status.INTERNAL, why, "local", error);
        }
      },
    },
    onCall({ context, lifetime }) {
      const { deadline = Infinity } = context.options as ClientCallOptions;
      context.deadlineMs = performance.now() + Number(deadline) - Date.now();
      const cancel = () =>
        lifetime.fail(clientError(path, Status.CANCELLED, "the client is closed", "local"), "local");
      calls.add(cancel);
      return () => calls.delete(cancel);
    },
  };
}
