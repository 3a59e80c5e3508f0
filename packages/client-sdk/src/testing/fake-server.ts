import {
  checkDefinition,
  checkOptions,
  createServer,
  didYouMean,
  inProcessRuntime,
  methodsOf,
  rules,
  type ClientRuntime,
  type RulesOf,
  type ServiceImplementation,
} from "@callwire/transport";
import type { CompatServiceDefinition } from "@callwire/transport/seam";
import { Status, type CallContext, type MethodDescriptor } from "nice-grpc-common";
import type { ClientOptions } from "../client-options.js";
import { createClient } from "../create-client.js";
import type { ServiceClient } from "../service-client.js";
import { CallRecord, type FakeCalls } from "./fake-calls.js";
import { FakeConnections } from "./fake-connections.js";
import { fakeError, sendableError } from "./fake-error.js";
import { checkFault, wait, type Fault } from "./fault.js";

/** The handlers of a fake server. A method without one is UNIMPLEMENTED. */
export type FakeHandlers<Service extends CompatServiceDefinition> = Partial<ServiceImplementation<Service>>;

/** The names of a service's methods, as its handlers have them. */
export type MethodName<Service extends CompatServiceDefinition> = keyof ServiceImplementation<Service> &
  string;

/** Options for {@link createFakeServer}. */
export interface FakeServerOptions {
  /** The time that each call waits before its handler runs, in milliseconds; by a fake clock, if there is one. Default: 0. */
  latencyMs?: number;
}

/** The options that lead a client to a fake: `createClient(definition, { ...fake.connection, token })`. */
export interface FakeConnection {
  readonly runtime: ClientRuntime;
  readonly address: string;
}

/** Options of a client of a fake: all but where it is. */
export type FakeClientOptions = Omit<
  ClientOptions,
  "address" | "addresses" | "runtime" | "credentials" | "tls"
>;

/** A server within the process that a test scripts. Disposing of it ends its calls and connections. */
export interface FakeServer<Service extends CompatServiceDefinition> extends AsyncDisposable {
  /** Leads clients here, without a port. */
  readonly connection: FakeConnection;
  /** The calls that came. */
  readonly calls: FakeCalls<MethodName<Service>>;
  /** Makes a client of this SDK, with all that it has: deadlines, retries, errors. It ends with the fake. */
  client(options?: FakeClientOptions): ServiceClient<Service>;
  /** Listens on a free port of this machine, for code that takes an address. Resolves to `host:port`. */
  listen(): Promise<string>;
  /**
   * Says what becomes of the next calls of a method, one each; those after them are answered. Each attempt is a call of its own.
   *
   * @throws {TypeError | RangeError} for a method that there is not, or what is no fault.
   */
  script(method: MethodName<Service>, ...faults: Fault[]): void;
  /** Replaces handlers. */
  handle(handlers: FakeHandlers<Service>): void;
  /** Breaks all connections now, as if the network were gone; clients may come back. */
  loseConnections(): void;
}

const optionRules: RulesOf<FakeServerOptions> = { latencyMs: rules.milliseconds() };

type Handler = (request: unknown, context: CallContext) => unknown;

/**
 * Makes a fake of a server, for tests of what calls it: real calls over HTTP/2, without a port. Handlers give the answers; `script`
 * gives the faults. A fake clock moves its latencies too.
 *
 * @throws {TypeError | RangeError} if an option is not right, or a handler is of no method.
 */
