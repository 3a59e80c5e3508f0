import { readFile } from "node:fs/promises";
import { HealthDefinition } from "@callwire/contracts/grpc/health/v1";
import {
  checkDefinition,
  checkOptions,
  checkValue,
  handlerOf,
  rules,
  serverRuntime,
  type CompatServiceDefinition,
  type ConnectionOptions,
  type Http1Options,
  type HttpHandler,
  type RulesOf,
  type RuntimeServer,
  type ServerLimits,
  type ServerPhases,
  type ServerRuntime,
  type ServiceImplementation,
} from "@callwire/transport/server";
import type { InProcessServer } from "@callwire/transport/client";
import type { MethodDescriptor } from "nice-grpc-common";
import { DirectCalls } from "./direct/direct-calls.js";
import { directMethod, type DirectMethod } from "./direct/direct-method.js";
import { keepDirectMethods } from "./direct/direct-methods.js";
import { unavailable } from "./errors/factories.js";
import type { ServiceError } from "./errors/service-error.js";
import { checkAddress } from "./internal/check-address.js";
import { checkMiddleware } from "./internal/check-middleware.js";
import { whyNoListening } from "./internal/listen-errors.js";
import { missingHandlers } from "./internal/missing-handlers.js";
import { compileMethod } from "./internal/compile-method.js";
import type { Handler } from "./internal/generator-chain.js";
import { keepInternals } from "./internal/in-process.js";
import {
  checkSelections,
  selectionsOf,
  type AddedMethod,
  type Selection,
} from "./internal/method-selection.js";
import { describeService } from "./internal/service-definition.js";
import { defaultServerLimits } from "./limits.js";
import type { Logger } from "./logger.js";
import type { ContextAfter, Ordered } from "./middleware-order.js";
import type { AnyMiddleware } from "./middleware.js";
import { HealthState, healthService } from "./services/health.js";
import { reflectionDefinitions } from "./services/reflection-definitions.js";
import { TlsCredentials } from "./tls-credentials.js";

/** Options for {@link createServer}. */
export interface ServerOptions<M extends readonly AnyMiddleware[] = readonly AnyMiddleware[]> {
  /** The runtime, which carries the bytes. Default: @callwire/transport. `@callwire/server-kit/nice-grpc` has another. */
  runtime?: ServerRuntime;
  /**
   * Runs around every call of the services that are added, outermost first: the kit's, and nice-grpc's at any place. One that
   * needs what another adds must come after it, or it does not compile. Health and reflection are outside of it: probes carry
   * no credentials.
   */
  middleware?: M;
  /** Bounds on connections and messages. Default: {@link defaultServerLimits}, and what the runtime has for the others. */
  limits?: Partial<ServerLimits>;
  /**
   * Takes a line at level warn for clients that cannot be served before their first call: they speak clear text to a port with TLS,
   * or TLS to one without. Each kind is reported at most once a minute. Default: none is.
   */
  logger?: Pick<Logger, "warn">;
  /** Settings of each HTTP/2 connection: windows, and limits on abuse. Default: the transport's; no other runtime has them. */
  http2?: Partial<ConnectionOptions>;
  /** Bounds of each connection that speaks HTTP/1.1, for {@link CallwireServer.http}. Default: the transport's; no other runtime has them. */
  http1?: Partial<Http1Options>;
  /**
   * Serves reflection (v1 and v1alpha) from this serialized google.protobuf.FileDescriptorSet, or from the file at this path or
   * URL. It must describe every service that is added, with all imports; health, reflection and protobuf's own files are added
   * to it. An edge before the server serves it too, by gRPC-Web and Connect. Default: no reflection, since it shows the whole contract to
   * anyone who can connect.
   */
  reflection?: Uint8Array | string | URL;
}

/** Options for {@link CallwireServer.shutdown}. */
export interface ShutdownOptions {
  /** The time that running calls may take to end before they are cut off, in milliseconds. Default 10,000. */
  timeoutMs?: number;
}

/** The outcome of a shutdown. */
export interface ShutdownReport {
  /** True if calls were cut off: the time ran out, or somebody forced the end. */
  forced: boolean;
  /** The paths of the calls that were cut off, one for each. */
  cutOff: readonly string[];
}

