import { ServerCredentials as GrpcJsServerCredentials } from "@grpc/grpc-js";
import { HealthDefinition } from "@callwire/contracts/grpc/health/v1";
import { ServerReflectionDefinition } from "@callwire/contracts/grpc/reflection/v1";
import { ServerReflectionDefinition as ServerReflectionV1AlphaDefinition } from "@callwire/contracts/grpc/reflection/v1alpha";
import { createServer as createNiceGrpcServer } from "nice-grpc";
import type { MethodDescriptor } from "nice-grpc-common";
import type { CompatServiceDefinition, ServiceImplementation } from "nice-grpc";
import { arrivalHooksOf } from "./arrival.js";
import { unavailable } from "./errors/factories.js";
import { createAdmission } from "./internal/admission.js";
import { RunningCalls } from "./internal/running-calls.js";
import { describeService } from "./internal/service-definition.js";
import type { ContextAfter, Ordered } from "./middleware-order.js";
import {
  defaultServerLimits,
  type AnyMiddleware,
  type RuntimeServerBuilder,
  type ServerLimits,
  type ServerRuntime,
} from "./runtime.js";
import { openNiceGrpcServer } from "./runtimes/nice-grpc.js";
import { HealthState, healthService } from "./services/health.js";
import { reflectionService } from "./services/reflection.js";
import { TlsCredentials } from "./tls-credentials.js";

/** Options for {@link createServer}. */
export interface ServerOptions<M extends readonly AnyMiddleware[] = readonly AnyMiddleware[]> {
  /** What carries the bytes: a module with nice-grpc's exports. Default: nice-grpc over @grpc/grpc-js. */
  runtime?: ServerRuntime;
  /**
   * Runs around every call of the services that are added, outermost first. One that needs what another adds must come
   * after it, or it does not compile. Health and reflection are outside of it: probes carry no credentials.
   */
  middleware?: M;
  /** Bounds on connections and messages; each has a default. */
  limits?: Partial<ServerLimits>;
  /**
   * Serves reflection (v1 and v1alpha) from this serialized google.protobuf.FileDescriptorSet. Default: no reflection,
   * since it shows the whole contract to whoever can connect.
   */
  reflection?: Uint8Array;
}

/** Options for {@link CallwireServer.shutdown}. */
export interface ShutdownOptions {
  /** How long running calls may take to end before they are cut off, in milliseconds. Default 10,000. */
  timeoutMs?: number;
}

/** How a shutdown went. */
export interface ShutdownReport {
  /** Whether the time ran out, or somebody forced the end. */
  forced: boolean;
  /** The paths of the calls that were cut off, one for each. */
  cutOff: readonly string[];
}

/** A server of one or more contracts. */
export interface CallwireServer<Context> {
  /** What health checks are told. Each service is SERVING until `shutdown` unless set otherwise. */
  readonly health: HealthState;
  /**
   * Adds a service, before `listen`.
   *
   * @throws Error that names each method without a handler, or a service that was added before or too late.
   */
  add<Service extends CompatServiceDefinition>(
    definition: Service,
    implementation: ServiceImplementation<Service, Context>,
  ): this;
  /**
   * Listens on `host:port`, without TLS unless credentials are given: those that `tlsCredentials` makes, or the runtime's
   * own. Port 0 takes a free one. Resolves to the port.
   *
   * @throws Error that names the address and why it cannot be used.
   */
  listen(address: string, credentials?: TlsCredentials | object): Promise<number>;
  /**
   * Stops gracefully: health says NOT_SERVING, no new calls are taken, running ones finish, and response streams end
   * with UNAVAILABLE, which tells the client to come back. What still runs at the time limit is cut off. Called again,
   * it resolves as the first time. A server that was stopped cannot listen again.
   */
  shutdown(options?: ShutdownOptions): Promise<ShutdownReport>;
  /** Cuts off all calls and closes all connections at once. A shutdown under way ends too. */
  forceShutdown(): void;
}

/** How long a shutdown waits for running calls unless told otherwise, in milliseconds. */
export const defaultShutdownTimeoutMs = 10_000;

