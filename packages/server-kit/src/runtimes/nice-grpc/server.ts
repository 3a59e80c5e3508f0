import { AsyncLocalStorage } from "node:async_hooks";
import {
  bytesDefinition,
  checkOptions,
  contractOf,
  handlerOf,
  methodsOf,
  rules,
  tryAddress,
  type CompatServiceDefinition,
  type OptionRule,
  type RuntimeServer,
  type ServerLimits,
  type ServerRuntime,
} from "@callwire/transport/server";
import type { ChannelOptions, ServerCredentials } from "@grpc/grpc-js";
import { createServer } from "nice-grpc";
import type { ServerError } from "nice-grpc-common";
import { closedByAbort } from "../../internal/closed-by-abort.js";
import { servedMethod, GrpcJsCall, type ServedMethod } from "./grpc-js-call.js";
import { phasesInterceptor } from "./interceptor.js";
import { RenewableCredentials } from "./renewable-credentials.js";
import { runPhases } from "./run-phases.js";

/** The longest time that a timer takes, in milliseconds: 24.8 days. grpc-js's would fire at once for a longer one. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The names that grpc-js has for limits. */
const GRPC_JS_NAMES = {
  maxReceiveMessageBytes: "grpc.max_receive_message_length",
  maxSendMessageBytes: "grpc.max_send_message_length",
  maxConcurrentStreams: "grpc.max_concurrent_streams",
  keepaliveTimeMs: "grpc.keepalive_time_ms",
  keepaliveTimeoutMs: "grpc.keepalive_timeout_ms",
  maxConnectionIdleMs: "grpc.max_connection_idle_ms",
  maxConnectionAgeMs: "grpc.max_connection_age_ms",
  maxConnectionAgeGraceMs: "grpc.max_connection_age_grace_ms",
} as const satisfies Partial<Record<keyof ServerLimits, keyof ChannelOptions>>;

/** The limits that servers of grpc-js have. */
export type NiceGrpcLimits = Pick<ServerLimits, keyof typeof GRPC_JS_NAMES>;

/**
 * Nice-grpc over @grpc/grpc-js as what carries a server's bytes: `createServer({ runtime: niceGrpc })`. It has the limits of
 * {@link NiceGrpcLimits}; another one is an error. It does not compress, and takes a `grpc-timeout` of more than 24 days for
 * one that has passed.
 */
export const niceGrpc: ServerRuntime<NiceGrpcLimits> = {
  openServer({ limits, ...own }): RuntimeServer {
    for (const name of ["http2", "http1"] as const) {
      if (Object.keys(own[name] ?? {}).length === 0) continue;
      throw new TypeError(
        `createServer: servers of nice-grpc have no option '${name}': it is the transport's alone`,
      );
    }
    const methods = new Map<string, ServedMethod>();
    const running = new Set<GrpcJsCall>();
    // grpc-js starts the handler inside the listener's callbacks; nice-grpc makes its context there, out of our reach.
    const arrivals = new AsyncLocalStorage<GrpcJsCall>();
    let endReason: ServerError | undefined;
    const server = createServer({
      ...grpcJsOptions(limits),
      interceptors: [phasesInterceptor({ methods, running, arrivals })],
    }).use(runPhases(arrivals, () => endReason));
    return {
      add(definition, implementation, phasesOf) {
        const coded = methodsOf(definition);
        // grpc-js takes no service without methods.
        if (coded.length === 0) return;
        // The kit has checked that there is a handler for each method.
        const handlers = coded.map(({ name, descriptor }) => {
          const handler = handlerOf(implementation, name) as Handler;
          return [
            descriptor.path,
            descriptor.responseStream ? endedByAbort(handler, arrivals) : handler,
          ] as const;
        });
        (server.add as (definition: CompatServiceDefinition, implementation: object) => void)(
          // Of a message that it cannot code, grpc-js says neither why nor to whom: the interceptor codes them.
          bytesDefinition(coded),
          Object.fromEntries(handlers),
        );
        const contract = contractOf(definition);
        for (const method of coded) {
          methods.set(method.descriptor.path, servedMethod(method, phasesOf(method.descriptor), contract));
        }
      },
      async listen(address, credentials) {
        // grpc-js says what is wrong on standard error, in lines of its own, and rejects without the cause.
        await tryAddress(address);
        return server.listen(address, credentials as ServerCredentials | undefined);
      },
      get running() {
        return Array.from(running, (call) => call.method.path);
      },
      endStreams(reason) {
        endReason = reason;
        for (const call of running) GrpcJsCall.cut(call, reason);
      },
      shutdown: () => server.shutdown(),
      forceShutdown: () => server.forceShutdown(),
    };
  },

  createCredentials: (tls) => new RenewableCredentials(tls),
  reloadCredentials(credentials, tls) {
    (credentials as RenewableCredentials).renew(tls);
  },
};

type Handler = (request: unknown, context: { readonly signal: AbortSignal }) => unknown;

/** A handler whose stream of responses is closed when its call is over. */
function endedByAbort(handler: Handler, arrivals: AsyncLocalStorage<GrpcJsCall>): Handler {
  return (request, context) => {
    const call = arrivals.getStore();
    return closedByAbort(handler(request, context), context.signal, (error) => call?.onFault(error));
  };
}

const limitRules: Record<keyof NiceGrpcLimits, OptionRule> = {
  maxReceiveMessageBytes: rules.wholeNumber(),
  maxSendMessageBytes: rules.wholeNumber(),
  maxConcurrentStreams: rules.wholeNumber(),
  keepaliveTimeMs: rules.milliseconds(),
  keepaliveTimeoutMs: rules.milliseconds(),
  maxConnectionIdleMs: rules.milliseconds(),
  maxConnectionAgeMs: rules.milliseconds(),
  maxConnectionAgeGraceMs: rules.milliseconds(),
};

/** @throws {TypeError | RangeError} for a limit that grpc-js does not have, or that is none. */
function grpcJsOptions(limits: Partial<NiceGrpcLimits>): ChannelOptions {
  checkOptions("createServer (nice-grpc)", { limits }, { limits: rules.options(limitRules) });
  const options: Record<string, number> = {};
  for (const [name, value] of Object.entries(limits)) {
    if (value === undefined) continue;
    const option = GRPC_JS_NAMES[name as keyof NiceGrpcLimits];
    // Message sizes are without a limit at -1, and times if they are not given.
    if (value !== Infinity) options[option] = name.endsWith("Ms") ? Math.min(value, MAX_TIMER_MS) : value;
    else if (name.endsWith("Bytes")) options[option] = -1;
  }
  return options;
}