/** A server of one or more contracts. */
export interface CallwireServer<Context> {
  /** The answers to health checks. Each service is SERVING until `shutdown` unless set otherwise. */
  readonly health: HealthState;
  /**
   * Adds a service, before `listen`.
   *
   * @throws Error that names each method without a handler, a service that was added before or too late, or a middleware that
   *   stands in the wrong place.
   */
  add<Service extends CompatServiceDefinition>(
    definition: Service,
    implementation: ServiceImplementation<Service, Context>,
  ): this;
  /**
   * Answers what comes to the server's port and is not gRPC, before `listen`: `server.http(createEdge({ server }))` serves REST and JSON by
   * @callwire/edge. Clear text and TLS, HTTP/1.1 and HTTP/2 are told apart by themselves. Default: such requests are refused.
   *
   * @param handler An edge, or an object with a listener of node:http as its `handler`, such as express has.
   * @throws Error if it is there already, comes too late, or the runtime has no HTTP beside gRPC.
   */
  http(handler: HttpHandler): this;
  /**
   * Listens on `host:port`, without TLS unless credentials are given: those that `tlsCredentials` makes, or the runtime's
   * own. Port 0 takes a free one. Resolves to the port.
   *
   * @throws Error that names the address and why it cannot be used, or a name in the middleware that no method has.
   */
  listen(address: string, credentials?: TlsCredentials | object): Promise<number>;
  /**
   * Stops gracefully: health says NOT_SERVING, no new calls are taken, running ones finish, and response streams end
   * with UNAVAILABLE, so that the client comes back. Calls that still run at the time limit are cut off. Called again,
   * it resolves as the first time. A server that was stopped cannot listen again.
   */
  shutdown(options?: ShutdownOptions): Promise<ShutdownReport>;
  /** Cuts off all calls and closes all connections at once. A shutdown under way ends too. */
  forceShutdown(): void;
}

const optionRules: RulesOf<ServerOptions> = {
  runtime: rules.objectWith("openServer", "createCredentials"),
  // Checked one by one, by its place.
  middleware: rules.rule("an array of middleware, outermost first", Array.isArray),
  // The runtime checks what is in these.
  limits: rules.someOptions,
  http2: rules.someOptions,
  http1: rules.someOptions,
  logger: rules.objectWith("warn"),
  reflection: rules.either(
    rules.bytes,
    rules.nonEmptyText,
    rules.rule("a file URL", (value) => value instanceof URL),
  ),
};
const credentialsRule = rules.rule(
  "credentials that tlsCredentials({ cert, key }) makes, or the runtime's own",
  (value) =>
    value instanceof TlsCredentials ||
    (rules.anyObject.accepts(value) && !("cert" in (value as object)) && !("key" in (value as object))),
);
const shutdownRules: RulesOf<ShutdownOptions> = { timeoutMs: rules.milliseconds() };

/** The default time that a shutdown waits for running calls, in milliseconds. */
export const DEFAULT_SHUTDOWN_TIMEOUT_MS = 10_000;

const NO_HTTP =
  "the server's runtime has no HTTP beside gRPC on its port: leave out 'runtime', or serve the edge on a port of its own, " +
  "by createServer(edge.handler) of node:http";

/** The services that reflection serves, both versions. */
const reflectionServices = reflectionDefinitions.map(({ fullName }) => fullName);

/**
 * Creates a server; nothing listens before `listen`.
 *
 * @throws {TypeError | RangeError} that names an option or a limit that there is not, or that is out of its range.
 */