/** Creates a server; nothing listens before `listen`. */
export function createServer<const M extends readonly AnyMiddleware[]>(
  {
    runtime = { createServer: createNiceGrpcServer },
    middleware,
    limits,
    reflection,
  }: ServerOptions<M> & Ordered<M> = {} as ServerOptions<M> & Ordered<M>,
): CallwireServer<ContextAfter<M>> {
  const chain: readonly AnyMiddleware[] = middleware ?? [];
  const services = new Set<string>();
  const methods = new Map<string, MethodDescriptor>();
  const health = new HealthState();
  const runningCalls = new RunningCalls();
  const openServer = runtime.openServer ?? ((options) => openNiceGrpcServer(runtime, options));
  const server = openServer({
    limits: { ...defaultServerLimits, ...limits },
    method: (path) => methods.get(path),
    admit: createAdmission(
      chain.map(arrivalHooksOf).filter((hooks) => hooks !== undefined),
      (service) => services.has(service),
    ),
  });
  let state: "new" | "listening" | "stopped" = "new";
  let listening: Promise<unknown> = Promise.resolve();
  let stopping: Promise<ShutdownReport> | undefined;
  let cutOff: readonly string[] | undefined;
  let onForced = () => {};
  const forced = new Promise<void>((resolve) => {
    onForced = resolve;
  });

  const add = (
    builder: RuntimeServerBuilder,
    definition: CompatServiceDefinition,
    implementation: object,
  ) => {
    builder.with(runningCalls.middleware()).add(definition, implementation);
    const description = describeService(definition);
    for (const method of description.methods.values()) methods.set(method.path, method);
    if (health.get(description.service) === undefined) health.set(description.service, "SERVING");
  };

  const addStandardServices = () => {
    add(server, HealthDefinition, healthService(health));
    if (!reflection) return;
    const implementation = reflectionService(reflection, () => [
      ...services,
      HealthDefinition.fullName,
      ServerReflectionDefinition.fullName,
      ServerReflectionV1AlphaDefinition.fullName,
    ]);
    add(server, ServerReflectionDefinition, implementation);
    add(server, ServerReflectionV1AlphaDefinition, implementation);
  };
  addStandardServices();

  const force = () => {
    state = "stopped";
    // Before it ends them: what it cuts off does not run any more.
    cutOff ??= runningCalls.paths;
    health.stop();
    server.forceShutdown();
    onForced();
  };

  const stop = async (timeoutMs: number): Promise<ShutdownReport> => {
    state = "stopped";
    health.stop();
    // What is not bound yet cannot be closed.
    await listening.catch(() => {});
    const ended = server.shutdown();
    // A turn of the event loop, so that watchers of the health learn of it before their streams end.
    await new Promise((resolve) => setImmediate(resolve));
    runningCalls.endStreams(
      unavailable({
        message: "the server is stopping; come back to another, or to its successor",
        reason: "SERVER_STOPPING",
        retryAfterMs: 0,
      }),
    );
    const timer = setTimeout(force, timeoutMs);
    try {
      await Promise.race([ended, forced]);
      return { forced: cutOff !== undefined, cutOff: cutOff ?? [] };
    } finally {
      clearTimeout(timer);
    }
  };

  return {
    health,

    add(definition, implementation) {
      const { service, methods: described } = describeService(definition);
      const missing = [...described.keys()].filter(
        (handler) => typeof (implementation as Record<string, unknown>)[handler] !== "function",
      );
      if (missing.length > 0) throw new Error(`${service}: no handler for ${missing.join(", ")}`);
      if (state !== "new") throw new Error(`${service} must be added before the server listens`);
      if (methods.has([...described.values()][0]!.path)) throw new Error(`${service} was added before`);
      services.add(service);
      let builder: RuntimeServerBuilder = server;
      for (const one of chain) builder = builder.with(one);
      add(builder, definition, implementation);
      return this;
    },

    async listen(address, credentials) {
      if (state !== "new") {
        const why = state === "stopped" ? "the server was stopped" : "the server listens already";
        throw new Error(`cannot listen on ${address}: ${why}`);
      }
      state = "listening";
      try {
        const port = server.listen(
          address,
          credentials instanceof TlsCredentials
            ? credentials.createWith(runtime.ServerCredentials ?? GrpcJsServerCredentials)
            : credentials,
        );
        listening = port;
        return await port;
      } catch (error) {
        if (state === "listening") state = "new";
        const cause = error instanceof Error ? error.message : String(error);
        const why = /EADDRINUSE/.test(cause) ? "the address is already in use" : cause;
        throw new Error(`cannot listen on ${address}: ${why}`, { cause: error });
      }
    },

    shutdown({ timeoutMs = defaultShutdownTimeoutMs } = {}) {
      stopping ??= stop(timeoutMs);
      return stopping;
    },

    forceShutdown: force,
  };
}
