import { AsyncLocalStorage } from "node:async_hooks";
import type {
  CompatServiceDefinition,
  RuntimeServer,
  ServerLimits,
  ServerRuntime,
} from "@callwire/transport";
import type { ChannelOptions, ServerCredentials } from "@grpc/grpc-js";
import { createServer } from "nice-grpc";
import type { ServerError } from "nice-grpc-common";
import { didYouMean } from "../../internal/nearest-name.js";
import { describeService } from "../../internal/service-definition.js";
import { servedMethod, GrpcJsCall, type ServedMethod } from "./grpc-js-call.js";
import { phasesInterceptor } from "./interceptor.js";
import { RenewableCredentials } from "./renewable-credentials.js";
import { runPhases } from "./run-phases.js";

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
  openServer({ limits }): RuntimeServer {
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
        // The kit has checked that there is a handler for each method.
        (server.add as (definition: CompatServiceDefinition, implementation: object) => void)(
          definition,
          implementation,
        );
        for (const descriptor of describeService(definition).methods.values()) {
          methods.set(descriptor.path, servedMethod(descriptor, phasesOf(descriptor)));
        }
      },
      listen: (address, credentials) => server.listen(address, credentials as ServerCredentials | undefined),
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

/** @throws {TypeError | RangeError} for a limit that grpc-js does not have, or that is none. */
function grpcJsOptions(limits: Partial<NiceGrpcLimits>): ChannelOptions {
  const options: Record<string, number> = {};
  for (const [name, value] of Object.entries(limits)) {
    if (value === undefined) continue;
    const option = (GRPC_JS_NAMES as Record<string, string | undefined>)[name];
    if (option === undefined) {
      throw new TypeError(
        `servers of nice-grpc have no limits.${name}${didYouMean(name, Object.keys(GRPC_JS_NAMES))}`,
      );
    }
    if (typeof value !== "number" || !(value >= 0)) {
      throw new RangeError(`limits.${name} must be a number, 0 or more: ${String(value)}`);
    }
    // Message sizes are without a limit at -1, and times if they are not given.
    if (value !== Infinity) options[option] = value;
    else if (name.endsWith("Bytes")) options[option] = -1;
  }
  return options;
}