export function createServer<const M extends readonly AnyMiddleware[]>(
  options: ServerOptions<M> & Ordered<M> = {} as ServerOptions<M> & Ordered<M>,
): CallwireServer<ContextAfter<M>> {
  checkOptions("createServer", options, optionRules);
  const {
    runtime = serverRuntime,
    middleware,
    limits,
    http2,
    http1,
    logger,
    reflection,
  } = options as ServerOptions<M>;
  const list: readonly AnyMiddleware[] = middleware ?? [];
  checkMiddleware(list);
  const selections = new Set<Selection>(list.flatMap(selectionsOf));
  const services = new Set<string>();
  const added: AddedMethod[] = [];
  const direct: DirectMethod[] = [];
  const directCalls = new DirectCalls();
  const phasesOfMethods = new Map<MethodDescriptor, ServerPhases>();
  const health = new HealthState();
  const server = runtime.openServer({
    limits: { ...defaultServerLimits, ...withoutUndefined(limits) },
    ...(http2 && { http2 }),
    ...(http1 && { http1 }),
    ...(logger && { onConnectionProblem: ({ message }) => logger.warn(message) }),
  });
  let answersHttp = false;
  let state: "new" | "listening" | "stopped" = "new";
  let listening: Promise<unknown> = Promise.resolve();
  let stopping: Promise<ShutdownReport> | undefined;
  let cutOff: readonly string[] | undefined;
  let onForced = () => {};
  const forced = new Promise<void>((resolve) => {
    onForced = resolve;
  });

  const standard: DirectMethod[] = [];
  const addOutside = (definition: CompatServiceDefinition, implementation: object) => {
    server.add(definition, implementation, () => undefined);
    const inDefinition = methodsInDefinition(definition);
    for (const [name, descriptor] of describeService(definition).methods) {
      const handler = (implementation as Record<string, Handler>)[name]!;
      const served = { descriptor, definition: inDefinition[name]!, handler, phases: undefined };
      standard.push(directMethod(served, directCalls));
    }
  };
  addOutside(HealthDefinition, healthService(health));
  for (const service of [HealthDefinition.fullName, ...(reflection ? reflectionServices : [])]) {
    health.set(service, "SERVING");
  }
  // Loaded only where it is asked for: it parses descriptors.
  let reflecting: ReturnType<typeof loadReflection> | undefined;
  const loadReflection = async (set: Uint8Array | string | URL) => {
    const { reflectionService } = await import("./services/reflection.js");
    const all = () => [...services, HealthDefinition.fullName, ...reflectionServices];
    return reflectionService(await descriptorSetOf(set), all);
  };
  /** Once; what fails is tried again. */
  const reflect = (set: Uint8Array | string | URL) =>
    (reflecting ??= loadReflection(set).catch((error: unknown) => {
      reflecting = undefined;
      throw error;
    }));
  if (reflection !== undefined) {
    const implementation: ServiceImplementation<(typeof reflectionDefinitions)[0]> = {
      async *serverReflectionInfo(requests, context) {
        yield* (await reflect(reflection)).serverReflectionInfo(requests, context);
      },
    };
    for (const definition of reflectionDefinitions) addOutside(definition, implementation);
  }

  const force = () => {
    state = "stopped";
    // Before it ends them: what it cuts off does not run any more.
    cutOff ??= [...server.running, ...directCalls.running];
    health.stop();
    server.forceShutdown();
    directCalls.force(serverStopping());
    onForced();
  };

  const stop = async (timeoutMs: number): Promise<ShutdownReport> => {
    state = "stopped";
    health.stop();
    // A server that is not bound yet cannot be closed.
    await listening.catch(() => {});
    const ended = Promise.all([server.shutdown(), directCalls.stop(serverStopping())]);
    // A turn of the event loop, so that watchers of the health learn of it before their streams end.
    await new Promise((resolve) => setImmediate(resolve));
    server.endStreams(serverStopping());
    directCalls.endStreams(serverStopping());
    // A timer takes no more than 24.8 days: it would fire at once.
    const timer = setTimeout(force, Math.min(timeoutMs, 2 ** 31 - 1));
    try {
      await Promise.race([ended, forced]);
      // Without calls the limit has only cut off peers that were still reading their answers.
      return { forced: cutOff !== undefined && cutOff.length > 0, cutOff: cutOff ?? [] };
    } finally {
      clearTimeout(timer);
    }
  };

  const bind = async (address: string, credentials: TlsCredentials | object | undefined): Promise<number> => {
    if (reflection !== undefined) await reflect(reflection);
    return server.listen(
      address,
      credentials instanceof TlsCredentials ? credentials.createWith(runtime) : credentials,
    );
  };

  /** Looks whether the server can begin to serve there, and notes that it does. */
  const begin = (where: string) => {
    if (state !== "new") {
      const why = state === "stopped" ? "the server was stopped" : "the server listens already";
      throw new Error(`cannot listen on ${where}: ${why}`);
    }
    checkSelections(selections, added);
    state = "listening";
  };

  const openInProcess = async (): Promise<InProcessServer> => {
    if (!("connectInProcess" in server)) {
      throw new Error("the server's runtime has no connections within the process: leave out 'runtime'");
    }
    begin("this process");
    if (reflection !== undefined) await reflect(reflection);
    return server as RuntimeServer & InProcessServer;
  };

  const kitServer: CallwireServer<ContextAfter<M>> = {
    health,

    add(definition, implementation) {
      checkDefinition(definition);
      const { service, methods } = describeService(definition);
      checkValue(`add (${service})`, "the implementation", implementation, rules.required(rules.anyObject));
      const handlers = new Map(
        Array.from(methods.keys(), (name) => [name, handlerOf(implementation, name) as Handler | undefined]),
      );
      const missing = [...methods.keys()].filter((name) => handlers.get(name) === undefined);
      if (missing.length > 0)
        throw new Error(`${service}: no handler for ${missingHandlers(missing, implementation, methods)}`);
      if (state !== "new") throw new Error(`${service} must be added before the server listens`);
      if (services.has(service)) throw new Error(`${service} was added before`);
      const onSelection = (one: Selection) => void selections.add(one);
      const { wrapped, phases } = compileService(list, methods, handlers, implementation, onSelection);
      server.add(definition, wrapped, ({ path }) => phases.get(path));
      services.add(service);
      const inDefinition = methodsInDefinition(definition);
      for (const [handler, descriptor] of methods) {
        added.push({ handler, descriptor });
        const served = {
          descriptor,
          definition: inDefinition[handler]!,
          handler: wrapped[handler]!,
          phases: phases.get(descriptor.path),
        };
        phasesOfMethods.set(descriptor, phases.get(descriptor.path)!);
        direct.push(directMethod(served, directCalls));
      }
      if (health.get(service) === undefined) health.set(service, "SERVING");
      return this;
    },

    http(handler) {
      checkValue("http", "the handler", handler, rules.required(rules.objectWith("handler")));
      if (server.answerHttp === undefined) throw new Error(`http: ${NO_HTTP}`);
      if (answersHttp) throw new Error("http: it was called before, and a port has one handler of HTTP");
      if (state !== "new") throw new Error("http must be called before the server listens");
      server.answerHttp(handler);
      answersHttp = true;
      return this;
    },

    async listen(address, credentials) {
      if (state === "new") checkAddress(address);
      checkValue("listen", "credentials", credentials, credentialsRule);
      begin(address);
      try {
        const port = bind(address, credentials);
        listening = port;
        return await port;
      } catch (error) {
        if (state === "listening") state = "new";
        throw new Error(`cannot listen on ${address}: ${whyNoListening(address, error)}`, { cause: error });
      }
    },

    shutdown(shutdownOptions = {}) {
      checkOptions("shutdown", shutdownOptions, shutdownRules);
      const { timeoutMs = DEFAULT_SHUTDOWN_TIMEOUT_MS } = shutdownOptions;
      stopping ??= stop(timeoutMs);
      return stopping;
    },

    forceShutdown: force,
  };
  const directOnes = () => {
    checkSelections(selections, added);
    return direct;
  };
  keepDirectMethods(kitServer, directOnes, standard);
  return keepInternals(kitServer, { phases: phasesOfMethods, open: openInProcess });
}