export function createFakeServer<Service extends CompatServiceDefinition>(
  definition: Service,
  handlers: FakeHandlers<Service> = {},
  options: FakeServerOptions = {},
): FakeServer<Service> {
  checkDefinition(definition);
  checkOptions("createFakeServer", options, optionRules);
  const methods = methodsOf(definition);
  const names = methods.map(({ name }) => name);
  const current = new Map<string, Handler>();
  const scripts = new Map<string, Fault[]>();
  const calls = new CallRecord<MethodName<Service>>();
  const clients: AsyncDisposable[] = [];

  const checkName = (owner: string, name: string) => {
    if (names.includes(name)) return;
    throw new TypeError(`${owner}: the service has no method '${name}'${didYouMean(name, names)}`);
  };
  const handle = (given: FakeHandlers<Service>) => {
    for (const [name, handler] of Object.entries(given)) {
      checkName("createFakeServer", name);
      if (handler !== undefined) current.set(name, (handler as Handler).bind(given));
    }
  };
  handle(handlers);

  const server = createServer();
  const connections = new FakeConnections(server);
  const implementation = methods.map(({ name, descriptor }) => {
    const answer: Handler = (request, context) => {
      const handler = current.get(name);
      if (handler !== undefined) return handler(request, context);
      throw fakeError({ code: Status.UNIMPLEMENTED, message: `the fake has no handler '${name}'` });
    };
    const next = () => ({ latencyMs: options.latencyMs ?? 0, ...scripts.get(name)?.shift() });
    const note = (context: CallContext) => {
      const requests: unknown[] = [];
      calls.add({
        method: name as MethodName<Service>,
        metadata: context.metadata,
        signal: context.signal,
        requests,
      });
      return requests;
    };
    return [name, scripted(descriptor, { answer, next, note, lose: () => connections.lose() })] as const;
  });
  server.add(definition, Object.fromEntries(implementation) as unknown as ServiceImplementation<Service>);

  // Local by its name: a client sends no token to a network in clear text.
  const connection = { runtime: inProcessRuntime(connections), address: "localhost" };
  return {
    connection,
    calls,
    handle,
    client(clientOptions = {}) {
      const client = createClient(definition, { ...clientOptions, ...connection });
      clients.push(client);
      return client;
    },
    listen: () => connections.listen(),
    script(method, ...faults) {
      checkName("script", method);
      faults.forEach(checkFault);
      scripts.set(method, [...(scripts.get(method) ?? []), ...faults]);
    },
    loseConnections: () => connections.lose(),
    async [Symbol.asyncDispose]() {
      for (const client of clients) await client[Symbol.asyncDispose]();
      server.forceShutdown();
      await connections[Symbol.asyncDispose]();
    },
  };
}

/** What a scripted handler needs of its fake. */
interface Script {
  /** The handler of the test. */
  answer: Handler;
  /** What becomes of the next call. */
  next(): Fault & { latencyMs: number };
  /** Notes a call; returns the list for its requests. */
  note(context: CallContext): unknown[];
  lose(): void;
}

/** A handler that notes each call, waits, and fails where the script says so. */
function scripted(method: MethodDescriptor, { answer, next, note, lose }: Script): Handler {
  const streamsRequests = method.requestStream && !method.responseStream;
  const isFault = ({ code, connectionLost }: Fault) => code !== undefined || connectionLost === true;

  /** @throws always. */
  const fail = async ({ code, message, details, connectionLost }: Fault): Promise<never> => {
    if (code !== undefined) {
      throw fakeError({ code, ...(message !== undefined && { message }), ...(details && { details }) });
    }
    if (connectionLost === true) {
      // What was sent before gets there before.
      for (let turn = 0; turn < TURNS; turn++) await new Promise((resolve) => setImmediate(resolve));
      lose();
    }
    throw fakeError({ code: Status.UNAVAILABLE, message: "the connection was lost" });
  };

  const begin = async (request: unknown, context: CallContext) => {
    const fault = next();
    const requests = note(context);
    const { afterMessages = 0, latencyMs } = fault;
    const failsAfter = isFault(fault) ? afterMessages : Infinity;
    if (!method.requestStream) requests.push(request);
    await wait(latencyMs, context.signal);
    if (failsAfter === 0 || (failsAfter < Infinity && !method.requestStream && !method.responseStream)) {
      await fail(fault);
    }
    const onRead = async () => {
      if (streamsRequests && requests.length === failsAfter) await fail(fault);
    };
    const given = method.requestStream ? noted(request as AsyncIterable<unknown>, requests, onRead) : request;
    return { answered: answer(given, context), failsAfter, fault };
  };

  if (!method.responseStream) {
    return async (request, context) => {
      try {
        return await (
          await begin(request, context)
        ).answered;
      } catch (error) {
        throw sendableError(error, context.trailer);
      }
    };
  }
  return async function* (request, context) {
    try {
      const { answered, failsAfter, fault } = await begin(request, context);
      let sent = 0;
      for await (const message of answered as AsyncIterable<unknown>) {
        yield message;
        if (++sent === failsAfter) await fail(fault);
      }
    } catch (error) {
      throw sendableError(error, context.trailer);
    }
  };
}

/** The turns of the event loop after which all that was sent within the process is there, with room to spare. */
const TURNS = 10;

/** The requests of a call, each noted as it is read. */
async function* noted(source: AsyncIterable<unknown>, requests: unknown[], onRead: () => Promise<void>) {
  for await (const message of source) {
    requests.push(message);
    yield message;
    await onRead();
  }
}
