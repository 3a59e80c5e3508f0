import {
  checkOptions,
  checkValue,
  createClientFactory,
  createInProcessChannel,
  didYouMean,
  inProcessRuntime,
  rules,
  type Client,
  type ClientRuntime,
  type CompatServiceDefinition,
  type RulesOf,
} from "@callwire/transport";
import { Metadata, type ClientMiddleware } from "nice-grpc-common";
import type { CallwireServer } from "../create-server.js";
import { internalsOf } from "../internal/in-process.js";
import type { Logger } from "../logger.js";
import { tokenOf, verifierOf, type Principals } from "./principals.js";
import { recordCalls, type RecordedCalls } from "./recorded-calls.js";
import { recordLog, type RecordedLog } from "./recorded-log.js";

/** The parts that a server under test takes from its test. */
export interface TestParts<P extends Principals> {
  /** Writes to the test's log. */
  readonly logger: Logger;
  /** Knows the test's principals by the tokens of its clients; for `auth` and `defaultMiddleware`. */
  readonly verify: (token: string) => P[keyof P] | undefined;
}

/** Options for {@link testServer}. */
export interface TestServerOptions<P extends Principals> {
  /** The principals that may be signed in, by name: `verify` answers with them. Default: nobody. */
  principals?: P;
}

/** Says on whose behalf a client calls. */
export interface TestCaller<P extends Principals> {
  /** The name of a principal. Default: nobody; the client sends no token. */
  as?: keyof P & string;
}

/** The options of the client-sdk's clients that lead to a server under test: `createClient(definition, { ...test.connection() })`. */
export interface TestConnection {
  runtime: ClientRuntime;
  address: string;
  token?: string;
}

/** A server that runs within the process, for a test. Disposing of it ends the server, its calls and its clients. */
export interface TestRun<P extends Principals> extends AsyncDisposable {
  readonly server: CallwireServer<unknown>;
  /** The calls that came, as the server has seen them. */
  readonly calls: RecordedCalls;
  /** The lines that were written to the logger of the parts. */
  readonly log: RecordedLog;
  /** Leads a client of the client-sdk here. */
  connection(caller?: TestCaller<P>): TestConnection;
}

/** A server under test. */
export interface TestServer<P extends Principals = {}> extends TestRun<P> {
  /** Makes a client; all of a test share one connection. */
  client<Service extends CompatServiceDefinition>(
    definition: Service,
    caller?: TestCaller<P>,
  ): Client<Service>;
}

const optionRules: RulesOf<TestServerOptions<Principals>> = { principals: rules.someOptions };

/**
 * Starts a server within this process, without a port: everything but the network is as it will be. The function makes the server of
 * the parts that it is given.
 *
 * @throws {Error} as `listen` of the server does, or if its runtime has no connections within the process.
 */
export async function testServer<const P extends Principals = {}>(
  create: (parts: TestParts<P>) => CallwireServer<never>,
  options: TestServerOptions<P> = {},
): Promise<TestServer<P>> {
  checkValue("testServer", "the function", create, rules.required(rules.callable));
  checkOptions("testServer", options, optionRules);
  const principals = options.principals ?? ({} as P);
  const log = recordLog();
  const server = create({ logger: log.logger, verify: verifierOf(principals) }) as CallwireServer<unknown>;
  const internals = internalsOf(server);
  if (internals === undefined)
    throw new TypeError("testServer: the function must return what createServer made");
  const calls = recordCalls(internals.phases);
  const open = await internals.open();
  const runtime = inProcessRuntime(open);
  const channel = createInProcessChannel(open);
  return {
    server,
    calls,
    log,
    client: (definition, { as } = {}) => {
      const factory = createClientFactory();
      if (as === undefined) return factory.create(definition, channel);
      checkName(as, principals);
      return factory.use(signedIn(as)).create(definition, channel);
    },
    connection: ({ as } = {}) => {
      // Local by its name: the SDK sends no token to a network in clear text.
      if (as === undefined) return { runtime, address: "localhost" };
      checkName(as, principals);
      return { runtime, address: "localhost", token: tokenOf(as) };
    },
    async [Symbol.asyncDispose]() {
      channel.close();
      server.forceShutdown();
    },
  };
}

function checkName(as: string, principals: Principals): void {
  if (Object.hasOwn(principals, as)) return;
  const names = Object.keys(principals);
  throw new Error(`the test has no principal '${as}'${didYouMean(as, names)}`);
}

/** Sends a principal's token with every call that has no `authorization` of its own. */
function signedIn(as: string): ClientMiddleware {
  return async function* signedIn(call, options) {
    const metadata = Metadata(options.metadata);
    if (!metadata.has("authorization")) metadata.set("authorization", `Bearer ${tokenOf(as)}`);
    return yield* call.next(call.request, { ...options, metadata });
  };
}