/** The error for calls to a server that stops. */
function serverStopping(): ServiceError {
  return unavailable({
    message: "the server is stopping; come back to another, or to its successor",
    reason: "SERVER_STOPPING",
    retryAfterMs: 0,
  });
}

/** The methods of a definition of any form, as it has them. */
function methodsInDefinition(definition: CompatServiceDefinition): Record<string, object> {
  const { fullName, methods } = definition as { fullName?: unknown; methods?: Record<string, object> };
  return typeof fullName === "string" && methods !== undefined
    ? methods
    : (definition as Record<string, object>);
}

/** The bytes of a descriptor set. @throws {Error} that names the file, if it cannot be read. */
async function descriptorSetOf(reflection: Uint8Array | string | URL): Promise<Uint8Array> {
  if (reflection instanceof Uint8Array) return reflection;
  try {
    return await readFile(reflection);
  } catch (cause) {
    throw new Error(`reflection: ${String(reflection)} cannot be read: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** Compiles the middleware for each method of a service, and puts generators of nice-grpc around its handlers. */
function compileService(
  list: readonly AnyMiddleware[],
  methods: ReadonlyMap<string, MethodDescriptor>,
  handlers: ReadonlyMap<string, Handler | undefined>,
  implementation: object,
  onSelection: (selection: Selection) => void,
) {
  const wrapped: [name: string, handler: Handler][] = [];
  const phases = new Map<string, ReturnType<typeof compileMethod>["phases"]>();
  for (const [name, method] of methods) {
    const compiled = compileMethod(list, method, { onSelection });
    const handler = handlers.get(name)!.bind(implementation);
    wrapped.push([name, compiled.around?.(handler) ?? handler]);
    phases.set(method.path, compiled.phases);
  }
  // Own properties, whatever their names.
  return { wrapped: Object.fromEntries(wrapped), phases };
}

function withoutUndefined<T extends object>(options: T | undefined): Partial<T> {
  return Object.fromEntries(
    Object.entries(options ?? {}).filter(([, value]) => value !== undefined),
  ) as Partial<T>;
}
